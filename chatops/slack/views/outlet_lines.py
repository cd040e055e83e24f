"""Where a revision will stand and what happens there: each outlet with its account, its length, and what it costs."""

from collections import Counter
from collections.abc import Sequence

from chatops.domain.ids import PAGE
from chatops.domain.records import OutletWords, Purpose
from chatops.domain.update import Revision
from chatops.domain.wording import OutletSpec
from chatops.slack import icons
from chatops.slack.mrkdwn import cut, escape

LABEL_CHARS = 60
COST_CHARS = 90
ACCOUNT_CHARS = 80


def list_outlet_lines(revision: Revision, specs: Sequence[OutletSpec]) -> list[str]:
    """Escaped: `• *Mastodon* @acme — 212 of 500 characters`."""
    return [f"• {_line(words, find_spec(specs, words.outlet), revision.purpose)}" for words in revision.words]


def word_purpose(revision: Revision) -> str:
    """`Identified`, or `Correction of update 2`."""
    if revision.purpose is Purpose.UPDATE:
        return icons.word_status(revision.status)
    return f"{revision.purpose.value.capitalize()} of update {revision.of_update}"


def word_fate(words: OutletWords, purpose: Purpose) -> str:
    """What happens there once it is approved; empty for news, which is just posted."""
    match words.action:
        case "edit":
            is_retraction = purpose is Purpose.RETRACTION
            return "these words in its place: it cannot be removed" if is_retraction else "edited in place"
        case "retract":
            return "these words in its place, marked as retracted" if words.outlet == PAGE else "taken away"
        case "post":
            return "" if purpose is Purpose.UPDATE else "a new post that says what it replaces"


def find_spec(specs: Sequence[OutletSpec], outlet: str) -> OutletSpec | None:
    """None where the outlet was taken out of the settings since."""
    return next((spec for spec in specs if spec.key == outlet), None)


def label_of(specs: Sequence[OutletSpec], outlet: str) -> str:
    """Not escaped."""
    spec = find_spec(specs, outlet)
    return spec.label if spec else outlet


def _line(words: OutletWords, spec: OutletSpec | None, purpose: Purpose) -> str:
    label = cut(escape(spec.label if spec else words.outlet), LABEL_CHARS)
    account = f" {cut(escape(words.account), ACCOUNT_CHARS)}" if words.account else ""
    told = [word_fate(words, purpose), word_length(words, spec), _word_cost(words, spec)]
    if words.fallback:
        told.append("other words where our thread is refused, see `Preview`")
    return f"*{label}*{account} — {' · '.join(text for text in told if text)}"


def _word_cost(words: OutletWords, spec: OutletSpec | None) -> str:
    """Each part is a post with a price of its own."""
    if spec is None or spec.cost is None or words.action == "retract":
        return ""
    prices = Counter(spec.cost(part) for part in words.parts)
    text = " + ".join(f"{count} × {price}" if len(words.parts) > 1 else price for price, count in prices.items())
    return cut(escape(text), COST_CHARS)


def word_length(words: OutletWords, spec: OutletSpec | None) -> str:
    """As the network counts: `212 of 500 characters`, `2 posts: 498 + 112 of 500 characters each`."""
    if words.action == "retract" and words.outlet != PAGE:
        return f"{len(words.parts)} posts" if len(words.parts) > 1 else ""
    lengths = [spec.limits.count(part) if spec else len(part) for part in words.parts]
    most = f" of {spec.limits.max_chars:,}" if spec else ""
    if len(lengths) == 1:
        return f"{lengths[0]:,}{most} characters"
    counts = cut(" + ".join(f"{length:,}" for length in lengths), LABEL_CHARS)
    return f"{len(lengths)} posts: {counts}{most} characters each"
