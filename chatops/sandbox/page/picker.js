// A list to choose one or several from, with a filter, for mouse and keyboard.

import { el, freshId, icon, iconButton } from "./dom.js";
import { placeBeside } from "./popup.js";

export class Picker {
  #choices;
  #multi;
  #chosen = [];
  #active = -1;
  #shown = [];
  #list = null;
  #max;

  // A choice is {value, label, hint?, group?, sign?}; `sign` builds a small picture.
  constructor({ choices, multi = false, placeholder = "", max = Infinity, clearable = true, label = null, onchange }) {
    Object.assign(this, { onchange, clearable, placeholder });
    this.#choices = choices;
    this.#multi = multi;
    this.#max = max;
    this.listId = freshId("list");
    this.input = el("input", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.listId,
      "aria-label": label,
      class: "picker-input",
    });
    this.box = el("div", { class: `picker ${multi ? "is-multi" : ""}` });
    this.#listen();
    this.#draw();
  }

  get node() {
    return this.box;
  }

  get chosen() {
    return this.#multi ? [...this.#chosen] : (this.#chosen[0] ?? null);
  }

  choose(values) {
    const known = (value) => this.#choices.some((choice) => choice.value === value);
    this.#chosen = [values ?? []]
      .flat()
      .filter(known)
      .slice(0, this.#multi ? this.#max : 1);
    this.#draw();
  }

  #listen() {
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("input", () => this.#open(this.input.value));
    this.input.addEventListener("blur", () => this.#close());
    this.box.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button, .picker-list")) return;
      if (event.target !== this.input) event.preventDefault();
      this.input.focus();
      if (this.#list) this.#close();
      else this.#open();
    });
  }

  #find(value) {
    return this.#choices.find((choice) => choice.value === value);
  }

  #draw() {
    const focused = document.activeElement === this.input;
    const one = this.#multi ? null : this.#find(this.#chosen[0]);
    this.input.value = one?.label ?? "";
    this.input.placeholder = this.#chosen.length ? "" : this.placeholder;
    const tokens = this.#multi ? this.#chosen.map((value) => this.#token(this.#find(value))) : [one?.sign?.() ?? null];
    const clear =
      one && this.clearable
        ? iconButton("close", `Clear ${one.label}`, () => this.#drop(one.value), { class: "icon-button picker-clear" })
        : null;
    this.box.replaceChildren(...[...tokens, this.input, clear, icon("chevron")].filter(Boolean));
    if (focused) this.input.focus();
  }

  #token(choice) {
    const remove = iconButton("close", `Remove ${choice.label}`, () => this.#drop(choice.value));
    return el("span", { class: "token" }, choice.sign?.() ?? null, choice.label, remove);
  }

  #drop(value) {
    this.#chosen = this.#chosen.filter((each) => each !== value);
    this.#draw();
    this.input.focus();
    this.onchange?.();
  }

  #open(filter = "") {
    const words = filter.trim().toLowerCase();
    const fits = (choice) => `${choice.label} ${choice.hint ?? ""}`.toLowerCase().includes(words);
    this.#shown = this.#choices.filter(
      (choice) => fits(choice) && !(this.#multi && this.#chosen.includes(choice.value)),
    );
    this.#list?.remove();
    this.#list = el(
      "ul",
      { class: "picker-list", role: "listbox", id: this.listId, "aria-multiselectable": this.#multi ? "true" : null },
      this.#rows(),
    );
    this.box.append(this.#list);
    placeBeside(this.#list, this.box, { wide: true });
    this.input.setAttribute("aria-expanded", "true");
    const here = this.#shown.findIndex((choice) => choice.value === this.#chosen[0]);
    this.#point(this.#multi || here < 0 ? 0 : here);
  }

  #rows() {
    if (!this.#shown.length) return [el("li", { class: "picker-none", role: "presentation" }, "Nothing fits")];
    const rows = [];
    let group = null;
    for (const choice of this.#shown) {
      if (choice.group && choice.group !== group)
        rows.push(el("li", { class: "picker-group", role: "presentation" }, choice.group));
      group = choice.group;
      rows.push(this.#row(choice));
    }
    return rows;
  }

  #row(choice) {
    const selected = this.#chosen.includes(choice.value);
    const take = (event) => {
      event.preventDefault();
      this.#take(choice);
    };
    return el(
      "li",
      {
        role: "option",
        id: freshId("option"),
        "aria-selected": String(selected),
        class: "picker-row",
        onpointerdown: take,
      },
      choice.sign?.() ?? null,
      el("span", { class: "menu-label" }, choice.label, choice.hint ? el("small", {}, choice.hint) : null),
      selected ? icon("check") : null,
    );
  }

  #point(index) {
    const rows = [...(this.#list?.querySelectorAll("[role=option]") ?? [])];
    rows.forEach((row, at) => row.classList.toggle("is-active", at === index));
    this.#active = rows.length ? index : -1;
    rows[index]?.scrollIntoView({ block: "nearest" });
    if (rows[index]) this.input.setAttribute("aria-activedescendant", rows[index].id);
  }

  #close() {
    this.#list?.remove();
    this.#list = null;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    if (!this.#multi) this.input.value = this.#find(this.#chosen[0])?.label ?? "";
    else this.input.value = "";
  }

  #take(choice) {
    if (this.#multi && this.#chosen.length >= this.#max) return this.#close();
    this.#chosen = this.#multi ? [...this.#chosen, choice.value] : [choice.value];
    this.#close();
    this.#draw();
    this.onchange?.();
  }

  #key(event) {
    if (event.key === "Backspace" && this.#multi && !this.input.value && this.#chosen.length)
      return this.#drop(this.#chosen.at(-1));
    if (event.key === "Escape" && this.#list) {
      event.preventDefault();
      event.stopPropagation();
      return this.#close();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return this.#arrow(event);
    if (event.key === "Enter") {
      event.preventDefault();
      if (!this.#list) return this.#open();
      if (this.#shown[this.#active]) this.#take(this.#shown[this.#active]);
    }
  }

  #arrow(event) {
    event.preventDefault();
    if (!this.#list) return this.#open();
    const step = event.key === "ArrowDown" ? 1 : -1;
    if (this.#shown.length) this.#point((this.#active + step + this.#shown.length) % this.#shown.length);
  }
}
