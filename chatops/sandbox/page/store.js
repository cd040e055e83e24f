// What the page knows: people, Slack channels, messages, and what is open now.

import { actInSandbox, readSandbox } from "./api.js";

const GATHER_MS = 40;
export const HOME = "home";

export class Store {
  me = null;
  team = { name: "Sandbox" };
  members = [];
  channels = [];
  commands = [];
  shortcuts = [];
  links = [];
  faults = {};
  app = { name: "App", connected: false };
  place = null;
  threadTs = null;
  side = null;
  messages = null;
  replies = null;
  home = null;
  view = null;
  linked = true;
  #listeners = new Map();
  #timers = new Map();
  #stateKey = null;
  #homesHeard = 0;
  #asked = 0;
  #answered = new Map();

  on(topic, listener) {
    if (!this.#listeners.has(topic)) this.#listeners.set(topic, []);
    this.#listeners.get(topic).push(listener);
  }

  tell(topic, value) {
    for (const listener of this.#listeners.get(topic) ?? []) listener(value);
  }

  findMember(id) {
    return this.members.find((member) => member.id === id) ?? null;
  }

  findChannel(id) {
    return this.channels.find((channel) => channel.id === id) ?? null;
  }

  get people() {
    return this.members.filter((member) => !member.is_bot);
  }

  get globalShortcuts() {
    return this.shortcuts.filter((shortcut) => shortcut.type !== "message");
  }

  get messageShortcuts() {
    return this.shortcuts.filter((shortcut) => shortcut.type === "message");
  }

  // Direct messages with the app; a sandbox that names no members has no other direct messages.
  isWithApp(channel) {
    return Boolean(channel?.is_im) && (channel.member_ids?.includes(this.app.bot_member_id) ?? true);
  }

  channelLabel(channel) {
    return this.isWithApp(channel) ? this.app.name : (channel?.name ?? "");
  }

  async act(what, fields = {}) {
    const me = this.me;
    const answer = await actInSandbox(me, what, fields);
    if (answer.ok === false && me === this.me) this.tell("refused", answer.error || "That did not work.");
    return answer;
  }

  async becomeMember(id) {
    if (!id || id === this.me) return;
    Object.assign(this, { me: id, messages: null, replies: null, home: null, view: null });
    this.tell("me");
    await this.refreshAll();
  }

  async refreshAll() {
    await this.refreshState();
    await Promise.all([this.refreshMessages(), this.refreshReplies(), this.refreshView(), this.refreshHome()]);
  }

  // An answer is of no use once one has become somebody else, or once a later question was answered first.
  async #read(what, query = {}) {
    const me = this.me;
    const kind = query.thread_ts ? "replies" : what;
    const turn = (this.#asked += 1);
    const answer = await readSandbox(what, { as: me, ...query });
    if (me !== this.me || answer.ok === false || turn < (this.#answered.get(kind) ?? 0)) return null;
    this.#answered.set(kind, turn);
    return answer;
  }

  async refreshState() {
    const answer = await this.#read("state");
    if (!answer) return;
    // Most readings bring nothing new, and a redrawn list is unkind to whoever points at it.
    const key = JSON.stringify([this.me, this.place, answer]);
    if (key === this.#stateKey) return;
    this.#stateKey = key;
    const { team, members, channels, commands, shortcuts, app, links, faults } = answer;
    Object.assign(this, { team, members, commands, shortcuts, app, links: links ?? [], faults: faults ?? {} });
    this.channels = (channels ?? []).map((channel) => ({
      ...channel,
      unread: channel.id === this.place ? 0 : channel.unread,
    }));
    if (this.place !== HOME && !this.findChannel(this.place)) this.#openFirstPlace();
    this.tell("state");
  }

  #openFirstPlace() {
    const channel = this.channels.find((each) => each.is_member && !each.is_im) ?? this.channels[0];
    Object.assign(this, { place: channel?.id ?? HOME, threadTs: null, messages: null });
    this.tell("place");
  }

  async refreshMessages() {
    const place = this.place;
    if (!place || place === HOME) return;
    const answer = await this.#read("messages", { channel: place });
    if (!answer || place !== this.place) return;
    this.messages = answer.messages ?? [];
    this.tell("messages");
  }

  async refreshReplies() {
    const { place, threadTs } = this;
    if (!threadTs || place === HOME) return;
    const answer = await this.#read("messages", { channel: place, thread_ts: threadTs });
    if (!answer || threadTs !== this.threadTs) return;
    this.replies = answer.messages ?? [];
    this.tell("replies");
  }

  async refreshView() {
    const answer = await this.#read("view");
    if (answer) this.showView(answer.view, answer.stack);
  }

  async refreshHome({ open = false } = {}) {
    if (this.place !== HOME) return;
    const heard = this.#homesHeard;
    const answer = await this.#read("home", open ? { open: 1 } : {});
    // The app may publish while this answer is on its way; then the live news is the newer one.
    if (answer && heard === this.#homesHeard) this.showHome(answer.view);
  }

  showView(view, stack = []) {
    this.view = view ?? null;
    this.tell("view", { view: this.view, stack: stack ?? [] });
  }

  showHome(view) {
    this.home = view ?? null;
    this.tell("home");
  }

  openChannel(id) {
    if (id === this.place) return this.tell("place");
    Object.assign(this, { place: id, threadTs: null, messages: null, replies: null });
    const channel = this.findChannel(id);
    if (channel) channel.unread = 0;
    this.#stateKey = null;
    this.tell("place");
    this.tell("state");
    if (id === HOME) return this.refreshHome({ open: true });
    return this.refreshMessages();
  }

  openThread(ts) {
    Object.assign(this, { threadTs: ts, replies: null });
    this.tell("place");
    return this.refreshReplies();
  }

  closeThread() {
    Object.assign(this, { threadTs: null, replies: null });
    this.tell("place");
  }

  openSide(name) {
    this.side = name;
    this.tell("place");
  }

  // A busy incident makes many events at once; one reading per moment is enough for all of them.
  soon(key, work) {
    if (this.#timers.has(key)) return;
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        work();
      }, GATHER_MS),
    );
  }

  hear(event) {
    const here = event.channel === this.place;
    if (["message", "message_changed", "message_deleted", "ephemeral", "reaction"].includes(event.type)) {
      if (here) this.#rereadHere();
      if (event.type === "message" || event.type === "ephemeral") this.#noteNewMessage(event, here);
    }
    if (event.type === "view") this.soon("view", () => this.refreshView());
    if (event.type === "home") this.#homesHeard += 1;
    if (event.type === "home" && this.place === HOME) this.showHome(event.view);
    if (event.type === "channels") this.soon("state", () => this.refreshState());
    if (event.type === "notice") this.tell("notice", event.text);
    if (event.type === "mail") this.tell("mail", event.id);
  }

  #rereadHere() {
    this.soon("messages", () => this.refreshMessages());
    if (this.threadTs) this.soon("replies", () => this.refreshReplies());
  }

  #noteNewMessage(event, here) {
    const message = event.message ?? {};
    if (message.user === this.me) return;
    this.tell("arrived", { channel: event.channel, message, here });
    if (here || (message.thread_ts && message.thread_ts !== message.ts)) return;
    const channel = this.findChannel(event.channel);
    if (!channel) return this.soon("state", () => this.refreshState());
    channel.unread = (Number(channel.unread) || 0) + 1;
    this.#stateKey = null;
    this.tell("state");
  }
}
