// The Block Kit elements that hold a value: each can be drawn, read, written and checked.

import { avatar, el, freshId, icon } from "./dom.js";
import { plainText, renderText } from "./mrkdwn.js";
import { Picker } from "./picker.js";
import { richTextOf, wordsOf } from "./richtext.js";

// A control is {node, focus, read() → Slack's state value, write(value), isEmpty(), check() → problem or null}.
const REQUIRED = "Please complete this required field.";

function wordCounter(input, max) {
  const left = el("span", { class: "counter", "aria-live": "off" });
  const count = () => {
    const rest = max - [...input.value].length;
    left.textContent = rest < 0 ? `${-rest} too many` : `${rest} left`;
    left.classList.toggle("is-over", rest < 0);
    left.hidden = rest > Math.max(60, max / 4) && rest >= 0;
  };
  input.addEventListener("input", count);
  count();
  return { left, count };
}

function lengthProblem(element, words) {
  const length = [...words].length;
  if (element.max_length && length > element.max_length)
    return `Please shorten this to ${element.max_length} characters (now ${length}).`;
  if (element.min_length && length && length < element.min_length)
    return `Please write at least ${element.min_length} characters.`;
  return null;
}

function growWithText(area) {
  const grow = () => {
    area.style.setProperty("height", "auto");
    area.style.setProperty("height", `${Math.min(area.scrollHeight + 2, 320)}px`);
  };
  area.addEventListener("input", grow);
  requestAnimationFrame(grow);
  return grow;
}

function dispatchesOn(element, moment) {
  return (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"]).includes(moment);
}

function textControl(element, { changed, acted }) {
  const rich = element.type === "rich_text_input";
  const tall = rich || element.multiline;
  const placeholder = plainText(element.placeholder);
  const input = tall
    ? el("textarea", { rows: "3", placeholder })
    : el("input", { type: "text", autocomplete: "off", placeholder });
  input.value = rich ? wordsOf(element.initial_value) : (element.initial_value ?? "");
  const grow = tall ? growWithText(input) : null;
  const counter = element.max_length ? wordCounter(input, element.max_length) : null;
  input.addEventListener("input", () => {
    changed();
    if (dispatchesOn(element, "on_character_entered")) acted();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !tall && dispatchesOn(element, "on_enter_pressed")) acted({ entered: true });
  });
  return {
    node: el("div", { class: "field-box" }, input, counter?.left ?? null),
    focus: input,
    read: () =>
      rich
        ? { type: element.type, rich_text_value: input.value ? richTextOf(input.value) : null }
        : { type: element.type, value: input.value || null },
    write: (state) => {
      input.value = rich ? wordsOf(state.rich_text_value) : (state.value ?? "");
      counter?.count();
      grow?.();
    },
    isEmpty: () => !input.value.trim(),
    check: () => lengthProblem(element, input.value),
  };
}

const CONTROL_KINDS = {
  number_input: { type: "text", mode: "decimal", key: "value", initial: "initial_value", check: numberProblem },
  email_text_input: {
    type: "text",
    mode: "email",
    key: "value",
    initial: "initial_value",
    check: (_, words) => (!words || /^\S+@\S+\.\S+$/.test(words) ? null : "Please write an e-mail address."),
  },
  url_text_input: {
    type: "text",
    mode: "url",
    key: "value",
    initial: "initial_value",
    check: (_, words) =>
      !words || /^https?:\/\/\S+$/.test(words) ? null : "Please write an address that begins with https://.",
  },
  datepicker: { type: "date", key: "selected_date", initial: "initial_date" },
  timepicker: { type: "time", key: "selected_time", initial: "initial_time" },
};

function numberProblem(element, words) {
  if (!words) return null;
  if (!/^-?\d+(\.\d+)?$/.test(words)) return "Please write a number.";
  if (!element.is_decimal_allowed && words.includes(".")) return "Please write a whole number.";
  if (element.min_value !== undefined && Number(words) < Number(element.min_value))
    return `The least is ${element.min_value}.`;
  if (element.max_value !== undefined && Number(words) > Number(element.max_value))
    return `The most is ${element.max_value}.`;
  return null;
}

