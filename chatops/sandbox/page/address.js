// Who one is and what is open, kept in the address so that two tabs can be two people.

export function readAddress(address = window.location.href) {
  const url = new URL(address);
  const hash = new URLSearchParams(url.hash.slice(1));
  const query = url.searchParams;
  const read = (key) => hash.get(key) ?? query.get(key);
  return { me: read("as"), place: read("at"), threadTs: read("thread"), side: read("side") };
}

export function writeAddress({ me, place, threadTs, side }) {
  const parts = { as: me, at: place, thread: threadTs, side };
  const known = Object.entries(parts).filter(([, value]) => value);
  const hash = `#${new URLSearchParams(known)}`;
  if (hash !== window.location.hash) history.replaceState(null, "", window.location.pathname + hash);
}
