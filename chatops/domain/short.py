"""Words for short posts: the Short version, numbered parts, or a faithful cut; never inside a word or a link."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from chatops.domain.errors import BadInput
from chatops.domain.update import DraftForm
from chatops.domain.wording import OutletSpec, Setting, list_paragraphs, require_fit, word_promise

JOINER = "\n\n"
ELLIPSIS = " …"
MOST_PARTS = 20

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_PARAGRAPH_ENDS = re.compile(r"(?=\n\n)")
_SENTENCE_ENDS = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s)|[。！？][」』”’）]*|(?=\n)")
# A no-break space is no end of a word; Chinese and Japanese have no spaces, but commas.
_WORD_ENDS = re.compile(r"(?=[^\S\u00a0\u2007\u202f])|[、，；：]")
_JOINED = re.compile("[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
"""What belongs to the character before it: joiners, variation selectors, skin tones."""


def compose_short(form: DraftForm, spec: OutletSpec, setting: Setting) -> tuple[str, ...]:
    """For short posts: the `Short version` if written, else parts or a faithful cut of the update.

    Nothing is cut inside a word, and what is left out is shown by an ellipsis and the link to read on.
    """
    tail = _compose_tail(form, spec, setting)
    if form.sections.short_version:
        text = JOINER.join([form.sections.short_version, *tail])
        require_fit(text, spec, field="short_version")
        return (text,)
    body = JOINER.join([*list_paragraphs(form.sections), *_promise(form)])
    whole = JOINER.join([body, *tail])
    if spec.limits.fit(whole):
        return (whole,)
    if spec.split and spec.abilities.thread:
        return split_parts(body, tail, spec)
    return (_cut(form, whole, tail, spec),)


def _compose_tail(form: DraftForm, spec: OutletSpec, setting: Setting) -> list[str]:
    wanted = spec.link == "always" or (spec.link == "first" and not setting.standing.get(spec.key))
    link = [setting.page_url] if wanted and setting.page_url else []
    sign = [f"— {form.sign_as}"] if spec.abilities.signs and form.sign_as else []
    return [*link, *sign]


def _promise(form: DraftForm) -> list[str]:
    promise = word_promise(form.promise_minutes, status=form.status)
    return [promise] if promise else []


def _cut(form: DraftForm, whole: str, tail: list[str], spec: OutletSpec) -> str:
    """What happened, as much as fits, then what to do in full, then where to read on."""
    advice = [form.sections.what_you_should_do] if form.sections.what_you_should_do else []
    text = form.sections.what_happened

    def word(end: int) -> str:
        return JOINER.join([f"{text[:end].rstrip()}{ELLIPSIS}", *advice, *tail])

    for ends in ([*list_ends(_SENTENCE_ENDS, text), len(text)], list_ends(_WORD_ENDS, text)):
        end = find_longest(ends, lambda end: spec.limits.fit(word(end)))
        if end is not None:
            return word(end)
    raise _too_long(whole, spec, "and it cannot be cut without losing what matters")


def _too_long(text: str, spec: OutletSpec, why: str) -> BadInput:
    length = spec.limits.count(text)
    return BadInput(
        f"Too long for {spec.label}: {length:,} characters, at most {spec.limits.max_chars:,}, {why}. "
        "Write a Short version.",
        field="short_version",
    )


def split_parts(text: str, tail: list[str], spec: OutletSpec) -> tuple[str, ...]:
    """Numbered parts, each within the limit, cut at paragraphs, else sentences, else words; the tail ends the last."""
    pieces = _cut_up(text, tail, spec, mark=" (9/9)", most=9)
    if pieces is None:
        pieces = _cut_up(text, tail, spec, mark=" (99/99)", most=MOST_PARTS)
    if pieces is None:
        whole = JOINER.join([text, *tail])
        raise _too_long(whole, spec, f"and it cannot be told in {MOST_PARTS} parts without cutting a word or a link")
    marked = [f"{piece} ({number}/{len(pieces)})" for number, piece in enumerate(pieces, 1)]
    return (*marked[:-1], JOINER.join([marked[-1], *tail]))


def _cut_up(text: str, tail: list[str], spec: OutletSpec, *, mark: str, most: int) -> list[str] | None:
    """The pieces without their numbers, for which `mark` keeps the room."""
    pieces: list[str] = []
    rest = text.strip()
    while not spec.limits.fit(JOINER.join([f"{rest}{mark}", *tail])):
        end = _find_end(rest, mark, spec)
        if end is None or len(pieces) == most - 1:
            return None
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest]


def _find_end(text: str, mark: str, spec: OutletSpec) -> int | None:
    """The last paragraph, sentence or word at which `text` can be cut so that the part fits; not the whole text."""
    for pattern in (_PARAGRAPH_ENDS, _SENTENCE_ENDS, _WORD_ENDS):
        ends = list_ends(pattern, text)
        end = find_longest(ends, lambda end: spec.limits.fit(f"{text[:end].rstrip()}{mark}"))
        if end is not None:
            return end
    return None


def list_ends(pattern: re.Pattern[str], text: str) -> list[int]:
    """Where `text` may be cut, in order: never inside a link, or before what belongs to the character there."""
    links = [match.span() for match in _LINK.finditer(text)]
    ends = dict.fromkeys(match.end() for match in pattern.finditer(text))
    return [
        end
        for end in ends
        if 0 < end < len(text)
        and not text[:end].isspace()
        and not any(start < end < stop for start, stop in links)
        and not _is_joined(text, end)
    ]


def _is_joined(text: str, end: int) -> bool:
    following = next((char for char in text[end:] if not char.isspace()), "")
    return bool(following) and (unicodedata.category(following).startswith("M") or bool(_JOINED.match(following)))


def find_longest(ends: Sequence[int], fits: Callable[[int], bool]) -> int | None:
    """The last end that fits, asking of few and short beginnings: counting as a network does takes its time."""
    good, bad, probe = -1, len(ends), 0
    while probe < bad:
        if not fits(ends[probe]):
            bad = probe
            break
        good, probe = probe, 2 * probe + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if fits(ends[middle]) else (good, middle)
    return ends[good] if good >= 0 else None
