// One message: who, when, what, and what one can do with it.

import { renderBlocks } from "./blocks.js";
import { whileBusy } from "./buttons.js";
import { dateOf, formatAgo, formatMoment, formatTime } from "./dates.js";
import { avatar, el, icon, iconButton } from "./dom.js";
import { emojiText, MORE_REACTIONS, QUICK_REACTIONS } from "./emoji.js";
import { Form } from "./form.js";
import { renderMrkdwn, safeUrl } from "./mrkdwn.js";
import { openMenu } from "./popup.js";

export function authorOf(message, store) {
  const app = {
    is_bot: true,
    name: store.app.name,
    real_name: store.app.name,
    color: store.findMember(store.app.bot_member_id)?.color,
  };
  const member = store.findMember(message.user);
  if (message.bot_id || message.subtype === "bot_message" || message.app_id)
    return { ...app, ...member, real_name: message.username || member?.real_name || app.real_name, is_bot: true };
  return (
    member ?? {
      name: message.user ?? "Slack",
      real_name: message.username || message.user || "Slackbot",
      is_bot: message.user === "USLACKBOT",
    }
  );
}

function contextOf(message, channel, store) {
  const form = new Form();
  const act = (blockId, element, fields) =>
    store.act("click", {
      container: { channel, ts: message.ts },
      block_id: blockId,
      action_id: element.action_id,
      type: element.type,
      ...fields,
      values: form.values(),
    });
  return { names: store, form, act };
}

function attachmentNode(attachment, context) {
  const words = attachment.blocks
    ? renderBlocks(attachment.blocks, context)
    : renderMrkdwn(attachment.text ?? attachment.fallback ?? "", context.names);
  const title = attachment.title ? el("strong", {}, attachment.title) : null;
  const tint = /^#?[0-9a-f]{6}$/i.test(attachment.color ?? "") ? `#${attachment.color.replace("#", "")}` : null;
  return el("div", { class: "attachment", tint }, title, words);
}

function fileNode(file) {
  const href = safeUrl(file.url ?? file.url_private ?? "");
  const name = file.title || file.name || "file";
  const face = /\.(png|jpe?g|gif|webp)$/i.test(file.name ?? "")
    ? el("img", { src: href, alt: name, loading: "lazy" })
    : el("span", { class: "file-face" }, icon("out"), name);
  return href
    ? el("a", { class: "file", href, target: "_blank", rel: "noopener noreferrer" }, face)
    : el("span", { class: "file" }, name);
}

// What a person typed has its formatting in the text; Slack's composer would have put it into the blocks.
function isTyped(message) {
  return !message.blocks?.length || (!message.bot_id && message.blocks.every((block) => block.type === "rich_text"));
}

function lastLine(body) {
  return body.querySelector(":scope > .mrkdwn:last-of-type > p:last-child") ?? body;
}

function bodyNode(message, channel, store) {
  const context = contextOf(message, channel, store);
  const words = isTyped(message) ? renderMrkdwn(message.text, store) : renderBlocks(message.blocks, context);
  const attachments = (message.attachments ?? []).map((attachment) => attachmentNode(attachment, context));
  const body = el("div", { class: "message-body" }, words, attachments, (message.files ?? []).map(fileNode));
  if (message.edited) lastLine(body).append(el("span", { class: "edited" }, " (edited)"));
  return body;
}

function react(store, channel, message, name) {
  const mine = message.reactions?.find((each) => each.name === name)?.users?.includes(store.me);
  return store.act(mine ? "unreact" : "react", { channel, ts: message.ts, name });
}

function reactionNode(reaction, message, channel, store) {
  const users = reaction.users ?? [];
  const mine = users.includes(store.me);
  const who = users.map((id) => (id === store.me ? "you" : (store.findMember(id)?.real_name ?? id))).join(", ");
  const label = `${reaction.name.replaceAll("_", " ")}: ${who}`;
  return el(
    "button",
    {
      type: "button",
      class: "reaction",
      "aria-pressed": String(mine),
      "aria-label": label,
      title: label,
      "data-key": `reaction ${reaction.name}`,
      onclick: () => react(store, channel, message, reaction.name),
    },
    el("span", { class: "emoji" }, emojiText(reaction.name)),
    el("span", {}, String(users.length || reaction.count || 1)),
  );
}

function reactionsNode(message, channel, store) {
  if (!message.reactions?.length) return null;
  return el(
    "div",
    { class: "reactions" },
    message.reactions.map((reaction) => reactionNode(reaction, message, channel, store)),
  );
}

