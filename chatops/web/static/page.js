// Local times on hover, "5 minutes ago", and a quiet refresh. The page is complete without it.
(() => {
  "use strict";
  const EVERY_MS = 20000;
  const LONGEST_MS = 300000;
  const DAY_MS = 86400000;
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  let etag = null;
  let failures = 0;
  let timer = 0;

  function wordAge(ms) {
    const minutes = Math.floor(ms / 60000);
    if (minutes < 1) return "just now";
    return minutes < 60 ? relative.format(-minutes, "minute") : relative.format(-Math.floor(minutes / 60), "hour");
  }

  function dressTimes() {
    for (const time of document.querySelectorAll("main time[datetime*=T]")) {
      const at = new Date(time.dateTime);
      time.title = local.format(at);
      if (!("ago" in time.dataset)) continue;
      const age = Date.now() - at.getTime();
      let note = time.nextElementSibling;
      if (!note || !note.classList.contains("ago")) {
        note = document.createElement("span");
        note.className = "ago";
        time.after(note);
      }
      // A clock that is wrong, or a replay of another year, gets no age.
      note.textContent = age > -60000 && age < DAY_MS ? ` · ${wordAge(age)}` : "";
    }
  }

  function swap(fresh) {
    const main = document.querySelector("main");
    const known = new Set(Array.from(main.querySelectorAll(".update[id]"), (each) => each.id));
    const focused = document.activeElement && main.contains(document.activeElement) ? document.activeElement : null;
    const href = focused && focused.getAttribute("href");
    main.replaceWith(fresh);
    for (const each of fresh.querySelectorAll(".update[id]")) {
      if (!known.has(each.id)) each.classList.add("fresh");
    }
    if (href) {
      const again = Array.from(fresh.querySelectorAll("a")).find((each) => each.getAttribute("href") === href);
      if (again) again.focus({ preventScroll: true });
    }
    document.getElementById("live").textContent = `Updated: ${fresh.dataset.headline}`;
    dressTimes();
  }

  function take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.querySelector("main");
    if (!fresh || fresh.dataset.digest === document.querySelector("main").dataset.digest) return;
    document.title = page.title;
    const icon = page.querySelector("link[rel=icon]");
    if (icon) document.querySelector("link[rel=icon]").href = icon.getAttribute("href");
    swap(document.importNode(fresh, true));
  }

  async function poll() {
    try {
      const answer = await fetch(location.pathname, { headers: etag ? { "If-None-Match": etag } : {} });
      if (answer.status === 200) {
        take(await answer.text());
        etag = answer.headers.get("ETag");
      }
      failures = answer.status < 500 ? 0 : failures + 1;
    } catch {
      failures += 1;
    }
    plan();
  }

  function plan() {
    clearTimeout(timer);
    if (document.hidden) return;
    // Spread out, so that a thousand readers do not ask in the same second.
    timer = setTimeout(poll, Math.min(LONGEST_MS, EVERY_MS * 2 ** failures) * (0.8 + 0.4 * Math.random()));
  }

  for (const each of document.querySelectorAll(".js-only")) each.hidden = false;
  dressTimes();
  setInterval(dressTimes, 30000);
  if ("live" in document.querySelector("main").dataset) {
    document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
    plan();
  }
})();
