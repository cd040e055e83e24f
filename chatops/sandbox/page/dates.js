// Slack timestamps as words for people, in the time zone of the browser.

const DAY_MS = 86_400_000;

export function dateOf(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

export function formatTime(date, seconds = false) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined });
}

export function formatMoment(date) {
  return date.toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
}

function daysAgo(date) {
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  return Math.round((midnight(new Date()) - midnight(date)) / DAY_MS);
}

function relativeDay(date) {
  return { 0: "Today", 1: "Yesterday", [-1]: "Tomorrow" }[daysAgo(date)] ?? null;
}

export function formatDay(date) {
  const withYear = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return (
    relativeDay(date) ?? date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: withYear })
  );
}

export function formatAgo(date) {
  const seconds = (Date.now() - date.getTime()) / 1000;
  const units = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat([], { numeric: "auto" }).format(-Math.round(seconds / length), unit);
}

const DATE_TOKENS = {
  date_num: (date) => date.toLocaleDateString("sv"),
  date: (date) => date.toLocaleDateString([], { dateStyle: "long" }),
  date_short: (date) => date.toLocaleDateString([], { dateStyle: "medium" }),
  date_long: (date) => date.toLocaleDateString([], { dateStyle: "full" }),
  date_pretty: (date) => relativeDay(date)?.toLowerCase() ?? DATE_TOKENS.date(date),
  date_short_pretty: (date) => relativeDay(date)?.toLowerCase() ?? DATE_TOKENS.date_short(date),
  date_long_pretty: (date) => relativeDay(date)?.toLowerCase() ?? DATE_TOKENS.date_long(date),
  time: (date) => formatTime(date),
  time_secs: (date) => formatTime(date, true),
  ago: (date) => formatAgo(date),
};

// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
export function formatSlackDate(unixSeconds, format) {
  const date = new Date(unixSeconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, token) => DATE_TOKENS[token]?.(date) ?? whole);
}
