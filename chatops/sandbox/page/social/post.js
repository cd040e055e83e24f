// One post of a social network, with its earlier wordings and what a customer can do with it.

import { formatAgo, formatMoment } from "../dates.js";
import { avatar, el, icon } from "../dom.js";

const LINKS = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)]/g;
const TINTS = ["#7a4b8f", "#2f7d6b", "#a2543c", "#3c6ea2", "#8a6d1f", "#57708a"];

// What people write is foreign: it reaches the page as text, and only web addresses become links.
function linkedText(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(LINKS)) {
    nodes.push(text.slice(from, match.index));
    nodes.push(el("a", { href: match[0], target: "_blank", rel: "noopener noreferrer" }, match[0]));
    from = match.index + match[0].length;
  }
  return [...nodes, text.slice(from)];
}

function moment(seconds) {
  const date = new Date(seconds * 1000);
  return el("time", { datetime: date.toISOString(), title: formatMoment(date) }, formatAgo(date));
}

function face(account) {
  const sum = [...account.handle].reduce((total, char) => total + char.codePointAt(0), 0);
  const color = account.is_ours ? "#2d55c9" : TINTS[sum % TINTS.length];
  return avatar({ real_name: account.name, color }, "is-round");
}

function followers(count) {
  if (!count) return "";
  return `${new Intl.NumberFormat([], { notation: "compact" }).format(count)} followers`;
}

function headNode(post) {
  const { account } = post;
  return el(
    "header",
    { class: "post-head" },
    el("strong", {}, account.name),
    el("span", { class: "muted" }, `@${account.handle}`),
    account.is_ours ? el("span", { class: "badge is-ours" }, "US") : null,
    post.mentions_us && !post.deleted_at ? el("span", { class: "badge is-mention" }, "TO US") : null,
    post.kind ? el("span", { class: "badge" }, post.kind) : null,
    el("span", { class: "muted" }, [account.is_ours ? "" : followers(account.followers)].filter(Boolean).join(" ")),
    moment(post.created_at),
  );
}

function historyNode(post) {
  if (!post.edited_at) return null;
  const earlier = post.versions.slice(0, -1).reverse();
  return el(
    "details",
    { class: "post-history", "data-keep": `history ${post.id}` },
    el("summary", {}, "Edited ", moment(post.edited_at)),
    earlier.map((version) => el("p", {}, moment(version.at), el("span", {}, version.text))),
  );
}

function otherNode(label, other) {
  if (!other) return null;
  return el(
    "blockquote",
    { class: "post-other" },
    el("span", { class: "muted" }, `${label} ${other.account.name}`),
    el("p", {}, other.deleted_at ? "(deleted)" : other.text),
  );
}

function actionsNode(post, network, act) {
  if (post.deleted_at || !network.takes_customers) return null;
  const button = (name, label, key) =>
    el(
      "button",
      {
        type: "button",
        class: "post-action",
        "data-focus": `${key} ${post.id}`,
        "aria-label": `${label}: ${post.account.name}, ${post.text.slice(0, 60)}`,
        onclick: () => act(key, post),
      },
      icon(name),
      label,
    );
  if (post.reposted_id) return el("div", { class: "post-actions" }, button("close", "Delete", "delete"));
  const own = post.account.is_ours ? [] : [button("chat", "Edit", "edit"), button("close", "Delete", "delete")];
  return el(
    "div",
    { class: "post-actions" },
    button("reply", "Reply", "reply"),
    button("panel", "Quote", "quote"),
    button("reload", "Repost", "repost"),
    own,
  );
}

export function postNode(post, { network, find, act, depth }) {
  const kinds = ["post", post.account.is_ours ? "is-ours" : "", post.deleted_at ? "is-deleted" : ""];
  if (depth) kinds.push("is-reply");
  const body = post.reposted_id
    ? otherNode("reposted", find(post.reposted_id))
    : [
        el("p", { class: "post-text" }, linkedText(post.text)),
        post.quoted_id ? otherNode("quoting", find(post.quoted_id)) : null,
      ];
  return el(
    "article",
    { class: kinds.join(" "), "aria-label": `${post.account.name}: ${post.text.slice(0, 80)}`, "data-post": post.id },
    face(post.account),
    el(
      "div",
      { class: "post-body" },
      headNode(post),
      body,
      post.deleted_at ? el("p", { class: "post-gone" }, icon("close"), "Deleted ", moment(post.deleted_at)) : null,
      historyNode(post),
      actionsNode(post, network, act),
    ),
  );
}
