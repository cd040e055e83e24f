"""Words for short posts: the Short version, numbered parts, or a faithful cut; never inside a word or a link."""

import re

from chatops.domain.errors import BadInput
from chatops.domain.update import DraftForm
from chatops.domain.wording import OutletSpec, Setting, list_paragraphs, require_fit, word_promise

JOINER = "\n\n"
ELLIPSIS = "…"
MOST_PARTS = 20


def compose_short(form: DraftForm, spec: OutletSpec, setting: Setting) -> tuple[str, ...]:
    """For short posts: the `Short version` if written, else parts or a faithful cut of the update.

    Nothing is cut inside a word, and what is left out is shown by an ellipsis and the link to read on.
    """
    tail = _compose_tail(form, spec, setting)
    if form.sections.short_version:
        text = JOINER.join([form.sections.short_version, *tail])
        require_fit(text, spec, field="short_version")
        return (text,)
    whole = JOINER.join([*list_paragraphs(form.sections), *_promise(form), *tail])
    if spec.limits.fit(whole):
        return (whole,)
    if spec.split and spec.abilities.thread:
        return split_parts(JOINER.join([*list_paragraphs(form.sections), *_promise(form)]), tail, spec)
    return (_cut(form, tail, spec),)


def _compose_tail(form: DraftForm, spec: OutletSpec, setting: Setting) -> list[str]:
    wanted = spec.link == "always" or (spec.link == "first" and not setting.standing.get(spec.key))
    link = [setting.page_url] if wanted and setting.page_url else []
    sign = [f"— {form.sign_as}"] if spec.abilities.signs and form.sign_as else []
    return [*link, *sign]


def _promise(form: DraftForm) -> list[str]:
    promise = word_promise(form.promise_minutes, status=form.status)
    return [promise] if promise else []


def _cut(form: DraftForm, tail: list[str], spec: OutletSpec) -> str:
    """What happened, as much as fits, then what to do in full, then where to read on."""
    advice = [form.sections.what_you_should_do] if form.sections.what_you_should_do else []
    for rest in ([*advice, *tail], tail):
        best = _longest_beginning(form.sections.what_happened, rest, spec)
        if best:
            return best
    raise BadInput(
        f"Too long for {spec.label} (at most {spec.limits.max_chars:,} characters): write a Short version.",
        field="short_version",
    )


def _longest_beginning(text: str, rest: list[str], spec: OutletSpec) -> str | None:
    """The longest beginning of whole sentences, else of whole words, that fits together with `rest`."""
    for ends in (_sentence_ends(text), _word_ends(text)):
        for end in reversed(ends):
            beginning = text[:end].rstrip()
            mark = "" if end >= len(text) else f" {ELLIPSIS}"
            candidate = JOINER.join([f"{beginning}{mark}", *rest])
            if spec.limits.fit(candidate):
                return candidate
    return None


def _sentence_ends(text: str) -> list[int]:
    return sorted({match.end() for match in re.finditer(r"[.!?。！？](?=\s|$)|[。！？]", text)} | {len(text)})


def _word_ends(text: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\s+", text)] or []


def split_parts(text: str, tail: list[str], spec: OutletSpec) -> tuple[str, ...]:
    """Numbered parts, each within the limit, cut at paragraphs, else sentences, else words; the tail ends the last."""
    for total in range(2, MOST_PARTS + 1):
        parts = _split_in(text, tail, spec, total)
        if parts:
            return parts
    raise BadInput(
        f"Too long for {spec.label}, even in {MOST_PARTS} parts: write a Short version.", field="short_version"
    )


def _split_in(text: str, tail: list[str], spec: OutletSpec, total: int) -> tuple[str, ...] | None:
    parts: list[str] = []
    rest = text
    for number in range(1, total + 1):
        mark = f" ({number}/{total})"
        last = JOINER.join([f"{rest}{mark}", *tail])
        if number == total:
            return (*parts, last) if rest and spec.limits.fit(last) else None
        end = _find_end(rest, mark, spec)
        if end is None:
            return None
        parts.append(f"{rest[:end].rstrip()}{mark}")
        rest = rest[end:].lstrip()
    return None


def _find_end(text: str, mark: str, spec: OutletSpec) -> int | None:
    """The last paragraph, sentence or word at which `text` can be cut so that the part fits; not the whole text."""
    for ends in (_paragraph_ends(text), _sentence_ends(text), _word_ends(text)):
        fitting = [end for end in ends if 0 < end < len(text) and spec.limits.fit(f"{text[:end].rstrip()}{mark}")]
        if fitting:
            return fitting[-1]
    return None


def _paragraph_ends(text: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\n\n", text)]
