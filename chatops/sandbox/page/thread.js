// The thread pane: one message, its replies, and where to answer.

import { Composer } from "./composer.js";
import { el, icon, iconButton } from "./dom.js";
import { MessageList } from "./messages.js";

export class ThreadPane {
  #store;
  #shownTs = null;

  constructor(store) {
    this.#store = store;
    this.where = el("span", { class: "muted" });
    this.messages = new MessageList(store, { inThread: true, label: "Thread" });
    this.composer = new Composer(store, {
      label: "Reply in thread",
      inThread: true,
      place: () => ({ channel: store.place, thread_ts: store.threadTs }),
      sent: () => this.messages.scrollToEnd(),
    });
    const close = iconButton("close", "Close the thread", () => this.#close());
    const back = iconButton("back", "Back to the Slack channel", () => this.#close(), {
      class: "icon-button pane-back",
    });
    this.node = el(
      "section",
      { class: "pane thread", "aria-label": "Thread", hidden: true },
      el(
        "header",
        { class: "pane-head" },
        back,
        el("div", { class: "pane-title" }, el("h2", {}, "Thread"), this.where),
        close,
      ),
      this.messages.node,
      this.composer.node,
    );
    for (const topic of ["place", "state"]) store.on(topic, () => this.#follow());
    store.on("replies", () => this.#draw());
    store.on("messages", () => this.#drawFirst());
  }

  #follow() {
    const { place, threadTs } = this.#store;
    this.node.hidden = !threadTs;
    if (!threadTs) return void (this.#shownTs = null);
    const channel = this.#store.findChannel(place);
    this.where.replaceChildren(icon(channel?.is_private ? "lock" : "hash"), this.#store.channelLabel(channel));
    this.composer.follow("Reply …");
    if (threadTs === this.#shownTs) return;
    this.#shownTs = threadTs;
    this.#drawFirst();
    this.composer.input.focus();
  }

  #draw() {
    if (this.#store.replies)
      this.messages.show(`${this.#store.place} ${this.#store.threadTs}`, this.#store.replies, this.#store.place);
  }

  // Until the replies have come, the message that one clicked stands there alone.
  #drawFirst() {
    const { messages, replies, threadTs } = this.#store;
    const first = messages?.find((message) => message.ts === threadTs);
    if (!replies && first) this.messages.show(`${this.#store.place} ${threadTs}`, [first], this.#store.place);
  }

  #close() {
    const { threadTs } = this.#store;
    this.#store.closeThread();
    document.querySelector(`.channel .message[data-ts="${CSS.escape(threadTs)}"] .replies`)?.focus();
  }
}
