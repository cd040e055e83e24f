// A customer's answer to a letter: who writes, the words, and what became of it. What is typed stays until it is sent.

import { replyToLetter } from "./api.js";
import { whileBusy } from "./buttons.js";
import { el } from "./dom.js";

const CUSTOMER = "Dana Doe <dana@customer.example>";

export class LetterReply {
  #letter;
  #isOpen = false;

  constructor(letter) {
    this.#letter = letter;
    // A personal answer goes on with the person it was sent to; a list has many.
    const known = letter.in_reply_to && letter.to?.length === 1 ? letter.to[0] : CUSTOMER;
    this.sender = el("input", { type: "text", value: known, "aria-label": "From", spellcheck: "false" });
    this.words = el("textarea", { rows: "3", "aria-label": "Answer", placeholder: "Answer as a customer" });
    this.problem = el("p", { class: "letter-problem", role: "alert" });
    this.open = el("button", { type: "button", class: "link-button", onclick: () => this.#toggle(true) }, "Reply");
    this.send = el("button", { type: "submit", class: "button is-primary" }, "Send");
    this.form = el(
      "form",
      { class: "letter-reply", onsubmit: (event) => this.#submit(event) },
      el("label", {}, el("span", { class: "muted" }, "From"), this.sender),
      this.words,
      this.problem,
      el(
        "div",
        { class: "letter-reply-buttons" },
        this.send,
        el("button", { type: "button", class: "link-button", onclick: () => this.#toggle(false) }, "Cancel"),
      ),
    );
    this.node = el("div", {}, this.open);
  }

  #toggle(isOpen) {
    this.#isOpen = isOpen;
    this.node.replaceChildren(isOpen ? this.form : this.open);
    (isOpen ? this.words : this.open).focus();
  }

  async #submit(event) {
    event.preventDefault();
    this.problem.textContent = "";
    const fields = { from: this.sender.value, text: this.words.value };
    await whileBusy(this.send, async () => {
      const answer = await replyToLetter(this.#letter.id, fields);
      if (answer.ok === false) {
        this.problem.textContent = answer.error;
        return;
      }
      if (this.words.value === fields.text) this.words.value = "";
      if (this.#isOpen) this.#toggle(false);
    });
  }
}
