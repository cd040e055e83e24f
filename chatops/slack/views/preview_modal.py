"""The preview: the exact text that each outlet gets, every character of it."""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import Block, RichTextElement
from slack_sdk.models.views import View

from chatops.domain.errors import BadInput
from chatops.domain.ids import PAGE
from chatops.domain.incident import Incident
from chatops.domain.records import OutletWords, Purpose
from chatops.domain.update import Revision
from chatops.domain.wording import OutletSpec
from chatops.slack.views.building import context, preformatted, rich_line, rich_text, text_part
from chatops.slack.views.outlet_lines import find_spec, label_of, word_fate, word_length

BLOCKS = 100
VIEW_BYTES = 240_000
"""Slack refuses a view above 250 kB."""
TOO_LONG = "This is too much for one preview in Slack. Please shorten the draft, or choose fewer outlets."


def build(incident: Incident, revision: Revision, specs: Sequence[OutletSpec]) -> View:
    """Raises BadInput where Slack could not show all of it: what was not shown cannot be approved."""
    whole = _build(incident, revision, specs, brief=False)
    if _fits(whole):
        return whole
    brief = _build(incident, revision, specs, brief=True)
    if _fits(brief):
        return brief
    raise BadInput(TOO_LONG)


def _fits(view: View) -> bool:
    return len(view.blocks or ()) <= BLOCKS and len(json.dumps(view.to_dict()).encode()) <= VIEW_BYTES


def _build(incident: Incident, revision: Revision, specs: Sequence[OutletSpec], *, brief: bool) -> View:
    """`brief`: where a text holds all of one shown above, it is shown as what stands before and after that."""
    about = f"{incident.name} · Revision {revision.number}. Exactly this goes out once it is approved."
    blocks: list[Block] = [context(about)]
    for index, words in enumerate(revision.words):
        above = [each for each in revision.words[:index] if brief and _is_shown(each)]
        blocks.append(_outlet(words, specs, above, revision.purpose))
    return View(type="modal", title="Preview", close="Close", blocks=blocks)


def _outlet(words: OutletWords, specs: Sequence[OutletSpec], above: Sequence[OutletWords], purpose: Purpose) -> Block:
    spec = find_spec(specs, words.outlet)
    title = label_of(specs, words.outlet)
    told = (words.account, word_fate(words, purpose), word_length(words, spec))
    elements: list[RichTextElement] = [
        rich_line(text_part(title, bold=True), text_part("".join(f" · {text}" for text in told if text)))
    ]
    if not _is_shown(words):
        return rich_text(elements)
    if words.subject:
        elements += [rich_line(text_part("Subject", italic=True)), *preformatted(words.subject)]
    for number, part in enumerate(words.parts, 1):
        if len(words.parts) > 1:
            elements.append(rich_line(text_part(f"Part {number} of {len(words.parts)}", italic=True)))
        elements += _text(part, specs, above)
    for number, part in enumerate(words.fallback, 1):
        which = f", part {number} of {len(words.fallback)}" if len(words.fallback) > 1 else ""
        elements.append(rich_line(text_part(f"Where our thread is refused{which}, instead", italic=True)))
        elements += _text(part, specs, above)
    return rich_text(elements)


def _is_shown(words: OutletWords) -> bool:
    """A network only needs to know which post is taken away: no words go there."""
    return words.action != "retract" or words.outlet == PAGE


def _text(part: str, specs: Sequence[OutletSpec], above: Sequence[OutletWords]) -> list[RichTextElement]:
    shown = next((each for each in above if len(each.parts) == 1 and each.parts[0] and each.parts[0] in part), None)
    if shown is None:
        return preformatted(part) or [rich_line(text_part("(nothing)", italic=True))]
    before, _, after = part.partition(shown.parts[0])
    same = f"then word for word the text of {label_of(specs, shown.outlet)} above, and nothing else in between"
    line = rich_line(text_part(same, italic=True))
    return [*preformatted(before), line, *preformatted(after)]
