"""Where a revision will stand: each outlet with its account, its length, and what it costs."""

from collections.abc import Sequence

from chatops.domain.records import OutletWords
from chatops.domain.update import Revision
from chatops.domain.wording import OutletSpec
from chatops.slack.mrkdwn import cut, escape

LABEL_CHARS = 60
JOINER = "\n"
ACCOUNT_CHARS = 80


def list_outlet_lines(revision: Revision, specs: Sequence[OutletSpec]) -> list[str]:
    """Escaped: `• *Mastodon* @acme — 212 of 500 characters`."""
    return [f"• {_line(words, find_spec(specs, words.outlet))}" for words in revision.words]


def find_spec(specs: Sequence[OutletSpec], outlet: str) -> OutletSpec | None:
    """None where the outlet was taken out of the settings since."""
    return next((spec for spec in specs if spec.key == outlet), None)


def label_of(specs: Sequence[OutletSpec], outlet: str) -> str:
    """Not escaped."""
    spec = find_spec(specs, outlet)
    return spec.label if spec else outlet


def _line(words: OutletWords, spec: OutletSpec | None) -> str:
    label = cut(escape(spec.label if spec else words.outlet), LABEL_CHARS)
    account = f" {cut(escape(words.account), ACCOUNT_CHARS)}" if words.account else ""
    cost = f" · {cut(escape(spec.cost(JOINER.join(words.parts))), LABEL_CHARS)}" if spec and spec.cost else ""
    return f"*{label}*{account} — {word_length(words, spec)}{cost}"


def word_length(words: OutletWords, spec: OutletSpec | None) -> str:
    """As the network counts: `212 of 500 characters`, `2 posts: 498 + 112 of 500 characters each`."""
    lengths = [spec.limits.count(part) if spec else len(part) for part in words.parts]
    most = f" of {spec.limits.max_chars:,}" if spec else ""
    if len(lengths) == 1:
        return f"{lengths[0]:,}{most} characters"
    counts = cut(" + ".join(f"{length:,}" for length in lengths), LABEL_CHARS)
    return f"{len(lengths)} posts: {counts}{most} characters each"
