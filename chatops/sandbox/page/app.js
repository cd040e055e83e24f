// Puts the page together and keeps it in step with the sandbox.

import { readSandbox } from "./api.js";
import { readAddress, writeAddress } from "./address.js";
import { ChannelPane } from "./channel.js";
import { el } from "./dom.js";
import { Live } from "./live.js";
import { authorOf } from "./message.js";
import { Modal } from "./modal.js";
import { showNotice } from "./popup.js";
import { SideView } from "./side.js";
import { Sidebar } from "./sidebar.js";
import { HOME, Store } from "./store.js";
import { ThreadPane } from "./thread.js";

const STATE_EVERY_MS = 4000;

function announce(words) {
  document.querySelector("#announcer").textContent = words;
}

function announceMessage(store, { message, channel, here }) {
  const author = authorOf(message, store);
  const where = here ? "" : ` in ${store.channelLabel(store.findChannel(channel))}`;
  announce(`${author.real_name || author.name}${where}: ${String(message.text ?? "").slice(0, 200)}`);
}

function buildPage(store) {
  const panes = {
    sidebar: new Sidebar(store),
    channel: new ChannelPane(store),
    thread: new ThreadPane(store),
    side: new SideView(store),
  };
  const page = el(
    "div",
    { class: "page" },
    panes.sidebar.node,
    // A narrow window hides the channel behind its thread, so the main part holds both.
    el("main", { class: "panes", id: "main" }, panes.channel.node, panes.thread.node),
    panes.side.node,
  );
  document.querySelector(".skip").addEventListener("click", (event) => skipTo(event, panes));
  store.on("place", () => {
    page.classList.toggle("has-thread", Boolean(store.threadTs));
    page.classList.toggle("has-side", Boolean(store.side));
  });
  document.querySelector("#root").replaceChildren(page);
  new Modal(store);
}

// The address after # says who and where one is, so the link must not be followed.
function skipTo(event, panes) {
  event.preventDefault();
  const shown = [panes.thread, panes.channel, panes.side].find((pane) => pane.node.checkVisibility());
  const stop = '.message[tabindex="0"], .home button, textarea, [role="tab"][aria-selected="true"]';
  shown?.node.querySelector(stop)?.focus();
}

function keepAddress(store) {
  const write = () => {
    writeAddress(store);
    const person = store.findMember(store.me)?.real_name;
    const place = store.place === HOME ? "Home" : store.channelLabel(store.findChannel(store.place));
    document.title = [place, person, store.team?.name].filter(Boolean).join(" · ");
  };
  for (const topic of ["me", "place", "state"]) store.on(topic, write);
  // By the time this is heard, a redrawing may have written the former address again.
  window.addEventListener("hashchange", (event) => followAddress(store, event.newURL));
}

async function followAddress(store, address) {
  const { me, place, threadTs, side } = readAddress(address);
  await store.becomeMember(me);
  if (place && place !== store.place) await store.openChannel(place);
  if (threadTs && threadTs !== store.threadTs) await store.openThread(threadTs);
  if (side !== store.side) store.openSide(side);
}

function connect(store) {
  const live = new Live({
    heard: (event) => store.hear(event),
    linked: (linked) => {
      store.linked = linked;
      store.tell("linked");
      // What happened while the line was cut can only be read, not heard.
      if (linked) store.refreshAll();
    },
  });
  store.on("me", () => live.follow(store.me));
  // That the app came or went is told by nobody, so the page asks now and then.
  setInterval(() => store.linked && !document.hidden && store.refreshState(), STATE_EVERY_MS);
}

// Without a name in the address one is the first person of the workspace.
async function findFirstMember() {
  const state = await readSandbox("state");
  if (state.ok === false && !state.members) throw new Error(state.error);
  return state.me ?? state.members?.find((member) => !member.is_bot)?.id;
}

async function start() {
  const store = new Store();
  window.addEventListener("unhandledrejection", (event) =>
    showNotice(`Something broke in this page: ${event.reason}`, { bad: true }),
  );
  buildPage(store);
  connect(store);
  store.on("notice", (text) => showNotice(text, { bad: true }));
  store.on("refused", (text) => showNotice(text, { bad: true }));
  store.on("arrived", (news) => announceMessage(store, news));
  store.on("me", () => document.querySelector("#notices").replaceChildren());
  const { me, place, threadTs, side } = readAddress();
  Object.assign(store, { place, threadTs, side });
  keepAddress(store);
  try {
    await store.becomeMember(me ?? (await findFirstMember()));
    store.tell("place");
    if (store.place === HOME) await store.refreshHome({ open: true });
  } catch (error) {
    showNotice(error.message, { bad: true });
  }
}

start();
