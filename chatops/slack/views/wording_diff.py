"""What changed between two revisions, briefly: the old words struck, the new ones in bold, a few around them."""

from collections.abc import Sequence
from itertools import takewhile

from slack_sdk.models.blocks import RichTextElement

from chatops.domain.ids import OutletKey
from chatops.domain.report import shorten
from chatops.domain.update import Revision
from chatops.domain.wording import PROMISES
from chatops.slack import icons
from chatops.slack.views.building import rich_line, text_part
from chatops.slack.views.draft_modal import SECTION_LABELS

AROUND = 4
"""Words shown on each side of a change."""
SIDE_CHARS = 110
AROUND_CHARS = 40


def list_changes(old: Revision, new: Revision) -> list[RichTextElement]:
    """A line for each thing that differs; typed words stand in rich text, which interprets nothing."""
    before, after = old.sections.model_dump(), new.sections.model_dump()
    lines = [
        rich_line(text_part(f"{label}: ", italic=True), *_diff(before[name], after[name]))
        for name, label in SECTION_LABELS.items()
        if before[name] != after[name]
    ]
    lines += [
        rich_line(text_part(f"{label}: ", italic=True), text_part(f"{_short(was)} → {_short(becomes)}"))
        for label, was, becomes in _facts(old, new)
        if was != becomes
    ]
    return [rich_line(text_part("Changed since the revision before\n", bold=True)), *lines] if lines else []


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


def _diff(before: str, after: str) -> list[RichTextElement]:
    """One stretch, from the first word that differs to the last: found in one pass, whatever the text."""
    old, new = before.split(), after.split()
    start = _count_same(old, new)
    end = _count_same(old[start:][::-1], new[start:][::-1])
    gone, come = " ".join(old[start : len(old) - end]), " ".join(new[start : len(new) - end])
    if not gone and not come:
        return [text_part("only spaces and line breaks\n")]
    lead = _tail(" ".join(new[max(0, start - AROUND) : start]), is_cut=start > AROUND)
    follow = _head(" ".join(new[len(new) - end : len(new) - end + AROUND]), is_cut=end > AROUND)
    pieces = [
        (f"{lead} ", {}) if lead else None,
        (shorten(gone, SIDE_CHARS), {"strike": True}) if gone else None,
        (" ", {}) if gone and come else None,
        (shorten(come, SIDE_CHARS), {"bold": True}) if come else None,
        (f" {follow}", {}) if follow else None,
        ("\n", {}),
    ]
    return [text_part(piece[0], **piece[1]) for piece in pieces if piece]


def _count_same(old: Sequence[str], new: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _tail(text: str, *, is_cut: bool) -> str:
    return f"…{text[-AROUND_CHARS:]}" if is_cut or len(text) > AROUND_CHARS else text


def _head(text: str, *, is_cut: bool) -> str:
    return f"{text[:AROUND_CHARS]}…" if is_cut or len(text) > AROUND_CHARS else text
