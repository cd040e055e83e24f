// Slack's mrkdwn as DOM nodes, so that nothing anybody typed can become markup.

import { formatMoment, formatSlackDate } from "./dates.js";
import { el } from "./dom.js";
import { findEmoji, replaceShortcodes } from "./emoji.js";

// Finished nodes stand in the text as one private-use character, so a `_` inside an address never becomes italics.
const FIRST_MARK = 0xe000;
const MARKS = /[\ue000-\uf8ff]/g;
const ATOMS =
  /`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+-]+(?:::skin-tone-\d)?):|\bhttps?:\/\/[^\s<>|`\ue000-\uf8ff]*[^\s<>|`.,;:!?)'"\ue000-\uf8ff]/g;
const STYLES = [
  ["*", "b"],
  ["_", "i"],
  ["~", "s"],
];

export function decodeEntities(text) {
  return String(text).replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

export function safeUrl(address) {
  try {
    const url = new URL(decodeEntities(address), window.location.href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function linkNode(address, label) {
  const href = safeUrl(address);
  if (href === null) return document.createTextNode(label);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function memberNode(id, names, fallback) {
  const member = names.findMember(id);
  const self = id === names.me ? " is-me" : "";
  return el(
    "span",
    { class: `mention${self}`, title: member?.title },
    `@${member?.real_name || member?.name || fallback || id}`,
  );
}

export function channelNode(id, names, fallback) {
  const channel = names.findChannel(id);
  const label = `#${channel?.name || fallback || id}`;
  if (!channel) return el("span", { class: "mention" }, label);
  return el("button", { type: "button", class: "mention", onclick: () => names.openChannel(id) }, label);
}

function dateNode(body, fallback) {
  const [, seconds, format, address] = body.split("^");
  if (!Number.isFinite(Number(seconds)) || format === undefined) return document.createTextNode(fallback ?? body);
  const date = new Date(Number(seconds) * 1000);
  const words = formatSlackDate(Number(seconds), format);
  const node = el("time", { datetime: date.toISOString(), title: formatMoment(date) }, words);
  return address && safeUrl(address)
    ? el("a", { href: safeUrl(address), target: "_blank", rel: "noopener noreferrer" }, node)
    : node;
}

function specialNode(body, label) {
  if (body.startsWith("date^")) return dateNode(body, label);
  if (body.startsWith("subteam^"))
    return el("span", { class: "mention" }, `@${(label || body.split("^")[1]).replace(/^@/, "")}`);
  return el("span", { class: "mention is-me" }, `@${body.split("^")[0]}`);
}

function entityNode(inside, names) {
  const bar = inside.indexOf("|");
  const [target, rawLabel] = bar < 0 ? [inside, null] : [inside.slice(0, bar), inside.slice(bar + 1)];
  const label = rawLabel === null ? null : replaceShortcodes(decodeEntities(rawLabel));
  if (target.startsWith("@")) return memberNode(target.slice(1), names, label);
  if (target.startsWith("#")) return channelNode(target.slice(1), names, label);
  if (target.startsWith("!")) return specialNode(target.slice(1), label);
  if (/^(https?:|mailto:)/i.test(target))
    return linkNode(target, label ?? decodeEntities(target).replace(/^mailto:/, ""));
  return document.createTextNode(decodeEntities(`<${inside}>`));
}

function atomNode(match, names) {
  const [whole, code, entity, shortcode] = match;
  if (code !== undefined) return el("code", {}, decodeEntities(code));
  if (entity !== undefined) return entityNode(entity, names);
  if (shortcode !== undefined) {
    const emoji = findEmoji(shortcode);
    return emoji
      ? el("span", { class: "emoji", role: "img", "aria-label": shortcode, title: `:${shortcode}:` }, emoji)
      : whole;
  }
  return linkNode(whole, decodeEntities(whole));
}

function takeAtoms(text, names) {
  const atoms = [];
  const marked = text.replace(MARKS, "").replace(ATOMS, (...match) => {
    const node = atomNode(match, names);
    if (typeof node === "string" || atoms.length > 6000) return match[0];
    atoms.push(node);
    return String.fromCharCode(FIRST_MARK + atoms.length - 1);
  });
  return { marked, atoms };
}

