// The page's requests to the sandbox; a failure becomes an answer that a person can read.

const NO_ANSWER = "The sandbox did not answer. Is it still running?";

async function readJson(path, options) {
  try {
    const response = await fetch(path, { cache: "no-store", ...options });
    const answer = await response.json();
    return response.ok || answer.error
      ? answer
      : { ...answer, ok: false, error: `The sandbox answered ${response.status}.` };
  } catch {
    return { ok: false, error: NO_ANSWER };
  }
}

export function readSandbox(what, query = {}) {
  const known = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return readJson(`/sandbox/${what}?${new URLSearchParams(known)}`);
}

export function actInSandbox(me, what, fields) {
  const body = JSON.stringify({ ...fields, as: me, do: what });
  return readJson("/sandbox/act", { method: "POST", headers: { "content-type": "application/json" }, body });
}

export function readMailbox() {
  return readJson("/mailbox/messages");
}

// As a customer at a mail program; `to` is where the letter wants its answers.
export function replyToLetter(id, fields) {
  const path = `/mailbox/messages/${encodeURIComponent(id)}/reply`;
  const body = JSON.stringify(fields);
  return readJson(path, { method: "POST", headers: { "content-type": "application/json" }, body });
}

export function liveAddress(me) {
  const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${window.location.host}/sandbox/live?as=${encodeURIComponent(me)}`;
}
