// What opens over the page: menus, short notices and dialogs that hold the focus.

import { el, freshId, icon, iconButton, moveFocus } from "./dom.js";

const NOTICE_MS = 7000;
let closeOpenMenu = null;

// Inside a dialog a menu must be its descendant, or the dialog's top layer would cover it; elsewhere it belongs to
// the landmark it was opened from, where screen readers look for it.
function layerOf(anchor) {
  return anchor.closest("dialog, main, aside") ?? document.body;
}

export function placeBeside(box, anchor, { above = false, alignEnd = false, wide = false } = {}) {
  const edge = anchor.getBoundingClientRect();
  if (wide) box.style.setProperty("min-width", `${edge.width}px`);
  const { width, height } = box.getBoundingClientRect();
  const roomBelow = window.innerHeight - edge.bottom;
  const upwards = above ? edge.top > height + 8 : roomBelow < height + 8 && edge.top > roomBelow;
  const left = alignEnd ? edge.right - width : edge.left;
  box.style.setProperty("left", `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`);
  box.style.setProperty(
    "top",
    `${Math.max(8, upwards ? edge.top - height - 4 : Math.min(edge.bottom + 4, window.innerHeight - height - 8))}px`,
  );
}

function menuItem(item, close) {
  const label = el("span", { class: "menu-label" }, item.label, item.hint ? el("small", {}, item.hint) : null);
  const choose = () => {
    close();
    item.choose();
  };
  return el(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      class: `menu-item ${item.danger ? "is-danger" : ""}`,
      onclick: choose,
    },
    item.sign ?? null,
    label,
  );
}

export function openMenu(anchor, items, { label, above = false, alignEnd = false, grid = false } = {}) {
  closeOpenMenu?.();
  const menu = el("div", { class: `menu ${grid ? "is-grid" : ""}`, role: "menu", "aria-label": label });
  const outside = (event) => !menu.contains(event.target) && !anchor.contains(event.target) && close();
  const close = () => {
    closeOpenMenu = null;
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (anchor.isConnected) anchor.focus();
  };
  menu.append(...items.map((item) => menuItem(item, close)));
  menu.addEventListener("keydown", (event) => menuKey(event, menu, close, grid));
  document.addEventListener("pointerdown", outside, true);
  layerOf(anchor).append(menu);
  placeBeside(menu, anchor, { above, alignEnd });
  anchor.setAttribute("aria-expanded", "true");
  menu.querySelector("button")?.focus();
  closeOpenMenu = close;
}

function menuKey(event, menu, close, grid) {
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    return close();
  }
  const items = [...menu.querySelectorAll("button")];
  return moveFocus(event, items, { horizontal: grid }) || moveFocus(event, items);
}

export function showNotice(text, { bad = false } = {}) {
  const box = document.querySelector("#notices");
  const remove = () => notice.remove();
  const notice = el(
    "div",
    { class: `notice ${bad ? "is-bad" : ""}`, role: bad ? "alert" : "status" },
    icon(bad ? "warning" : "info"),
    el("p", {}, text),
    iconButton("close", "Dismiss", remove),
  );
  // A notice under an open dialog would be hidden by the dialog's top layer.
  if (box.matches(":popover-open")) box.hidePopover();
  box.append(notice);
  box.showPopover();
  setTimeout(remove, NOTICE_MS);
}

// Returns the dialog; `onescape` decides what Escape does, the browser holds the focus inside.
export function openDialog(content, { label, onescape, kind = "" }) {
  closeOpenMenu?.();
  const opener = document.activeElement;
  const dialog = el("dialog", { class: `dialog ${kind}`, tabindex: "-1", "aria-label": label }, content);
  const leave = (event) => {
    event.preventDefault();
    onescape();
  };
  // Chromium lets `cancel` be prevented only once between two clicks, so the key is heard first.
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && leave(event));
  dialog.addEventListener("cancel", leave);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Resolves to true when the person confirms.
export function askPerson({ title, text, confirm = "Yes", deny = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    const answer = (value) => {
      dialog.close();
      resolve(value);
    };
    const heading = freshId("ask");
    const yes = el(
      "button",
      { type: "button", class: `button ${danger ? "is-danger" : "is-primary"}`, onclick: () => answer(true) },
      confirm,
    );
    const no = el("button", { type: "button", class: "button", onclick: () => answer(false) }, deny);
    const content = [
      el("h2", { id: heading }, title),
      el("div", { class: "dialog-text" }, text),
      el("div", { class: "dialog-foot" }, no, yes),
    ];
    const dialog = openDialog(content, { label: title, onescape: () => answer(false), kind: "is-small" });
    (danger ? no : yes).focus();
  });
}
