// Suggestions while one types: slash commands, people and Slack channels.

import { avatar, el, freshId, icon } from "./dom.js";

const MOST = 8;

function commandChoices(store, typed) {
  return store.commands
    .filter(({ command }) => command.startsWith(typed))
    .map(({ command, description, usage_hint: usage }) => ({
      label: command,
      usage,
      hint: description,
      sign: icon("bolt"),
      insert: `${command} `,
    }));
}

function memberChoices(store, typed) {
  const fits = (member) =>
    `${member.real_name} ${member.name}`
      .toLowerCase()
      .split(/\s+/)
      .some((word) => word.startsWith(typed));
  return store.members.filter(fits).map((member) => ({
    label: member.real_name || member.name,
    hint: member.title,
    sign: avatar(member, "is-tiny"),
    insert: `@${member.name} `,
  }));
}

function channelChoices(store, typed) {
  const fits = (channel) => !channel.is_im && channel.name.startsWith(typed);
  return store.channels.filter(fits).map((channel) => ({
    label: channel.name,
    sign: icon(channel.is_private ? "lock" : "hash"),
    insert: `#${channel.name} `,
  }));
}

// Returns the choices for the word before the caret, and where that word begins.
export function findSuggestions(store, text, caret, { commands }) {
  const before = text.slice(0, caret);
  if (commands && /^\/\S*$/.test(before)) return { from: 0, choices: commandChoices(store, before).slice(0, MOST) };
  const match = /(^|[\s(])([@#])([\p{L}\p{N}_.-]*)$/u.exec(before);
  if (!match) return { from: caret, choices: [] };
  const typed = match[3].toLowerCase();
  const choices = match[2] === "@" ? memberChoices(store, typed) : channelChoices(store, typed);
  return { from: caret - typed.length - 1, choices: choices.slice(0, MOST) };
}

export class SuggestionList {
  #choices = [];
  #active = 0;

  constructor(input, take) {
    this.take = take;
    this.input = input;
    this.node = el("ul", {
      class: "suggestions",
      role: "listbox",
      id: freshId("suggest"),
      "aria-label": "Suggestions",
      hidden: true,
    });
    for (const [key, value] of [
      ["aria-controls", this.node.id],
      ["aria-autocomplete", "list"],
      ["aria-haspopup", "listbox"],
    ])
      input.setAttribute(key, value);
  }

  get isOpen() {
    return !this.node.hidden;
  }

  get chosen() {
    return this.#choices[this.#active] ?? null;
  }

  show(choices) {
    this.#choices = choices;
    this.#active = 0;
    this.node.hidden = choices.length === 0;
    this.node.replaceChildren(...choices.map((choice) => this.#row(choice)));
    this.#point(0);
  }

  #row(choice) {
    const take = (event) => {
      event.preventDefault();
      this.take(choice);
    };
    return el(
      "li",
      { role: "option", id: freshId("suggestion"), class: "picker-row", onpointerdown: take },
      choice.sign,
      el(
        "span",
        { class: "menu-label" },
        el("span", {}, choice.label, choice.usage ? el("code", { class: "usage" }, choice.usage) : null),
        choice.hint ? el("small", {}, choice.hint) : null,
      ),
    );
  }

  move(step) {
    this.#point((this.#active + step + this.#choices.length) % this.#choices.length);
  }

  #point(index) {
    this.#active = index;
    const rows = [...this.node.children];
    rows.forEach((row, at) => {
      row.classList.toggle("is-active", at === index);
      row.setAttribute("aria-selected", String(at === index));
    });
    if (rows[index]) this.input.setAttribute("aria-activedescendant", rows[index].id);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
