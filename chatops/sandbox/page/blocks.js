// Block Kit blocks as DOM nodes, for messages, modals and the app's Home.

import { isConfirmed, renderButton, renderOverflow } from "./buttons.js";
import { el, freshId, icon } from "./dom.js";
import { createControl } from "./inputs.js";
import { plainText, renderMrkdwn, renderText, safeUrl } from "./mrkdwn.js";
import { renderRichText } from "./richtext.js";

// The context says where blocks stand: {names, form, act(blockId, element, fields) → promise}.

function imageNode(image) {
  const src = safeUrl(image.image_url ?? image.slack_file?.url ?? "");
  return el("img", { src, alt: image.alt_text ?? "", loading: "lazy" });
}

// Values go back to the app in Slack's words, so `type` stays out of a click.
function fieldsOf(state) {
  return Object.fromEntries(Object.entries(state).filter(([key]) => key !== "type"));
}

function liveControl(element, blockId, context, options) {
  let before = null;
  const acted = async ({ entered = false } = {}) => {
    if (options.dispatch === false) return;
    if (!entered && !(await isConfirmed(element.confirm, context.names))) return control.write(before);
    before = control.read();
    await context.act(blockId, element, fieldsOf(before));
  };
  const changed = () => {
    context.form.touched = true;
  };
  const control = createControl(element, { names: context.names, label: options.label, changed, acted });
  before = control.read();
  return control;
}

function renderElement(element, blockId, context) {
  if (element.type === "button" || element.type === "workflow_button") return renderButton(element, blockId, context);
  if (element.type === "overflow") return renderOverflow(element, blockId, context);
  if (element.type === "image") return el("span", { class: "accessory-image" }, imageNode(element));
  if (element.type === "feedback_buttons")
    return [element.positive_button, element.negative_button].map((button) =>
      renderButton({ ...element, ...button }, blockId, context),
    );
  const label = plainText(element.placeholder) || element.action_id;
  const control = liveControl(element, blockId, context, { label });
  context.form.add(blockId, element, control);
  return el("div", { class: "element" }, control.node);
}

function sectionBlock(block, id, context) {
  const fields = block.fields?.length
    ? el(
        "div",
        { class: "fields" },
        block.fields.map((field) => el("div", {}, renderText(field, context.names))),
      )
    : null;
  const words = el(
    "div",
    { class: "section-words" },
    block.text ? renderText(block.text, context.names) : null,
    fields,
  );
  const accessory = block.accessory
    ? el("div", { class: "accessory" }, renderElement(block.accessory, id, context))
    : null;
  return el("div", { class: "block section" }, words, accessory);
}

function actionsBlock(block, id, context) {
  return el(
    "div",
    { class: "block actions" },
    block.elements.map((element) => renderElement(element, id, context)),
  );
}

function contextBlock(block, id, context) {
  const part = (element) => (element.type === "image" ? imageNode(element) : renderText(element, context.names));
  return el("div", { class: "block context" }, block.elements.map(part));
}

function imageBlock(block) {
  const title = block.title ? el("figcaption", {}, plainText(block.title)) : null;
  return el("figure", { class: "block image" }, title, imageNode(block));
}

const ALERT_WORDS = { info: "Note", warning: "Warning", error: "Error", success: "Done" };
const ALERT_ICONS = { info: "info", warning: "warning", error: "warning", success: "check" };

function alertBlock(block, id, context) {
  const level = block.level ?? "default";
  const word = ALERT_WORDS[level];
  return el(
    "div",
    { class: `block alert is-${level}`, role: "note" },
    icon(ALERT_ICONS[level] ?? "info"),
    el("div", {}, word ? el("strong", { class: "alert-word" }, word) : null, renderText(block.text, context.names)),
  );
}

function inputBlock(block, id, context) {
  const element = block.element;
  const control = liveControl(element, id, context, { dispatch: block.dispatch_action === true });
  const errorNode = el("p", { class: "problem", id: freshId("problem"), role: "alert" });
  const hint = block.hint ? el("p", { class: "hint", id: freshId("hint") }, plainText(block.hint)) : null;
  const label = labelOf(block, control);
  const frame = el("div", { class: "block input", "data-block": id }, label, control.node, errorNode, hint);
  control.focus.setAttribute("aria-describedby", [errorNode.id, hint?.id].filter(Boolean).join(" "));
  if (!block.optional) control.focus.setAttribute("aria-required", "true");
  context.form.add(id, element, control, { optional: block.optional === true, errorNode, frame });
  return frame;
}

function labelOf(block, control) {
  const words = [plainText(block.label), block.optional ? el("span", { class: "optional" }, " (optional)") : null];
  if (control.labelled) {
    const label = el("div", { class: "label", id: freshId("label") }, words);
    control.labelled.setAttribute("aria-labelledby", label.id);
    return label;
  }
  control.focus.id ||= freshId("field");
  return el("label", { class: "label", for: control.focus.id }, words);
}

// Markdown differs from mrkdwn in the few signs that people use in a short message.
function markdownBlock(block, id, context) {
  const text = String(block.text ?? "")
    .replace(/^#{1,6}\s+(.+)$/gm, "**$1**")
    .replace(/\*\*(.+?)\*\*/g, "*$1*")
    .replace(/~~(.+?)~~/g, "~$1~")
    .replace(/\[([^\]\n]+)\]\((https?:[^)\s]+)\)/g, "<$2|$1>");
  return el("div", { class: "block" }, renderMrkdwn(text, context.names));
}

function tableBlock(block, id, context) {
  const cell = (value, tag) =>
    el(tag, {}, value.type === "rich_text" ? renderRichText(value, context.names) : plainText(value));
  const rows = (block.rows ?? []).map((row, at) =>
    el(
      "tr",
      {},
      row.map((value) => cell(value, at ? "td" : "th")),
    ),
  );
  return el("div", { class: "block table" }, el("table", {}, rows));
}

const BLOCKS = {
  section: sectionBlock,
  actions: actionsBlock,
  context_actions: actionsBlock,
  context: contextBlock,
  divider: () => el("hr", { class: "block" }),
  header: (block) => el("h3", { class: "block header" }, plainText(block.text)),
  image: imageBlock,
  rich_text: (block, id, context) => el("div", { class: "block" }, renderRichText(block, context.names)),
  alert: alertBlock,
  input: inputBlock,
  markdown: markdownBlock,
  table: tableBlock,
};

function renderBlock(block, index, context) {
  const id = block.block_id ?? `block-${index}`;
  const build = BLOCKS[block.type];
  if (!build) return el("p", { class: "block unsupported" }, `The sandbox cannot show a “${block.type}” block yet.`);
  return build(block, id, context);
}

export function renderBlocks(blocks, context) {
  return (blocks ?? []).map((block, index) => renderBlock(block, index, context));
}
