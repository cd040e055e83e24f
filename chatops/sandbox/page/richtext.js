// Slack's rich_text block: sections, lists, quotes and preformatted text.

import { formatMoment, formatSlackDate } from "./dates.js";
import { el } from "./dom.js";
import { emojiText } from "./emoji.js";
import { channelNode, linkNode, memberNode } from "./mrkdwn.js";

const STYLE_TAGS = [
  ["code", "code"],
  ["bold", "b"],
  ["italic", "i"],
  ["strike", "s"],
];

const LEAVES = {
  text: (leaf) => document.createTextNode(leaf.text ?? ""),
  link: (leaf) => linkNode(leaf.url, leaf.text || leaf.url),
  emoji: (leaf) => el("span", { class: "emoji", role: "img", "aria-label": leaf.name }, emojiText(leaf.name)),
  user: (leaf, names) => memberNode(leaf.user_id, names),
  channel: (leaf, names) => channelNode(leaf.channel_id, names),
  usergroup: (leaf) => el("span", { class: "mention" }, `@${leaf.usergroup_id}`),
  broadcast: (leaf) => el("span", { class: "mention is-me" }, `@${leaf.range}`),
  color: (leaf) => el("code", {}, leaf.value),
  date: (leaf) => {
    const title = formatMoment(new Date(leaf.timestamp * 1000));
    return el("time", { title }, formatSlackDate(leaf.timestamp, leaf.format || "{date_short} {time}"));
  },
};

function leafNode(leaf, names) {
  const build = LEAVES[leaf.type];
  let node = build ? build(leaf, names) : document.createTextNode(leaf.text ?? leaf.fallback ?? "");
  for (const [style, tag] of STYLE_TAGS) if (leaf.style?.[style]) node = el(tag, {}, node);
  return node;
}

function leavesOf(part, names) {
  return (part.elements ?? []).map((leaf) => leafNode(leaf, names));
}

const PARTS = {
  rich_text_section: (part, names) => el("p", { class: "prewrap" }, leavesOf(part, names)),
  rich_text_preformatted: (part, names) => el("pre", {}, el("code", {}, leavesOf(part, names))),
  rich_text_quote: (part, names) => el("blockquote", { class: "prewrap" }, leavesOf(part, names)),
  rich_text_list: (part, names) => {
    const items = (part.elements ?? []).map((item) => el("li", {}, leavesOf(item, names)));
    const start = part.offset ? part.offset + 1 : null;
    return el(
      part.style === "ordered" ? "ol" : "ul",
      { class: `indent-${Math.min(part.indent ?? 0, 3)}`, start },
      items,
    );
  },
};

export function renderRichText(block, names) {
  const parts = (block.elements ?? []).map((part) => PARTS[part.type]?.(part, names) ?? null);
  return el("div", { class: "mrkdwn" }, parts);
}

export function richTextOf(words) {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: words }] }] };
}

export function wordsOf(block) {
  const sections = block?.elements ?? [];
  return sections
    .map((section) => (section.elements ?? []).map((leaf) => leaf.text ?? leaf.url ?? "").join(""))
    .join("\n");
}
