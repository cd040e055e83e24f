// The social networks in the browser: a tab for each, its posts as threads, live, and faults to try.

import { el, icon, moveFocus } from "../dom.js";
import { SocialComposer } from "./composer.js";
import { postNode } from "./post.js";

const GATHER_MS = 60;
const AGAIN_MS = 1500;
const AGES_EVERY_MS = 30_000;
const DEPTH_MOST = 4;

async function readJson(path, options) {
  try {
    const response = await fetch(path, { cache: "no-store", ...options });
    return await response.json();
  } catch {
    return { ok: false, error: "The sandbox did not answer. Is it still running?" };
  }
}

function sendJson(path, body) {
  return readJson(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

class SocialPage {
  #networks = [];
  #current = null;
  #posts = [];
  #unread = new Map();
  #timer = null;
  #asked = 0;

  constructor() {
    this.tabs = el("div", { class: "social-tabs", role: "tablist", "aria-label": "Networks" });
    this.facts = el("p", { class: "muted social-facts" });
    this.faults = el("div", { class: "fault-buttons" });
    this.faultMark = el("span", { class: "fault-mark" });
    this.feed = el("div", { id: "feed", class: "social-feed", tabindex: "-1" });
    this.composer = new SocialComposer({ send: (wish) => this.#send(wish) });
    this.panel = el(
      "section",
      { class: "social-panel", role: "tabpanel", "aria-label": "Posts" },
      this.composer.node,
      el(
        "details",
        { class: "social-faults" },
        el("summary", {}, icon("warning"), "Faults of this network ", this.faultMark),
        this.faults,
      ),
      this.facts,
      this.feed,
    );
    this.tabs.addEventListener("keydown", (event) =>
      moveFocus(event, [...this.tabs.querySelectorAll("[role=tab]")], { horizontal: true }),
    );
    document.querySelector("#root").replaceChildren(this.tabs, this.panel);
  }

  async start() {
    await this.refresh();
    window.addEventListener("hashchange", () => this.#open(this.#wanted()));
    setInterval(() => document.hidden || this.#drawFeed(), AGES_EVERY_MS);
    this.#listen();
  }

  #wanted() {
    const name = decodeURIComponent(window.location.hash.slice(1).split("/")[0]);
    return this.#networks.find((network) => network.name === name) ?? this.#networks[0];
  }

  async refresh() {
    const { networks } = await readJson("/social/state");
    if (!networks) return;
    this.#networks = networks;
    const network = networks.find((each) => each.name === this.#current) ?? this.#wanted();
    if (network.name !== this.#current) return this.#open(network);
    this.#drawTabs();
    this.#drawFacts(network);
    await this.#readPosts();
  }

  async #open(network) {
    if (!network || network.name === this.#current) return;
    this.#current = network.name;
    this.#unread.delete(network.name);
    this.#posts = [];
    this.composer.follow(network);
    this.#drawTabs();
    this.#drawFacts(network);
    await this.#readPosts();
  }

  async #readPosts() {
    const turn = (this.#asked += 1);
    const { posts } = await readJson(`/social/${this.#current}/posts`);
    // A later question may have been answered first.
    if (!posts || turn !== this.#asked) return;
    this.#posts = posts;
    this.#drawFeed();
  }

  get #network() {
    return this.#networks.find((network) => network.name === this.#current);
  }

  #drawTabs() {
    const focused = document.activeElement?.dataset?.tab;
    this.tabs.replaceChildren(
      ...this.#networks.map(({ name, label }) => {
        const selected = name === this.#current;
        const news = this.#unread.get(name)?.size;
        return el(
          "button",
          {
            type: "button",
            role: "tab",
            "aria-selected": String(selected),
            tabindex: selected ? "0" : "-1",
            "data-tab": name,
            onclick: () => {
              window.location.hash = name;
            },
          },
          label,
          news ? el("span", { class: "count" }, el("span", { class: "visually-hidden" }, "new: "), String(news)) : null,
        );
      }),
    );
    if (focused) this.tabs.querySelector(`[data-tab="${CSS.escape(focused)}"]`)?.focus();
  }

  #drawFacts(network) {
    const words = [`We are @${network.account.handle}`, ...network.facts];
    if (!network.takes_customers) words.push("customers cannot write here");
    this.facts.textContent = words.join(" · ");
    const focused = document.activeElement?.dataset?.fault;
    this.faultMark.textContent = Object.values(network.faults).some((fault) => fault.on) ? "on" : "";
    const buttons = Object.entries(network.faults).map(([name, { on, description }]) =>
      el(
        "button",
        {
          type: "button",
          class: "fault",
          title: description,
          "aria-pressed": String(on),
          "data-fault": name,
          onclick: () => this.#fault(name, !on),
        },
        on ? icon("check") : null,
        name,
      ),
    );
    this.faults.replaceChildren(...buttons);
    if (focused) this.faults.querySelector(`[data-fault="${CSS.escape(focused)}"]`)?.focus();
  }

  #drawFeed() {
    const network = this.#network;
    const byId = new Map(this.#posts.map((post) => [post.id, post]));
    const below = Map.groupBy ? Map.groupBy(this.#posts, (post) => post.parent_id) : groupByParent(this.#posts);
    const settings = { network, find: (id) => byId.get(id), act: (key, post) => this.#act(key, post) };
    const branch = (post, depth) => [
      postNode(post, { ...settings, depth }),
      (below.get(post.id) ?? []).length
        ? el(
            "div",
            { class: depth < DEPTH_MOST ? "replies" : "replies is-flat" },
            below.get(post.id).map((reply) => branch(reply, depth + 1)),
          )
        : null,
    ];
    const roots = [...(below.get(null) ?? [])].reverse();
    const open = [...this.feed.querySelectorAll("details[open]")].map((node) => node.dataset.keep);
    const focused = document.activeElement?.dataset?.focus;
    this.feed.replaceChildren(
      ...(roots.length
        ? roots.map((root) => el("section", { class: "thread-card" }, branch(root, 0)))
        : [el("p", { class: "social-empty" }, `Nothing on ${network.label} yet. What is published shows here at once.`)]),
    );
    for (const node of this.feed.querySelectorAll("details")) node.open = open.includes(node.dataset.keep);
    if (focused) this.feed.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  async #act(key, post) {
    if (key === "reply" || key === "quote" || key === "edit") return this.composer.choose(key, post);
    const answer = await this.#send({ do: key, id: post.id, ...this.composer.person });
    if (answer.ok === false) this.composer.problem.textContent = answer.error;
  }

  #send(wish) {
    return sendJson(`/social/${this.#current}/customer`, wish);
  }

  // The switches belong to the workspace's own page, where every act has somebody who does it.
  async #fault(name, on) {
    const { me } = await readJson("/sandbox/state");
    const answer = await sendJson("/sandbox/act", { as: me, do: "fault", network: this.#current, name, on });
    if (answer.ok === false) this.composer.problem.textContent = answer.error;
    await this.refresh();
  }

  #listen() {
    const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${window.location.host}/social/live`);
    socket.onopen = () => this.#soon();
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    socket.onclose = () => setTimeout(() => this.#listen(), AGAIN_MS);
  }

  #hear({ network, id, is_ours: isOurs }) {
    if (network !== this.#current) {
      this.#unread.set(network, (this.#unread.get(network) ?? new Set()).add(id));
      this.#drawTabs();
      return;
    }
    if (isOurs) document.querySelector("#announcer").textContent = "We have posted something.";
    this.#soon();
  }

  // Many changes at once are one reading.
  #soon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.refresh();
    }, GATHER_MS);
  }
}

function groupByParent(posts) {
  const groups = new Map();
  for (const post of posts) groups.set(post.parent_id, [...(groups.get(post.parent_id) ?? []), post]);
  return groups;
}

new SocialPage().start();
