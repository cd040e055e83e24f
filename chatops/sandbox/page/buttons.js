// The Block Kit elements one clicks: buttons, overflow menus, and the questions asked before.

import { el, icon, iconButton, spinner } from "./dom.js";
import { plainText, renderText, safeUrl } from "./mrkdwn.js";
import { askPerson, openMenu } from "./popup.js";

export async function isConfirmed(question, names) {
  if (!question) return true;
  return askPerson({
    title: plainText(question.title) || "Are you sure?",
    text: renderText(question.text, names),
    confirm: plainText(question.confirm) || "Yes",
    deny: plainText(question.deny) || "Cancel",
    danger: question.style === "danger",
  });
}

// A waiting button keeps the focus, so it is marked disabled for readers but not taken out of the tab order.
export async function whileBusy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const wheel = spinner();
  button.append(wheel);
  try {
    await work();
  } finally {
    wheel.remove();
    button.removeAttribute("aria-disabled");
  }
}

function keyOf(blockId, element) {
  return `${blockId} ${element.action_id}`;
}

export function renderButton(element, blockId, context) {
  const style = { primary: "is-primary", danger: "is-danger" }[element.style] ?? "";
  const attributes = {
    class: `button ${style}`,
    "aria-label": element.accessibility_label,
    "data-key": keyOf(blockId, element),
  };
  const href = element.url ? safeUrl(element.url) : null;
  const label = el("span", {}, plainText(element.text));
  const act = async () => {
    if (!(await isConfirmed(element.confirm, context.names))) return;
    await whileBusy(button, () => context.act(blockId, element, { value: element.value }));
  };
  const button = href
    ? el("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer", onclick: act }, label, icon("out"))
    : el("button", { ...attributes, type: "button", onclick: act }, label);
  return button;
}

export function renderOverflow(element, blockId, context) {
  const choose = async (option) => {
    if (!(await isConfirmed(element.confirm, context.names))) return;
    if (option.url && safeUrl(option.url)) window.open(safeUrl(option.url), "_blank", "noopener");
    await whileBusy(button, () => context.act(blockId, element, { selected_option: option }));
  };
  const open = () => {
    const items = element.options.map((option) => ({
      label: plainText(option.text),
      hint: plainText(option.description),
      choose: () => choose(option),
    }));
    openMenu(button, items, { label: "More actions", alignEnd: true });
  };
  const button = iconButton("more", "More actions", open, {
    class: "button is-overflow",
    "aria-haspopup": "menu",
    "data-key": keyOf(blockId, element),
  });
  return button;
}
