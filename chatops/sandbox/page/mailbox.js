// The mailbox of the stand-in mail server: what subscribers receive, with headers.

import { readMailbox } from "./api.js";
import { formatAgo, formatMoment } from "./dates.js";
import { el, icon } from "./dom.js";
import { LetterReply } from "./letter_reply.js";
import { linkNode } from "./mrkdwn.js";

const LINKS = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)]/g;

function linkedText(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(LINKS)) {
    nodes.push(text.slice(from, match.index), linkNode(match[0], match[0]));
    from = match.index + match[0].length;
  }
  return [...nodes, text.slice(from)];
}

function dateOf(letter) {
  const raw = letter.received_at ?? letter.date;
  return new Date(typeof raw === "number" ? raw * 1000 : raw);
}

// Mail is foreign HTML, so its frame gets no script, no form and no address of ours.
function htmlNode(letter) {
  return el("iframe", {
    class: "letter-html",
    sandbox: "allow-popups",
    srcdoc: letter.html,
    title: `Mail: ${letter.subject}`,
  });
}

function headersNode(letter) {
  const rows = (letter.headers ?? []).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
  const raw = el(
    "a",
    { href: `/mailbox/messages/${encodeURIComponent(letter.id)}/raw`, target: "_blank", rel: "noopener" },
    "Raw message",
  );
  return el("details", { class: "letter-headers" }, el("summary", {}, "Headers"), el("dl", {}, rows), raw);
}

export class Mailbox {
  #open = null;
  #letters = [];
  #problem = null;
  #asHtml = false;
  // They outlive a redraw: a letter that arrives must not take away what somebody types.
  #replies = new Map();

  constructor() {
    this.node = el("div", { class: "mailbox" });
  }

  async refresh() {
    const answer = await readMailbox();
    this.#problem = answer.ok === false ? answer.error : null;
    if (answer.messages) this.#letters = answer.messages;
    this.#draw();
  }

  #draw() {
    if (this.#problem) return this.node.replaceChildren(el("p", { class: "empty" }, this.#problem));
    if (!this.#letters.length) return this.node.replaceChildren(this.#nothing());
    const active = document.activeElement;
    const focused = active?.dataset?.letter;
    const selection = active?.selectionStart;
    const rows = this.#letters.map((letter) => this.#row(letter));
    this.node.replaceChildren(el("ol", { class: "letters", "aria-label": "Mail, newest first" }, rows));
    // A field that was moved has lost the focus, and where the cursor stood.
    if (active?.closest?.(".letter-reply") && active.isConnected && active !== document.activeElement) {
      active.focus();
      if (selection !== undefined && active.setSelectionRange) active.setSelectionRange(selection, selection);
    }
    if (focused) this.node.querySelector(`[data-letter="${CSS.escape(focused)}"]`)?.focus();
  }

  #nothing() {
    return el(
      "div",
      { class: "empty" },
      icon("mail"),
      el("strong", {}, "No mail yet"),
      el("p", {}, "Letters to subscribers and to the support address land here."),
    );
  }

  #row(letter) {
    const isOpen = String(letter.id) === this.#open;
    const date = dateOf(letter);
    const toggle = () => {
      this.#open = isOpen ? null : String(letter.id);
      this.#draw();
    };
    const head = el(
      "button",
      {
        type: "button",
        class: "letter-head",
        "aria-expanded": String(isOpen),
        "data-letter": letter.id,
        onclick: toggle,
      },
      el("strong", {}, letter.subject || "(no subject)"),
      el(
        "time",
        { title: Number.isNaN(date.getTime()) ? "" : formatMoment(date) },
        Number.isNaN(date.getTime()) ? "" : formatAgo(date),
      ),
      el("span", { class: "muted" }, `${letter.from} → ${(letter.to ?? []).join(", ")}`),
    );
    return el("li", { class: "letter" }, head, isOpen ? this.#body(letter) : null);
  }

  #body(letter) {
    const switchTo = (asHtml) => () => {
      this.#asHtml = asHtml;
      this.#draw();
    };
    const kind = (label, asHtml) =>
      el(
        "button",
        {
          type: "button",
          class: "link-button",
          "aria-pressed": String(this.#asHtml === asHtml),
          onclick: switchTo(asHtml),
        },
        label,
      );
    const kinds = letter.html ? el("div", { class: "letter-kinds" }, kind("Text", false), kind("HTML", true)) : null;
    const words =
      letter.html && this.#asHtml
        ? htmlNode(letter)
        : el("div", { class: "letter-text" }, linkedText(letter.text ?? ""));
    return el("div", { class: "letter-body" }, kinds, words, this.#replyNode(letter), headersNode(letter));
  }

  #replyNode(letter) {
    if (letter.is_from_customer) return null;
    if (!this.#replies.has(letter.id)) this.#replies.set(letter.id, new LetterReply(letter));
    return this.#replies.get(letter.id).node;
  }
}
