// The left column: who one is, Slack channels, the app, places outside, and faults to try.

import { avatar, el, icon, moveFocus } from "./dom.js";
import { FaultPanel } from "./faults.js";
import { HOME } from "./store.js";

function unreadBadge(count) {
  return el(
    "span",
    { class: "count" },
    el("span", { class: "visually-hidden" }, "unread: "),
    String(count > 99 ? "99+" : count),
  );
}

export class Sidebar {
  #store;

  constructor(store) {
    this.#store = store;
    this.team = el("h1", {});
    this.status = el("p", { class: "app-status", role: "status" });
    this.people = el("div", { class: "people", role: "group", "aria-label": "You are" });
    this.person = el("div", { class: "person" });
    this.places = el("nav", { class: "places", "aria-label": "Slack channels and messages" });
    this.links = el("div", { class: "links" });
    this.faults = new FaultPanel(store);
    this.node = el(
      "aside",
      { class: "sidebar", "aria-label": "Workspace" },
      el(
        "header",
        { class: "workspace" },
        el("span", { class: "logo", "aria-hidden": "true" }),
        el("div", {}, this.team, this.status),
      ),
      el(
        "section",
        { class: "you", "aria-label": "You are" },
        el("p", { class: "eyebrow" }, "You are"),
        this.people,
        this.person,
      ),
      this.places,
      el("footer", { class: "sidebar-foot" }, this.links, this.faults.node),
    );
    this.places.addEventListener("keydown", (event) => moveFocus(event, [...this.places.querySelectorAll(".place")]));
    this.people.addEventListener("keydown", (event) =>
      moveFocus(event, [...this.people.querySelectorAll("button")], { horizontal: true }),
    );
    for (const topic of ["state", "place", "me", "linked"]) store.on(topic, () => this.draw());
  }

  draw() {
    const focused = document.activeElement?.dataset?.focus;
    this.team.textContent = this.#store.team?.name ?? "Sandbox";
    this.#drawStatus();
    this.#drawPeople();
    this.#drawPlaces();
    this.#drawLinks();
    if (focused && !document.activeElement?.dataset?.focus)
      this.node.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  #drawStatus() {
    const { app, linked } = this.#store;
    const words = !linked
      ? "Reconnecting …"
      : app.connected
        ? `${app.name} is connected`
        : `${app.name} is not connected`;
    this.status.classList.toggle("is-off", !linked || !app.connected);
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  #drawPeople() {
    const { me, people } = this.#store;
    this.people.replaceChildren(
      ...people.map((member) => {
        const label = [`Be ${member.real_name || member.name}`, member.title].filter(Boolean).join(", ");
        return el(
          "button",
          {
            type: "button",
            class: "person-button",
            "aria-pressed": String(member.id === me),
            "aria-label": label,
            title: label,
            tabindex: member.id === me ? "0" : "-1",
            "data-focus": `person ${member.id}`,
            onclick: () => this.#store.becomeMember(member.id),
          },
          avatar(member),
          el("span", { class: "first-name", "aria-hidden": "true" }, (member.real_name || member.name).split(" ")[0]),
        );
      }),
    );
    const self = this.#store.findMember(me);
    const marks = [self?.is_admin ? "admin" : null, self?.is_guest ? "guest" : null].filter(Boolean).join(", ");
    this.person.replaceChildren(
      el("strong", {}, self?.real_name || self?.name || ""),
      el("span", {}, [self?.title, marks].filter(Boolean).join(" · ")),
    );
  }

