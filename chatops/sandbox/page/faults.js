// Switches that make the sandbox misbehave as the real Slack sometimes does.

import { el, icon } from "./dom.js";

const LABELS = { slow: "Slow", drop: "Drop the answer", down: "Down", twice: "Twice" };

export class FaultPanel {
  #store;

  constructor(store) {
    this.#store = store;
    this.buttons = el("div", { class: "fault-buttons" });
    this.mark = el("span", { class: "fault-mark" });
    this.node = el(
      "details",
      { class: "faults" },
      el("summary", {}, icon("warning"), "Faults", this.mark, icon("chevron")),
      el("p", { class: "muted" }, "Try what happens when Slack misbehaves."),
      this.buttons,
    );
    for (const topic of ["state", "me"]) store.on(topic, () => this.#draw());
  }

  #draw() {
    const faults = Object.entries(this.#store.faults);
    this.mark.textContent = faults.some(([, fault]) => fault.on) ? "on" : "";
    const focused = document.activeElement?.dataset?.fault;
    const clear = el(
      "button",
      { type: "button", class: "fault is-clear", "data-fault": "clear", onclick: () => this.#set("clear") },
      "Clear",
    );
    this.buttons.replaceChildren(...faults.map(([name, fault]) => this.#button(name, fault)), clear);
    if (focused) this.buttons.querySelector(`[data-fault="${CSS.escape(focused)}"]`)?.focus();
  }

  #button(name, { on, description }) {
    return el(
      "button",
      {
        type: "button",
        class: "fault",
        title: description,
        "aria-pressed": String(on),
        "data-fault": name,
        onclick: () => this.#set(name, on),
      },
      on ? icon("check") : null,
      LABELS[name] ?? name,
    );
  }

  async #set(name, on = false) {
    await this.#store.act("fault", { name, on: !on });
    await this.#store.refreshState();
  }
}
