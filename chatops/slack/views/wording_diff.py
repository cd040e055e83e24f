"""What changed between two revisions, briefly: the old words struck, the new ones in bold, a few around them."""

from collections.abc import Sequence
from enum import Enum
from itertools import takewhile

from slack_sdk.models.blocks import RichTextElement

from chatops.domain.ids import OutletKey
from chatops.domain.report import shorten
from chatops.domain.update import Revision
from chatops.domain.wording import PROMISES
from chatops.slack import icons
from chatops.slack.views.building import rich_line, text_part
from chatops.slack.views.draft_modal import SECTION_LABELS


class _Style(Enum):
    PLAIN = "plain"
    LABEL = "label"
    OLD = "old"
    NEW = "new"


AROUND = 4
"""Words shown on each side of a change."""
SIDE_CHARS = 80
AROUND_CHARS = 30
CHANGES_CHARS = 1500
"""Of all lines together; the words themselves stand above on the card."""

_Piece = tuple[str, _Style]


def list_changes(old: Revision, new: Revision) -> list[RichTextElement]:
    """A line for each thing that differs; typed words stand in rich text, which interprets nothing."""
    before, after = old.sections.by_name, new.sections.by_name
    lines = [
        [(f"{label}: ", _Style.LABEL), *_diff(before[name], after[name])]
        for name, label in SECTION_LABELS.items()
        if before[name] != after[name]
    ]
    lines += [
        [(f"{label}: ", _Style.LABEL), (f"{_short(was)} → {_short(becomes)}\n", _Style.PLAIN)]
        for label, was, becomes in _facts(old, new)
        if was != becomes
    ]
    if not lines:
        return []
    title = ("Changed since the revision before\n", _Style.NEW)
    return [rich_line(*map(_part, line)) for line in [[title], *_limit(lines)]]


def _limit(lines: Sequence[Sequence[_Piece]]) -> list[Sequence[_Piece]]:
    kept: list[Sequence[_Piece]] = []
    room = CHANGES_CHARS
    for line in lines:
        room -= sum(len(text) for text, _ in line)
        if room < 0:
            return [*kept, [(f"… and {len(lines) - len(kept)} more", _Style.PLAIN)]]
        kept.append(line)
    return kept


def _part(piece: _Piece) -> RichTextElement:
    text, style = piece
    return text_part(text, bold=style is _Style.NEW, strike=style is _Style.OLD, italic=style is _Style.LABEL)


def _facts(old: Revision, new: Revision) -> list[tuple[str, str, str]]:
    return [
        ("Status", icons.word_status(old.status), icons.word_status(new.status)),
        ("Impact", icons.word_impact(old.impact), icons.word_impact(new.impact)),
        ("Components", ", ".join(old.components), ", ".join(new.components)),
        ("Next update in", word_minutes(old.promise_minutes), word_minutes(new.promise_minutes)),
        ("Outlets", _list(old.outlets), _list(new.outlets)),
        ("Sign as", old.sign_as, new.sign_as),
    ]


def word_minutes(minutes: int | None) -> str:
    return "No promise" if minutes is None else PROMISES.get(minutes, f"{minutes} minutes")


def _list(outlets: Sequence[OutletKey]) -> str:
    return ", ".join(outlets)


def _short(text: str) -> str:
    return shorten(text, SIDE_CHARS) or "nothing"


def _diff(before: str, after: str) -> list[_Piece]:
    """One stretch, from the first word that differs to the last: found in one pass, whatever the text."""
    old, new = before.split(), after.split()
    start = _count_same(old, new)
    end = _count_same(old[start:][::-1], new[start:][::-1])
    gone, come = " ".join(old[start : len(old) - end]), " ".join(new[start : len(new) - end])
    if not gone and not come:
        return [("only spaces and line breaks\n", _Style.PLAIN)]
    lead = _tail(" ".join(new[max(0, start - AROUND) : start]), is_cut=start > AROUND)
    follow = _head(" ".join(new[len(new) - end : len(new) - end + AROUND]), is_cut=end > AROUND)
    pieces = [
        (lead, _Style.PLAIN),
        (shorten(gone, SIDE_CHARS), _Style.OLD),
        (shorten(come, SIDE_CHARS), _Style.NEW),
        (follow, _Style.PLAIN),
    ]
    spaced = [each for text, style in pieces if text for each in ((text, style), (" ", _Style.PLAIN))]
    return [*spaced[:-1], ("\n", _Style.PLAIN)]


def _count_same(old: Sequence[str], new: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _tail(text: str, *, is_cut: bool) -> str:
    return f"…{text[-AROUND_CHARS:]}" if is_cut or len(text) > AROUND_CHARS else text


def _head(text: str, *, is_cut: bool) -> str:
    return f"{text[:AROUND_CHARS]}…" if is_cut or len(text) > AROUND_CHARS else text