function repliesNode(message, store) {
  if (!message.reply_count) return null;
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  const faces = (message.reply_users ?? []).slice(0, 4).map((id) => avatar(store.findMember(id), "is-tiny"));
  const last = message.latest_reply
    ? el("span", { class: "muted" }, `Last ${formatAgo(dateOf(message.latest_reply))}`)
    : null;
  const open = () => store.openThread(message.ts);
  return el(
    "button",
    { type: "button", class: "replies", onclick: open, "data-key": "replies" },
    faces,
    el("span", { class: "replies-count" }, count),
    last,
  );
}

function moreReactions(anchor, react) {
  const items = [...QUICK_REACTIONS, ...MORE_REACTIONS].map((name) => ({
    label: el("span", { class: "visually-hidden" }, name.replaceAll("_", " ")),
    sign: el("span", { class: "emoji" }, emojiText(name)),
    choose: () => react(name),
  }));
  openMenu(anchor, items, { label: "Reactions", alignEnd: true, grid: true });
}

function shortcutMenu(anchor, message, channel, store) {
  const run = (shortcut) => store.act("shortcut", { callback_id: shortcut.callback_id, channel, ts: message.ts });
  const shortcuts = message.ephemeral ? [] : store.messageShortcuts;
  const items = shortcuts.map((shortcut) => ({
    label: shortcut.name,
    hint: store.app.name,
    sign: icon("bolt"),
    choose: () => whileBusy(anchor, () => run(shortcut)),
  }));
  if (message.user === store.me && !message.ephemeral)
    items.push({
      label: "Delete message",
      danger: true,
      sign: icon("close"),
      choose: () => store.act("delete", { channel, ts: message.ts }),
    });
  items.push({
    label: "Copy the words",
    sign: icon("panel"),
    choose: () => navigator.clipboard?.writeText(message.text ?? ""),
  });
  openMenu(anchor, items, { label: "More actions for this message", alignEnd: true });
}

export function toolbarNode(message, channel, store, { inThread }) {
  const menu = iconButton("more", "More actions", () => shortcutMenu(menu, message, channel, store), {
    "aria-haspopup": "menu",
  });
  const group = (...buttons) =>
    el("div", { class: "toolbar", role: "group", "aria-label": "Message actions" }, buttons);
  // Slack knows no reactions and no replies to what only one person sees.
  if (message.ephemeral) return group(menu);
  const reactWith = (name) => react(store, channel, message, name);
  const quick = QUICK_REACTIONS.map((name) =>
    el(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": `React with ${name.replaceAll("_", " ")}`,
        title: `:${name}:`,
        onclick: () => reactWith(name),
      },
      el("span", { class: "emoji" }, emojiText(name)),
    ),
  );
  const more = iconButton("smile", "Find another reaction", () => moreReactions(more, reactWith), {
    "aria-haspopup": "menu",
  });
  const reply = inThread
    ? null
    : iconButton("reply", "Reply in thread", () => store.openThread(message.thread_ts ?? message.ts));
  return group(quick, more, reply, menu);
}

function headNode(message, author) {
  const date = dateOf(message.ts);
  return el(
    "div",
    { class: "message-head" },
    el("span", { class: "author" }, author.real_name || author.name),
    author.is_bot ? el("span", { class: "badge" }, "APP") : null,
    author.is_guest ? el("span", { class: "badge" }, "GUEST") : null,
    el("time", { datetime: date.toISOString(), title: formatMoment(date) }, formatTime(date)),
  );
}

function whisperNode(hide) {
  const dismiss = el("button", { type: "button", class: "link-button", onclick: hide }, "Dismiss");
  return el("div", { class: "whisper" }, icon("eye"), "Only visible to you · ", dismiss);
}

const QUIET_KINDS = ["channel_join", "channel_leave", "channel_topic", "channel_purpose", "group_join", "channel_name"];

// `grouped` leaves out the face and name when the message above has the same author.
export function renderMessage(message, channel, store, { grouped, inThread, hide }) {
  const author = authorOf(message, store);
  const date = dateOf(message.ts);
  const side = grouped
    ? el(
        "time",
        { class: "side-time", title: formatMoment(date), "aria-hidden": "true" },
        formatTime(date).replace(/\s?[AP]M$/i, ""),
      )
    : avatar(author);
  const kinds = [
    "message",
    grouped ? "is-grouped" : "",
    message.ephemeral ? "is-whisper" : "",
    QUIET_KINDS.includes(message.subtype) ? "is-quiet" : "",
  ];
  const main = el(
    "div",
    { class: "message-main" },
    message.ephemeral ? whisperNode(hide) : null,
    grouped ? null : headNode(message, author),
    bodyNode(message, channel, store),
    reactionsNode(message, channel, store),
    inThread ? null : repliesNode(message, store),
  );
  const label = `${author.real_name || author.name}, ${formatTime(date)}`;
  return el(
    "li",
    { class: kinds.join(" "), "data-ts": message.ts, tabindex: "-1", "aria-label": label },
    el("div", { class: "message-side" }, side),
    main,
  );
}
