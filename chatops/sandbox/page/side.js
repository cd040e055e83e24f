// The side view: the public page and the mailbox next to the conversation.

import { el, iconButton, moveFocus } from "./dom.js";
import { Mailbox } from "./mailbox.js";
import { MAILBOX, sidePlaces } from "./sidebar.js";

export class SideView {
  #store;
  #frame = null;
  #unread = 0;

  constructor(store) {
    this.#store = store;
    this.mailbox = new Mailbox();
    this.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Side view" });
    this.body = el("div", { class: "side-body", role: "tabpanel" });
    const reload = iconButton("reload", "Load again", () => this.#reload());
    const close = iconButton("close", "Close the side view", () => store.openSide(null));
    this.node = el(
      "section",
      { class: "pane side", "aria-label": "Side view", hidden: true },
      el("header", { class: "pane-head" }, this.tabs, reload, close),
      this.body,
    );
    this.tabs.addEventListener("keydown", (event) =>
      moveFocus(event, [...this.tabs.querySelectorAll("[role=tab]")], { horizontal: true }),
    );
    for (const topic of ["place", "state"]) store.on(topic, () => this.#draw());
    store.on("mail", () => this.#mailCame());
  }

  get #current() {
    const places = sidePlaces(this.#store);
    return (
      places.find((place) => place.key === this.#store.side) ??
      (this.#store.side && this.#store.links.length ? places[0] : null)
    );
  }

  #draw() {
    const current = this.#current;
    this.node.hidden = !current;
    if (!current) return;
    if (current.key === MAILBOX) this.#unread = 0;
    this.#drawTabs(current);
    if (current.key === MAILBOX) return this.#showMailbox();
    this.#showFrame(current);
  }

  #drawTabs(current) {
    const focused = document.activeElement?.dataset?.tab;
    this.tabs.replaceChildren(
      ...sidePlaces(this.#store).map(({ key, label }) => {
        const selected = key === current.key;
        const news = key === MAILBOX && this.#unread ? el("span", { class: "count" }, String(this.#unread)) : null;
        return el(
          "button",
          {
            type: "button",
            role: "tab",
            "aria-selected": String(selected),
            tabindex: selected ? "0" : "-1",
            "data-tab": key,
            onclick: () => this.#store.openSide(key),
          },
          label,
          news,
        );
      }),
    );
    if (focused) this.tabs.querySelector(`[data-tab="${CSS.escape(focused)}"]`)?.focus();
  }

  #showMailbox() {
    if (this.mailbox.node.isConnected) return;
    this.#frame = null;
    this.body.replaceChildren(this.mailbox.node);
    this.mailbox.refresh();
  }

  // The same frame stays while one talks, so the page keeps its scroll and what was typed there.
  #showFrame({ url, label }) {
    if (this.#frame?.isConnected && this.#frame.getAttribute("src") === url) return;
    this.#frame = el("iframe", { src: url, title: label });
    this.body.replaceChildren(this.#frame);
  }

  #reload() {
    if (this.#frame?.isConnected) this.#frame.src = this.#frame.getAttribute("src");
    else this.mailbox.refresh();
  }

  #mailCame() {
    if (this.mailbox.node.isConnected) return this.mailbox.refresh();
    this.#unread += 1;
    if (this.#current) this.#drawTabs(this.#current);
  }
}
