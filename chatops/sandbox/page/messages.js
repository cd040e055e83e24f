// A list of messages that redraws only what changed and stays where one reads.

import { dateOf, formatDay } from "./dates.js";
import { el, icon, moveFocus } from "./dom.js";
import { authorOf, renderMessage, toolbarNode } from "./message.js";

const GROUP_SECONDS = 300;
const NEAR_END_PX = 80;

function namesKey(store) {
  return store.members.map((member) => member.real_name).join() + store.app.name + store.me;
}

export class MessageList {
  #store;
  #inThread;
  #cards = new Map();
  #messages = [];
  #key = null;
  #channel = null;
  #hidden = new Set();

  constructor(store, { inThread = false, label }) {
    this.#store = store;
    this.#inThread = inThread;
    this.list = el("ol", { class: "messages", "aria-label": label });
    this.scroller = el("div", { class: "scroller", tabindex: "-1" }, this.list);
    this.newer = el(
      "button",
      { type: "button", class: "newer", hidden: true, onclick: () => this.scrollToEnd() },
      icon("down"),
      "New messages",
    );
    this.node = el("div", { class: "message-list" }, this.scroller, this.newer);
    this.#listen();
  }

  #listen() {
    this.scroller.addEventListener("scroll", () => {
      if (this.isAtEnd) this.newer.hidden = true;
    });
    // A picture or a wider pane changes the height after the drawing; who was at the end stays there.
    new ResizeObserver(() => this.#stays && this.scrollToEnd()).observe(this.list);
    this.scroller.addEventListener("scrollend", () => (this.#stays = this.isAtEnd));
    this.list.addEventListener("pointerover", (event) => this.#showToolbar(event.target.closest(".message")));
    this.list.addEventListener("pointerleave", () =>
      this.#hideToolbars(this.list.querySelector(".message:focus-within")),
    );
    this.list.addEventListener("focusin", (event) => this.#showToolbar(event.target.closest(".message")));
    this.list.addEventListener("keydown", (event) => this.#press(event));
  }

  #stays = true;

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.newer.hidden = true;
    this.#stays = true;
  }

  #press(event) {
    if (event.target.matches("input, textarea") || event.target.closest("[role=menu]")) return;
    if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const items = [...this.list.querySelectorAll(".message")];
    const here = event.target.closest(".message");
    if (here && here !== event.target) here.focus();
    moveFocus(event, items);
  }

  #showToolbar(card) {
    if (!card || card.querySelector(".toolbar")) return;
    this.#hideToolbars(this.list.querySelector(".message:focus-within"));
    const message = this.#messages.find((each) => each.ts === card.dataset.ts);
    if (message) card.append(toolbarNode(message, this.#channel, this.#store, { inThread: this.#inThread }));
    this.#rove(card);
  }

  #hideToolbars(except) {
    for (const bar of this.list.querySelectorAll(".toolbar"))
      if (bar.parentElement !== except && !bar.contains(document.activeElement)) bar.remove();
  }

  // One message is a stop for Tab; the arrow keys go to the others.
  #rove(card) {
    for (const each of this.list.querySelectorAll('.message[tabindex="0"]')) each.tabIndex = -1;
    if (card) card.tabIndex = 0;
  }

  // `key` names the conversation, `channel` the Slack channel it stands in.
  show(key, messages, channel = key) {
    const fresh = key !== this.#key;
    const wasAtEnd = fresh || this.isAtEnd;
    const before = this.#messages.length;
    const held = this.#heldFocus();
    if (fresh) this.#cards.clear();
    this.#key = key;
    this.#channel = channel;
    this.#messages = messages.filter((message) => !this.#hidden.has(message.ts));
    this.list.replaceChildren(...this.#rows());
    // The last row of a thread without replies says so and is no message.
    this.#rove([...this.list.querySelectorAll(".message")].at(-1));
    this.#returnFocus(held);
    if (wasAtEnd) this.scrollToEnd();
    else if (this.#messages.length > before) this.newer.hidden = false;
  }

  #rows() {
    const rows = [];
    const kept = new Map();
    let above = null;
    for (const message of this.#messages) {
      const day = formatDay(dateOf(message.ts));
      const newDay = !above || formatDay(dateOf(above.ts)) !== day;
      if (newDay && !this.#inThread) rows.push(el("li", { class: "day", "aria-label": day }, el("span", {}, day)));
      const grouped = !newDay && this.#isGrouped(above, message);
      rows.push(this.#card(message, grouped, kept));
      if (this.#inThread && !above) rows.push(this.#replyCount());
      above = message;
    }
    this.#cards = kept;
    return rows;
  }

  #replyCount() {
    const count = this.#messages.length - 1;
    return el(
      "li",
      { class: "day is-count" },
      el("span", {}, count === 0 ? "No replies yet" : `${count} ${count === 1 ? "reply" : "replies"}`),
    );
  }

  #isGrouped(above, message) {
    const close = Number(message.ts) - Number(above.ts) < GROUP_SECONDS;
    const sameAuthor =
      above.user === message.user &&
      above.bot_id === message.bot_id &&
      authorOf(above, this.#store).real_name === authorOf(message, this.#store).real_name;
    const firstInThread = this.#inThread && above === this.#messages[0];
    return (
      close &&
      sameAuthor &&
      !firstInThread &&
      !above.ephemeral &&
      !message.ephemeral &&
      !message.subtype?.startsWith("channel_")
    );
  }

  #card(message, grouped, kept) {
    const key = `${JSON.stringify(message)}${grouped}${namesKey(this.#store)}`;
    const known = this.#cards.get(message.ts);
    const node =
      known?.key === key
        ? known.node
        : renderMessage(message, this.#channel, this.#store, {
            grouped,
            inThread: this.#inThread,
            hide: () => this.#hide(message.ts),
          });
    kept.set(message.ts, { key, node });
    return node;
  }

  // Gone at once for the eye, whether or not the sandbox still knew it.
  #hide(ts) {
    this.#hidden.add(ts);
    this.#store.act("delete", { channel: this.#channel, ts });
    this.show(this.#key, this.#messages, this.#channel);
  }

  #heldFocus() {
    const active = document.activeElement;
    const card = active?.closest?.(".message");
    if (!card || !this.list.contains(card)) return null;
    return { active, ts: card.dataset.ts, key: active.dataset.key ?? null };
  }

  // Redrawing takes the focus away; whoever uses the keyboard must find it where it was.
  #returnFocus(held) {
    if (!held) return;
    const card = this.list.querySelector(`.message[data-ts="${CSS.escape(held.ts)}"]`);
    const target = this.list.contains(held.active)
      ? held.active
      : (held.key && card?.querySelector(`[data-key="${CSS.escape(held.key)}"]`)) || card;
    target?.focus({ preventScroll: true });
  }
}
