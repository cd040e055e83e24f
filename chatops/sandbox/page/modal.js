// The modal that an app has opened: drawing, typing, submitting, and going back.

import { renderBlocks } from "./blocks.js";
import { whileBusy } from "./buttons.js";
import { el, icon, iconButton } from "./dom.js";
import { Form } from "./form.js";
import { plainText } from "./mrkdwn.js";
import { askPerson, openDialog } from "./popup.js";

export class Modal {
  #store;
  #dialog = null;
  #view = null;
  #form = null;
  #parts = null;
  // What was typed in views that lie under the one shown, by view id.
  #drafts = new Map();
  #depth = 0;

  constructor(store) {
    this.#store = store;
    store.on("view", (shown) => this.#show(shown));
    store.on("me", () => this.#drop());
  }

  #show({ view, stack }) {
    if (!view) return this.#finish();
    this.#depth = stack.length;
    if (this.#isSame(view)) return;
    const focused = this.#form?.findFocusKey();
    const same = this.#view?.id === view.id;
    this.#keepDraft();
    this.#draw(view);
    const draft = this.#drafts.get(view.id);
    this.#form.restore(draft?.typed ?? typedBefore(view));
    this.#form.touched = draft?.touched ?? false;
    if (same && focused && this.#form.focus(focused)) return;
    if (!same && !this.#form.focusFirst()) this.#parts.submit?.focus();
  }

  #keepDraft() {
    if (this.#form) this.#drafts.set(this.#view.id, { typed: this.#form.snapshot(), touched: this.#form.touched });
  }

  #isSame(view) {
    return this.#view?.id === view.id && JSON.stringify(shapeOf(this.#view)) === JSON.stringify(shapeOf(view));
  }

  #draw(view) {
    this.#view = view;
    this.#form = new Form();
    const content = this.#content(view);
    if (!this.#dialog) {
      this.#dialog = openDialog(content, {
        label: plainText(view.title),
        onescape: () => this.#leave(),
        kind: "is-modal",
      });
      return;
    }
    this.#dialog.setAttribute("aria-label", plainText(view.title));
    this.#dialog.replaceChildren(...content);
  }

  #content(view) {
    const context = {
      names: this.#store,
      form: this.#form,
      act: (blockId, element, fields) => this.#click(blockId, element, fields),
    };
    const body = el("div", { class: "modal-body", tabindex: "-1" }, renderBlocks(view.blocks, context));
    const problem = el("div", { class: "modal-problem", role: "alert", hidden: true });
    const submit = view.submit
      ? el("button", { type: "submit", class: "button is-primary" }, el("span", {}, plainText(view.submit)))
      : null;
    const close = el(
      "button",
      { type: "button", class: "button", onclick: () => this.#leave() },
      plainText(view.close) || (this.#depth > 1 ? "Back" : "Close"),
    );
    const form = el(
      "form",
      { class: "modal-form", novalidate: true },
      this.#head(view),
      body,
      problem,
      el("footer", { class: "dialog-foot" }, close, submit),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (submit) whileBusy(submit, () => this.#submit());
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    this.#parts = { body, problem, submit };
    return [form];
  }

  #head(view) {
    const mark = el("span", { class: "avatar is-app", "aria-hidden": "true" }, icon("bolt"));
    return el(
      "header",
      { class: "modal-head" },
      mark,
      el("h2", {}, plainText(view.title)),
      iconButton("close", "Close this window", () => this.#leave({ all: true })),
    );
  }

  #click(blockId, element, fields) {
    const container = { view_id: this.#view.id };
    const { action_id, type } = element;
    return this.#store.act("click", {
      container,
      block_id: blockId,
      action_id,
      type,
      ...fields,
      values: this.#form.values(),
    });
  }

  async #submit() {
    const form = this.#form;
    this.#tellProblem("");
    const problems = form.findProblems();
    form.showProblems(problems);
    if (Object.keys(problems).length) return;
    const answer = await this.#store.act("submit", { view_id: this.#view.id, values: form.values() });
    if (form !== this.#form) return;
    if (answer.ok === false)
      return this.#tellProblem(
        `${answer.error || "The app did not answer."} What you typed is still here; you can try again.`,
      );
    if (answer.errors && Object.keys(answer.errors).length)
      return this.#tellProblem(Object.values(form.showProblems(answer.errors)).join(" "));
    await this.#store.refreshView();
  }

  #tellProblem(words) {
    const { problem } = this.#parts;
    problem.hidden = !words;
    problem.replaceChildren(...(words ? [icon("warning"), el("p", {}, words)] : []));
  }

  async #leave({ all = false } = {}) {
    const view = this.#view;
    // Without a form one is leaving already: Escape was pressed again before the sandbox had answered.
    if (!view || !this.#form || !(await this.#mayLeave())) return;
    const answer = await this.#store.act("close_view", {
      view_id: view.id,
      is_cleared: all,
      values: this.#form.values(),
    });
    if (answer.ok === false) return this.#drop();
    if (this.#view?.id === view.id) this.#form = null;
    this.#drafts.delete(view.id);
    await this.#store.refreshView();
  }

  async #mayLeave() {
    if (!this.#form.touched) return true;
    return askPerson({
      title: "Leave without saving?",
      text: "What you typed here will be gone.",
      confirm: "Leave",
      deny: "Keep typing",
      danger: true,
    });
  }

  #finish() {
    const done = this.#view?.id;
    this.#drop();
    this.#drafts.delete(done);
  }

  // Somebody who becomes another person for a moment finds the words again.
  #drop() {
    this.#keepDraft();
    this.#view = null;
    this.#form = null;
    this.#dialog?.close();
    this.#dialog = null;
  }
}

// Only what is drawn counts: a new hash or state alone must not disturb somebody who types.
function shapeOf(view) {
  const { title, submit, close, blocks } = view;
  return { title, submit, close, blocks };
}

// After the page was loaded again only the sandbox knows what had been chosen.
function typedBefore(view) {
  const blocks = Object.entries(view.state?.values ?? {});
  return new Map(
    blocks.flatMap(([blockId, actions]) =>
      Object.entries(actions).map(([actionId, state]) => [`${blockId} ${actionId}`, state]),
    ),
  );
}
