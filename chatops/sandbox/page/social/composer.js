// The box in which anybody writes as a customer; it keeps what was typed through every redrawing.

import { el, freshId, icon } from "../dom.js";

const PEOPLE = [
  { name: "Ann Lee", handle: "annlee", followers: 1200 },
  { name: "Marco Rossi", handle: "marcor", followers: 85 },
  { name: "Kenji Tech News", handle: "kenjinews", followers: 250000 },
];

const TASKS = {
  reply: { title: "Reply to", button: "Reply" },
  quote: { title: "Quote", button: "Post" },
  edit: { title: "Edit the words of", button: "Save" },
};

function field(label, control) {
  control.id = freshId("social");
  return el("div", { class: "social-field" }, el("label", { for: control.id }, label), control);
}

export class SocialComposer {
  #task = null;
  #network = null;

  // `send` gets the wish for the sandbox and says whether it was granted.
  constructor({ send }) {
    this.send = send;
    const first = PEOPLE[0];
    this.name = el("input", { type: "text", value: first.name, maxlength: 60, required: true, autocomplete: "off" });
    this.handle = el("input", { type: "text", value: first.handle, maxlength: 90, autocomplete: "off" });
    this.followers = el("input", { type: "number", value: first.followers, min: 0, max: 999999999 });
    this.text = el("textarea", { rows: 3, required: true });
    this.title = el("p", { class: "social-task", role: "status" });
    this.problem = el("p", { class: "social-problem", role: "alert" });
    this.button = el("button", { type: "submit", class: "social-send" }, icon("send"), el("span", {}, "Post"));
    this.cancel = el("button", { type: "button", class: "post-action", onclick: () => this.choose(null, null) }, "Cancel");
    this.words = field("What they write", this.text);
    this.node = el(
      "form",
      { class: "social-composer", "aria-label": "Post as a customer", onsubmit: (event) => this.#submit(event) },
      el("h2", {}, "Post as a customer"),
      el("div", { class: "social-people", role: "group", "aria-label": "Ready-made people" }, this.#people()),
      el(
        "div",
        { class: "social-fields" },
        field("Name", this.name),
        field("Handle", this.handle),
        field("Followers", this.followers),
      ),
      this.title,
      this.words,
      this.problem,
      el("div", { class: "social-buttons" }, this.button, this.cancel),
    );
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.node.requestSubmit();
      if (event.key === "Escape") this.choose(null, null);
    });
    this.choose(null, null);
  }

  #people() {
    return PEOPLE.map((person) =>
      el("button", { type: "button", class: "post-action", onclick: () => this.#be(person) }, person.name),
    );
  }

  #be({ name, handle, followers }) {
    Object.assign(this.name, { value: name });
    Object.assign(this.handle, { value: handle });
    Object.assign(this.followers, { value: followers });
    this.text.focus();
  }

  // For a network: what it is called, how we are mentioned there, and whether people can write at all.
  follow(network) {
    this.#network = network;
    this.node.hidden = !network.takes_customers;
    this.text.placeholder = network.hears_all ? "Any words reach us here" : `@${network.account.handle} …`;
    this.text.maxLength = network.text_chars * 4;
    this.choose(null, null);
  }

  choose(key, post) {
    this.#task = key ? { key, post } : null;
    this.title.textContent = key ? `${TASKS[key].title} ${post.account.name}: “${post.text.slice(0, 90)}”` : "";
    this.button.lastChild.textContent = key ? TASKS[key].button : "Post";
    this.cancel.hidden = !key;
    this.problem.textContent = "";
    if (!key) return;
    if (key === "edit") this.text.value = post.text;
    this.node.scrollIntoView({ block: "nearest" });
    this.text.focus();
  }

  get person() {
    return { name: this.name.value, handle: this.handle.value, followers: Number(this.followers.value) || 0 };
  }

  #wish() {
    const { key, post } = this.#task ?? {};
    if (key === "edit") return { do: "edit", id: post.id, text: this.text.value };
    const place = key === "reply" ? { reply_to: post.id } : key === "quote" ? { quote: post.id } : {};
    return { do: "post", text: this.text.value, ...this.person, ...place };
  }

  async #submit(event) {
    event.preventDefault();
    this.problem.textContent = "";
    const task = this.#task;
    const answer = await this.send(this.#wish());
    if (answer.ok === false) {
      this.problem.textContent = answer.error;
      return;
    }
    // Whoever has begun something else meanwhile keeps it.
    if (task !== this.#task) return;
    this.text.value = "";
    this.choose(null, null);
    if (this.#isUnheard(answer.post)) {
      const { handle } = this.#network.account;
      this.title.textContent = `Posted, but we are not told of it: it does not name @${handle} or answer a post of ours.`;
    }
  }

  #isUnheard(post) {
    return Boolean(post) && !this.#network.hears_all && !post.mentions_us;
  }
}