  #drawPlaces() {
    const { channels, app } = this.#store;
    const rooms = channels.filter((channel) => !channel.is_im);
    const direct = channels.find((channel) => this.#store.isWithApp(channel));
    const others = channels.filter((channel) => channel.is_im && channel !== direct);
    const home = app.home_enabled === false ? null : this.#place({ id: HOME, sign: icon("home"), label: "Home" });
    const messages = direct
      ? this.#place({ id: direct.id, sign: icon("chat"), label: "Messages", unread: direct.unread })
      : this.#place({ id: "direct", sign: icon("chat"), label: "Messages", open: () => this.#openDirect() });
    this.places.replaceChildren(
      el("h2", { class: "eyebrow" }, "Slack channels"),
      ...rooms.map((channel) => this.#channel(channel)),
      others.length ? el("h2", { class: "eyebrow" }, "Direct messages") : "",
      ...others.map(({ id, name, unread }) => this.#place({ id, sign: icon("chat"), label: name, unread })),
      el("h2", { class: "eyebrow" }, "App"),
      el(
        "div",
        { class: "app-name" },
        avatar({ is_bot: true, color: this.#appColour() }, "is-tiny"),
        app.name,
        el("span", { class: "badge" }, "APP"),
      ),
      ...[home, messages].filter(Boolean),
    );
    const current = this.places.querySelector("[aria-current]") ?? this.places.querySelector(".place");
    if (current) current.tabIndex = 0;
  }

  #appColour() {
    return this.#store.findMember(this.#store.app.bot_member_id)?.color;
  }

  #channel(channel) {
    const { id, name, unread, is_private: isPrivate, is_member: isMember } = channel;
    const sign = icon(isPrivate ? "lock" : "hash");
    return this.#place({
      id,
      sign,
      label: name,
      unread,
      faint: isMember === false,
      kind: isPrivate ? "private Slack channel" : "Slack channel",
    });
  }

  #place({ id, sign, label, unread = 0, faint = false, kind = null, open = null }) {
    const current = id === this.#store.place;
    const count = Number(unread) || 0;
    const kinds = ["place", count ? "is-unread" : "", faint ? "is-faint" : ""].join(" ");
    return el(
      "button",
      {
        type: "button",
        class: kinds,
        tabindex: "-1",
        "aria-current": current ? "page" : null,
        "data-focus": `place ${id}`,
        "data-place": id,
        title: kind ? `${label} (${kind})` : label,
        onclick: open ?? (() => this.#store.openChannel(id)),
      },
      sign,
      el("span", { class: "place-name" }, label),
      count ? unreadBadge(count) : null,
    );
  }

  async #openDirect() {
    const answer = await this.#store.act("open_im", { member: this.#store.app.bot_member_id });
    if (answer.ok === false) return;
    await this.#store.refreshState();
    this.#store.openChannel(answer.channel?.id ?? answer.channel);
  }

  #drawLinks() {
    const { side } = this.#store;
    this.links.replaceChildren(
      ...sidePlaces(this.#store).map(({ key, label, hint, sign, url }) =>
        el(
          "div",
          { class: "link-card" },
          el(
            "button",
            {
              type: "button",
              class: "link-open",
              "aria-pressed": String(side === key),
              "data-focus": `side ${key}`,
              onclick: () => this.#store.openSide(side === key ? null : key),
            },
            icon(sign),
            el("span", {}, el("strong", {}, label), el("small", {}, hint)),
          ),
          el(
            "a",
            {
              class: "icon-button",
              href: url,
              target: "_blank",
              rel: "noopener",
              "aria-label": `${label} in a new tab`,
              title: "Open in a new tab",
            },
            icon("out"),
          ),
        ),
      ),
    );
  }
}

export const MAILBOX = "mailbox";
export const SOCIAL = "social";

function isMailbox(link) {
  return /mail/i.test(link.label) || /\/mailbox\/?$/.test(link.url);
}

// What the side view can show: each link of the sandbox, and always the mailbox.
export function sidePlaces(store) {
  const links = store.links.filter((link) => !isMailbox(link) && /^https?:/.test(link.url));
  const outside = links.map(({ label, url }) => ({
    key: label,
    label,
    url,
    sign: "globe",
    hint: url.replace(/^https?:\/\//, "").replace(/\/$/, ""),
  }));
  const social = new URL("/social", window.location.href).href;
  return [
    ...outside,
    { key: SOCIAL, label: "Social", url: social, sign: "chat", hint: "Be a customer who writes" },
    { key: MAILBOX, label: "Mailbox", url: "/#side=mailbox", sign: "mail", hint: "What subscribers receive" },
  ];
}