function simpleControl(element, { changed, acted }) {
  const kind = CONTROL_KINDS[element.type];
  const input = el("input", {
    type: kind.type,
    inputmode: kind.mode,
    autocomplete: "off",
    placeholder: plainText(element.placeholder),
  });
  input.value = element[kind.initial] ?? "";
  input.addEventListener("input", changed);
  input.addEventListener("change", () => acted());
  return {
    node: el("div", { class: "field-box" }, input),
    focus: input,
    read: () => ({ type: element.type, [kind.key]: input.value.trim() || null }),
    write: (state) => (input.value = state[kind.key] ?? ""),
    isEmpty: () => !input.value.trim(),
    check: () => kind.check?.(element, input.value.trim()) ?? null,
  };
}

function localMoment(unixSeconds) {
  if (!unixSeconds) return "";
  const date = new Date(unixSeconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function momentControl(element, { changed, acted }) {
  const input = el("input", { type: "datetime-local" });
  input.value = localMoment(element.initial_date_time);
  input.addEventListener("input", changed);
  input.addEventListener("change", () => acted());
  const seconds = () => (input.value ? Math.round(new Date(input.value).getTime() / 1000) : null);
  return {
    node: el("div", { class: "field-box" }, input),
    focus: input,
    read: () => ({ type: element.type, selected_date_time: seconds() }),
    write: (state) => (input.value = localMoment(state.selected_date_time)),
    isEmpty: () => !input.value,
    check: () => null,
  };
}

function choicesOf(options, group = null) {
  return options.map((option) => ({
    value: option.value,
    label: plainText(option.text),
    hint: plainText(option.description),
    group,
  }));
}

function peopleChoices(names) {
  return names.members.map((member) => ({
    value: member.id,
    label: member.real_name || member.name,
    hint: member.title,
    sign: () => avatar(member, "is-tiny"),
  }));
}

function channelChoices(names, { people }) {
  const channels = names.channels.filter((channel) => !channel.is_im);
  const rows = channels.map((channel) => ({
    value: channel.id,
    label: channel.name,
    sign: () => icon(channel.is_private ? "lock" : "hash"),
  }));
  return people ? [...rows, ...peopleChoices(names)] : rows;
}

// Slack names the value after the kind of list: selected_user, selected_channels and so on.
const LISTS = {
  users: { one: "selected_user", many: "selected_users", initial: "user", choices: peopleChoices },
  channels: {
    one: "selected_channel",
    many: "selected_channels",
    initial: "channel",
    choices: (names) => channelChoices(names, { people: false }),
  },
  conversations: {
    one: "selected_conversation",
    many: "selected_conversations",
    initial: "conversation",
    choices: (names) => channelChoices(names, { people: true }),
  },
};

function pickerOf(element, multi, choices, { changed, acted, label }) {
  return new Picker({
    choices,
    multi,
    label,
    clearable: false,
    max: element.max_selected_items ?? Infinity,
    placeholder: plainText(element.placeholder) || (multi ? "Choose some" : "Choose one"),
    onchange: () => {
      changed();
      acted();
    },
  });
}

function listControl(element, context) {
  const multi = element.type.startsWith("multi_");
  const list = LISTS[element.type.replace("multi_", "").replace("_select", "")];
  const picker = pickerOf(element, multi, list.choices(context.names), context);
  const key = multi ? list.many : list.one;
  picker.choose(element[`initial_${list.initial}${multi ? "s" : ""}`]);
  return {
    node: picker.node,
    focus: picker.input,
    read: () => ({ type: element.type, [key]: picker.chosen }),
    write: (state) => picker.choose(state[key]),
    isEmpty: () => !picker.chosen?.length,
    check: () => null,
  };
}

function optionsOf(element) {
  return element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
}

function selectControl(element, context) {
  const multi = element.type.startsWith("multi_");
  const choices = element.options
    ? choicesOf(element.options)
    : (element.option_groups ?? []).flatMap((group) => choicesOf(group.options, plainText(group.label)));
  const picker = pickerOf(element, multi, choices, context);
  const find = (value) => optionsOf(element).find((option) => option.value === value) ?? null;
  picker.choose(multi ? element.initial_options?.map((option) => option.value) : element.initial_option?.value);
  return {
    node: picker.node,
    focus: picker.input,
    read: () =>
      multi
        ? { type: element.type, selected_options: picker.chosen.map(find) }
        : { type: element.type, selected_option: find(picker.chosen) },
    write: (state) =>
      picker.choose(multi ? state.selected_options?.map((option) => option.value) : state.selected_option?.value),
    isEmpty: () => !picker.chosen?.length,
    check: () => null,
  };
}

function tickRow(element, option, name, names) {
  const input = el("input", { type: element.type === "checkboxes" ? "checkbox" : "radio", name });
  input.value = option.value;
  const words = el(
    "span",
    { class: "tick-words" },
    renderText(option.text, names),
    option.description ? el("small", {}, renderText(option.description, names)) : null,
  );
  return { input, option, row: el("label", { class: "tick" }, input, words) };
}

function ticksControl(element, { changed, acted, names }) {
  const many = element.type === "checkboxes";
  const rows = (element.options ?? []).map((option) => tickRow(element, option, freshId("tick"), names));
  const name = freshId("group");
  if (!many) rows.forEach(({ input }) => (input.name = name));
  const tick = (options) =>
    rows.forEach(({ input }) => (input.checked = (options ?? []).some((option) => option?.value === input.value)));
  const chosen = () => rows.filter(({ input }) => input.checked).map(({ option }) => option);
  tick(many ? element.initial_options : [element.initial_option]);
  const node = el(
    "div",
    { class: "ticks", role: many ? "group" : "radiogroup" },
    rows.map(({ row }) => row),
  );
  node.addEventListener("change", () => {
    changed();
    acted();
  });
  return {
    node,
    focus: rows[0]?.input ?? node,
    labelled: node,
    read: () =>
      many
        ? { type: element.type, selected_options: chosen() }
        : { type: element.type, selected_option: chosen()[0] ?? null },
    write: (state) => tick(many ? state.selected_options : [state.selected_option]),
    isEmpty: () => !chosen().length,
    check: () => null,
  };
}

function unknownControl(element) {
  const note = el("p", { class: "unsupported" }, `The sandbox cannot show “${element.type}” yet.`);
  return {
    node: note,
    focus: note,
    read: () => ({ type: element.type }),
    write: () => {},
    isEmpty: () => false,
    check: () => null,
  };
}

function builderFor(type) {
  if (type === "plain_text_input" || type === "rich_text_input") return textControl;
  if (type in CONTROL_KINDS) return simpleControl;
  if (type === "datetimepicker") return momentControl;
  if (type === "checkboxes" || type === "radio_buttons") return ticksControl;
  if (/^(multi_)?(static|external)_select$/.test(type)) return selectControl;
  if (/^(multi_)?(users|channels|conversations)_select$/.test(type)) return listControl;
  return unknownControl;
}

// `changed` hears every keystroke, `acted` the moments at which Slack tells the app.
export function createControl(element, { names, label = null, changed = () => {}, acted = () => {} }) {
  const control = builderFor(element.type)(element, { names, label, changed, acted });
  if (label && !control.focus.hasAttribute("aria-label"))
    (control.labelled ?? control.focus).setAttribute("aria-label", label);
  return control;
}

export function findProblem(control, { optional }) {
  if (control.isEmpty()) return optional ? null : REQUIRED;
  return control.check();
}
