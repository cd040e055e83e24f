// The middle: a Slack channel with its messages and composer, or the app's Home.

import { renderBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { avatar, el, icon, iconButton } from "./dom.js";
import { Form } from "./form.js";
import { MessageList } from "./messages.js";
import { HOME } from "./store.js";

export class ChannelPane {
  #store;
  #homeForm = new Form();
  #homeShown = null;

  constructor(store) {
    this.#store = store;
    this.title = el("h2", {});
    this.note = el("span", { class: "muted" });
    this.tools = el("div", { class: "pane-tools" });
    this.messages = new MessageList(store, { label: "Messages" });
    this.composer = new Composer(store, {
      label: "Message",
      place: () => ({ channel: store.place }),
      sent: () => this.messages.scrollToEnd(),
    });
    this.home = el("div", { class: "home scroller", tabindex: "-1" });
    this.join = el("div", { class: "join", hidden: true });
    this.empty = el("div", { class: "empty", hidden: true });
    this.node = el(
      "section",
      { class: "pane channel", "aria-label": "Slack channel" },
      el("header", { class: "pane-head" }, el("div", { class: "pane-title" }, this.title, this.note), this.tools),
      this.home,
      this.empty,
      this.messages.node,
      this.join,
      this.composer.node,
    );
    for (const topic of ["place", "state", "me"]) store.on(topic, () => this.#follow());
    store.on("messages", () => this.#drawMessages());
    store.on("home", () => this.#drawHome());
  }

  #follow() {
    const atHome = this.#store.place === HOME;
    const channel = this.#store.findChannel(this.#store.place);
    const outside = Boolean(channel && channel.is_member === false && !channel.is_im);
    this.home.hidden = !atHome;
    this.messages.node.hidden = atHome;
    this.composer.node.hidden = atHome || outside;
    this.join.hidden = atHome || !outside;
    this.#drawHead(channel, atHome);
    this.#drawTools();
    if (outside) this.#drawJoin(channel);
    if (!atHome)
      this.composer.follow(
        channel?.is_im ? `Message ${this.#store.channelLabel(channel)}` : `Message #${channel?.name ?? ""}`,
      );
    this.#drawMessages();
  }

  #drawHead(channel, atHome) {
    const label = atHome ? this.#store.app.name : this.#store.channelLabel(channel);
    const isApp = atHome || this.#store.isWithApp(channel);
    const sign = isApp
      ? avatar({ is_bot: true, color: this.#store.findMember(this.#store.app.bot_member_id)?.color }, "is-small")
      : icon(channel?.is_im ? "chat" : channel?.is_private ? "lock" : "hash");
    this.title.replaceChildren(sign, label);
    this.note.textContent = atHome
      ? "Home"
      : channel?.is_im
        ? "Direct messages"
        : (channel?.topic?.value ?? channel?.topic ?? "");
  }

  #drawTools() {
    const { side } = this.#store;
    const toggle = iconButton(
      "panel",
      side ? "Close the side view" : "Show the public page and the mailbox",
      () => this.#store.openSide(side ? null : this.#firstSide()),
      { "aria-pressed": String(Boolean(side)) },
    );
    this.tools.replaceChildren(...[this.#faces(), toggle].filter(Boolean));
  }

  #faces() {
    const members = (this.#store.findChannel(this.#store.place)?.member_ids ?? [])
      .map((id) => this.#store.findMember(id))
      .filter(Boolean);
    if (!members.length || this.#store.findChannel(this.#store.place).is_im) return null;
    const label = `${members.length} members: ${members.map((member) => member.real_name || member.name).join(", ")}`;
    return el(
      "span",
      { class: "faces", title: label, role: "img", "aria-label": label },
      members.slice(0, 4).map((member) => avatar(member, "is-small")),
      el("span", { class: "faces-count" }, String(members.length)),
    );
  }

  #firstSide() {
    return this.#store.links[0]?.label ?? "mailbox";
  }

  #drawJoin(channel) {
    const join = async () => {
      const answer = await this.#store.act("join", { channel: channel.id });
      if (answer.ok !== false) await this.#store.refreshAll();
    };
    this.join.replaceChildren(
      el("p", {}, "You are looking at ", el("strong", {}, `#${channel.name}`), "."),
      el("button", { type: "button", class: "button is-primary", onclick: join }, "Join the Slack channel"),
    );
  }

  #drawMessages() {
    const { place, messages } = this.#store;
    this.empty.hidden = place === HOME || !messages || messages.length > 0;
    if (!this.empty.hidden) this.#drawEmpty();
    if (place !== HOME) this.messages.show(place, messages ?? []);
  }

  #drawEmpty() {
    const command = this.#store.commands[0];
    const hint = command
      ? ["Write something, or type ", el("code", {}, command.command), ` to start: ${command.description ?? ""}`]
      : ["Write the first message."];
    this.empty.replaceChildren(icon("chat"), el("strong", {}, "Nothing here yet"), el("p", {}, hint));
  }

  #drawHome() {
    const { home, app } = this.#store;
    const key = JSON.stringify([home?.id, home?.blocks, this.#store.me]);
    if (key === this.#homeShown) return;
    this.#homeShown = key;
    if (!home)
      return this.home.replaceChildren(
        el(
          "div",
          { class: "empty" },
          icon("home"),
          el("strong", {}, `${app.name} shows nothing here yet`),
          el("p", {}, "The app publishes its Home when it is connected."),
        ),
      );
    const focused = document.activeElement?.dataset?.key;
    const typed = this.#homeForm.snapshot();
    this.#homeForm = new Form();
    this.home.replaceChildren(el("div", { class: "home-sheet" }, renderBlocks(home.blocks, this.#homeContext(home))));
    this.#homeForm.restore(typed);
    if (focused) this.home.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #homeContext(home) {
    const form = this.#homeForm;
    const act = (blockId, element, fields) =>
      this.#store.act("click", {
        container: { view_id: home.id },
        block_id: blockId,
        action_id: element.action_id,
        type: element.type,
        ...fields,
        values: form.values(),
      });
    return { names: this.#store, form, act };
  }
}
