// Builds DOM nodes from plain values; data reaches the page only as text or vetted attributes.

const SVG = "http://www.w3.org/2000/svg";

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(node, key, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setAttribute(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key === "value") node.value = value;
  else if (key === "tint") node.style.setProperty("--tint", value);
  else node.setAttribute(key, value === true ? "" : String(value));
}

const ICONS = {
  home: "M3 11.2 12 4l9 7.2M5.5 9.6V20h4.7v-5.6h3.6V20h4.7V9.6",
  hash: "M9.5 4 7.8 20M16.2 4l-1.7 16M4.8 9h15M4.2 15h15",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  chat: "M4 5h16v11H10l-4.5 4v-4H4z",
  bolt: "M13 3 5 13.5h6L10 21l9-11.5h-6.5z",
  send: "M4 4.5 20.5 12 4 19.5l2.2-7.5zM6.2 12h8",
  reply: "M10 8V4.5L3.5 11 10 17.5V14c5 0 8 1.5 10.5 5-.5-6-4-10.5-10.5-11z",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14.200c1.8 2.6 5.2 2.6 7 0M9 9.500v.6M15 9.500v.6",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19.5 7",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  chevron: "M6.5 9.5 12 15l5.5-5.5",
  out: "M13.5 4.500h6v6M19 5l-8 8M17 14v5H5V7h5",
  mail: "M3.5 6h17v12.500h-17zM4 6.800l8 6.4 8-6.4",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3.5 12h17M12 3c3 3 3.6 6 3.6 9s-.6 6-3.6 9c-3-3-3.6-6-3.6-9S9 6 12 3z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5",
  reload: "M19.5 12a7.5 7.5 0 1 1-2.2-5.300M19.5 3.500v4h-4",
  panel: "M4 5h16v14H4zM13.5 5v14",
  warning: "M12 4 2.8 20h18.400zM12 10v4.500M12 17.200v.2",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.500M12 7.600v.2",
  plus: "M12 5v14M5 12h14",
  back: "M14.5 6 8.5 12l6 6",
  down: "M12 5v14M6 13l6 6 6-6",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of [
    ["viewBox", "0 0 24 24"],
    ["class", `icon icon-${name}`],
    ["aria-hidden", "true"],
  ]) {
    svg.setAttribute(key, value);
  }
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, attributes = {}) {
  return el(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...attributes },
    icon(name),
  );
}

export function spinner(label = "Waiting for the app") {
  return el("span", { class: "spinner", role: "img", "aria-label": label });
}

export function initials(name) {
  const words = String(name || "?")
    .trim()
    .split(/\s+/);
  return (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

// Text on a tint must stay readable, so only colours of six hex digits are taken over.
export function tintOf(member) {
  const colour = String(member?.color || "").replace("#", "");
  return /^[0-9a-f]{6}$/i.test(colour) ? `#${colour}` : "#5b6478";
}

export function avatar(member, size = "") {
  const kind = `avatar ${size} ${member?.is_bot ? "is-app" : ""}`;
  const face = member?.is_bot ? icon("bolt") : initials(member?.real_name || member?.name);
  return el("span", { class: kind, tint: tintOf(member), "aria-hidden": "true" }, face);
}

let counter = 0;
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

// Moves the focus among siblings with the arrow keys; the list stays one stop for Tab.
export function moveFocus(event, items, { horizontal = false } = {}) {
  const keys = horizontal ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const step = event.key === keys[0] ? -1 : event.key === keys[1] ? 1 : 0;
  const edge = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : null;
  if (!items.length || (step === 0 && edge === null)) return false;
  event.preventDefault();
  const here = items.indexOf(document.activeElement);
  items[edge ?? (here + step + items.length) % items.length].focus();
  return true;
}
