// The live connection to the sandbox, which comes back by itself after every break.

import { liveAddress } from "./api.js";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 5000;

export class Live {
  #socket = null;
  #timer = null;
  #pauseMs = FIRST_PAUSE_MS;
  #me = null;

  // `heard` gets each event, `linked` is told true or false as the connection comes and goes.
  constructor({ heard, linked }) {
    this.heard = heard;
    this.linked = linked;
  }

  follow(me) {
    this.#me = me;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    const former = this.#socket;
    const socket = new WebSocket(liveAddress(this.#me));
    this.#socket = socket;
    former?.close();
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => socket === this.#socket && this.#read(event.data);
    socket.onclose = () => this.#closed(socket);
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.linked(true);
  }

  #read(data) {
    try {
      this.heard(JSON.parse(data));
    } catch (error) {
      console.error("A live event could not be shown", error);
    }
  }

  // A socket that a newer one has replaced must not start a second line of attempts.
  #closed(socket) {
    if (socket !== this.#socket) return;
    this.linked(false);
    this.#timer = setTimeout(() => this.#connect(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
