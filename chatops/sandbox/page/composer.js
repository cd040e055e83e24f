// Where one writes: messages, replies and slash commands; a draft stays until it has been sent.

import { whileBusy } from "./buttons.js";
import { el, icon, iconButton } from "./dom.js";
import { openMenu, showNotice } from "./popup.js";
import { findSuggestions, SuggestionList } from "./suggest.js";

export class Composer {
  #store;
  #key = null;
  #drafts = new Map();
  #place = null;

  // `place()` says where the words go: {channel, thread_ts?}.
  constructor(store, { place, label, inThread = false, sent = () => {} }) {
    this.#store = store;
    this.#place = place;
    Object.assign(this, { inThread, sent });
    this.input = el("textarea", { rows: "1", "aria-label": label, placeholder: label });
    this.suggestions = new SuggestionList(this.input, (choice) => this.#take(choice));
    this.button = iconButton("send", "Send", () => this.#send(), { class: "icon-button send" });
    const menu = inThread
      ? null
      : iconButton("bolt", "Shortcuts", () => this.#openShortcuts(menu), { "aria-haspopup": "menu" });
    const hint = el(
      "span",
      { class: "composer-hint", "aria-hidden": "true" },
      el("kbd", {}, "Enter"),
      " sends · ",
      el("kbd", {}, "Shift Enter"),
      " new line",
    );
    this.node = el(
      "form",
      { class: "composer" },
      this.suggestions.node,
      this.input,
      el("div", { class: "composer-bar" }, menu, hint, this.button),
    );
    this.#listen();
  }

  #listen() {
    this.node.addEventListener("submit", (event) => event.preventDefault());
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#press(event));
    this.input.addEventListener("blur", () => this.suggestions.show([]));
  }

  // A draft belongs to one person and one place.
  follow(label) {
    const { channel, thread_ts: thread } = this.#place();
    const key = `${this.#store.me} ${channel} ${thread ?? ""}`;
    this.input.placeholder = label;
    this.input.setAttribute("aria-label", label);
    if (key === this.#key) return;
    this.#drafts.set(this.#key, this.input.value);
    this.#key = key;
    this.input.value = this.#drafts.get(key) ?? "";
    this.#grow();
  }

  #grow() {
    this.input.style.setProperty("height", "auto");
    this.input.style.setProperty("height", `${Math.min(this.input.scrollHeight, 220)}px`);
    this.button.classList.toggle("is-ready", Boolean(this.input.value.trim()));
  }

  #typed() {
    this.#grow();
    const { value, selectionStart } = this.input;
    this.suggestions.show(findSuggestions(this.#store, value, selectionStart, { commands: !this.inThread }).choices);
  }

  #take(choice) {
    const { value, selectionStart } = this.input;
    const { from } = findSuggestions(this.#store, value, selectionStart, { commands: !this.inThread });
    this.input.setRangeText(choice.insert, from, selectionStart, "end");
    this.suggestions.show([]);
    this.#grow();
    this.input.focus();
  }

  #press(event) {
    if (event.isComposing) return;
    if (this.suggestions.isOpen && this.#pressInList(event)) return;
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.#send();
  }

  #pressInList(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const complete = this.suggestions.chosen?.insert.trim() === this.input.value.trim();
    const takes = event.key === "Tab" || (event.key === "Enter" && !complete && !event.shiftKey);
    if (!step && !takes && event.key !== "Escape") return false;
    event.preventDefault();
    if (step) this.suggestions.move(step);
    else if (takes) this.#take(this.suggestions.chosen);
    else this.suggestions.show([]);
    return true;
  }

  async #send() {
    const text = this.input.value.trim();
    if (!text) return;
    const key = this.#key;
    this.suggestions.show([]);
    await whileBusy(this.button, async () => {
      const answer = await this.#deliver(text);
      if (answer.ok === false) return;
      this.#forget(key, text);
      this.sent();
    });
  }

  // Somebody may have typed on while the answer was on its way; only what was sent goes.
  #forget(key, text) {
    if (key !== this.#key) return this.#drafts.delete(key);
    if (this.input.value.trim() === text) this.input.value = "";
    this.#grow();
  }

  async #deliver(text) {
    const place = this.#place();
    if (!text.startsWith("/")) return this.#store.act("post", { ...place, text });
    if (!this.inThread) return this.#runCommand(place.channel, text);
    showNotice("Slack takes no slash commands in threads. Write it in the channel below the messages.", { bad: true });
    return { ok: false };
  }

  // A command that the app did not take stays in the box, to be tried again.
  async #runCommand(channel, text) {
    const answer = await this.#store.act("command", { channel, text });
    return answer.app && answer.app !== "ok" ? { ...answer, ok: false } : answer;
  }

  #openShortcuts(anchor) {
    const run = (shortcut) =>
      whileBusy(anchor, () =>
        this.#store.act("shortcut", { callback_id: shortcut.callback_id, channel: this.#place().channel }),
      );
    const shortcuts = this.#store.globalShortcuts.map((shortcut) => ({
      label: shortcut.name,
      hint: this.#store.app.name,
      sign: icon("bolt"),
      choose: () => run(shortcut),
    }));
    const commands = this.#store.commands.map(({ command, description }) => ({
      label: command,
      hint: description,
      sign: icon("chat"),
      choose: () => this.#begin(`${command} `),
    }));
    openMenu(anchor, [...shortcuts, ...commands], { label: "Shortcuts", above: true });
  }

  #begin(text) {
    this.input.value = text;
    this.#typed();
    this.input.focus();
  }
}