function plainNodes(text, atoms) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    if (match.index > from) nodes.push(decodeEntities(text.slice(from, match.index)));
    nodes.push(atoms[match[0].charCodeAt(0) - FIRST_MARK]);
    from = match.index + 1;
  }
  if (from < text.length) nodes.push(decodeEntities(text.slice(from)));
  return nodes;
}

function stylePattern(sign) {
  const s = sign === "*" ? "\\*" : sign;
  return new RegExp(`(?<![\\p{L}\\p{N}${s}])${s}(?=[^\\s${s}])([^${s}\\n]*[^\\s${s}])${s}(?![\\p{L}\\p{N}${s}])`, "u");
}
const PATTERNS = STYLES.map(([sign, tag]) => [stylePattern(sign), tag]);

function styledNodes(text, atoms) {
  const found = PATTERNS.map(([pattern, tag]) => [pattern.exec(text), tag]).filter(([match]) => match);
  if (!found.length) return plainNodes(text, atoms);
  const [match, tag] = found.reduce((first, other) => (other[0].index < first[0].index ? other : first));
  const after = match.index + match[0].length;
  return [
    ...plainNodes(text.slice(0, match.index), atoms),
    el(tag, {}, ...styledNodes(match[1], atoms)),
    ...styledNodes(text.slice(after), atoms),
  ];
}

export function inlineNodes(text, names) {
  const { marked, atoms } = takeAtoms(text, names);
  return styledNodes(marked, atoms);
}

const LINE_KINDS = [
  ["quote", /^(?:>|&gt;)\s?(.*)$/],
  ["ul", /^\s*(?:[•◦▪]|-(?=\s\S))\s*(.+)$/],
  ["ol", /^\s*(\d{1,3})[.)]\s+(.+)$/],
];

function classifyLine(line) {
  for (const [kind, pattern] of LINE_KINDS) {
    const match = pattern.exec(line);
    if (match) return { kind, text: match.at(-1), start: match[1] };
  }
  return { kind: "p", text: line };
}

function groupLines(text) {
  const groups = [];
  for (const line of text.split("\n").map(classifyLine)) {
    if (groups.at(-1)?.kind === line.kind) groups.at(-1).lines.push(line);
    else groups.push({ kind: line.kind, lines: [line] });
  }
  return groups;
}

function joinLines(lines, names) {
  return lines.flatMap((line, index) => [index ? el("br") : null, ...inlineNodes(line.text, names)]);
}

function groupNode({ kind, lines }, names) {
  if (kind === "quote") return el("blockquote", {}, joinLines(lines, names));
  if (kind === "p")
    return lines.every((line) => !line.text.trim())
      ? el("div", { class: "gap" })
      : el("p", {}, joinLines(lines, names));
  return el(
    kind,
    { start: kind === "ol" ? lines[0].start : null },
    lines.map((line) => el("li", {}, inlineNodes(line.text, names))),
  );
}

export function renderMrkdwn(text, names) {
  const box = el("div", { class: "mrkdwn" });
  const parts = String(text ?? "").split("```");
  parts.forEach((part, index) => {
    const closed = index % 2 === 1 && index < parts.length - 1;
    if (closed) return void box.append(el("pre", {}, el("code", {}, decodeEntities(part.replace(/^\n|\n$/g, "")))));
    const words =
      index % 2 === 1
        ? `\`\`\`${part}`
        : part.replace(index ? /^\n/ : /^(?!)/, "").replace(index < parts.length - 1 ? /\n$/ : /(?!)$/, "");
    if (words) box.append(...groupLines(words).map((group) => groupNode(group, names)));
  });
  return box;
}

// A text object is plain text or mrkdwn; plain text knows emoji only.
export function renderText(object, names) {
  if (!object) return "";
  if (typeof object === "string") return object;
  if (object.type === "mrkdwn") return renderMrkdwn(object.text, names);
  return el("span", { class: "plain" }, plainText(object));
}

export function plainText(object) {
  const text = typeof object === "string" ? object : (object?.text ?? "");
  return object?.emoji === false ? text : replaceShortcodes(text);
}
