"""The modal “Open an incident”."""

from dataclasses import dataclass

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from chatops.domain.errors import BadInput
from chatops.domain.incident import TITLE_CHARS
from chatops.domain.records import Impact
from chatops.domain.report import shorten
from chatops.slack import icons
from chatops.slack.mrkdwn import escape
from chatops.slack.views.building import section
from chatops.slack.views.inputs import (
    INPUT_CHARS,
    ViewPayload,
    choice_input,
    choices_input,
    find_choice,
    find_person,
    is_ticked,
    person_input,
    read_choices,
    read_metadata,
    read_text,
    text_input,
    tick_input,
    write_metadata,
)
from chatops.usecases.incidents import Opening

CALLBACK = "open_incident"

TITLE = "title"
IMPACT = "impact"
COMPONENTS = "components"
FIRST_WORDS = "first_words"
COMMANDER = "commander"
COMMS_LEAD = "comms_lead"
PRIVATE = "private"

ERROR_BLOCKS = {name: name for name in (TITLE, IMPACT, COMPONENTS, FIRST_WORDS, COMMANDER, COMMS_LEAD, PRIVATE)} | {
    "what_happened": FIRST_WORDS,
    "outlets": FIRST_WORDS,
}
"""Which block shows the error about a field; the first draft's fields all come from `What do we know?`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPrefill:
    """What the form begins with. `problem`: what has to be put right, shown on top."""

    title: str = ""
    first_words: str = ""
    slack_channel: str | None = None
    person_slack_id: str
    problem: str | None = None
    impact: Impact = Impact.MINOR


def field_block_id(field: str | None) -> str:
    return ERROR_BLOCKS.get(field or TITLE, TITLE)


def build(prefill: OpenPrefill, components: tuple[str, ...]) -> View:
    title, first_words = _split_title(prefill)
    return View(
        type="modal",
        callback_id=CALLBACK,
        title="Open an incident",
        submit="Open",
        close="Cancel",
        private_metadata=write_metadata(slack_channel=prefill.slack_channel),
        blocks=_blocks(prefill, title, first_words, components),
    )


def _blocks(prefill: OpenPrefill, title: str, first_words: str, components: tuple[str, ...]) -> list[Block]:
    impacts = [(impact.value, icons.word_impact(impact)) for impact in Impact]
    person = prefill.person_slack_id
    blocks: list[Block] = [section(f"⚠️ {escape(prefill.problem)}")] if prefill.problem else []
    blocks += [
        text_input(
            TITLE, "Title", initial=title, max_chars=TITLE_CHARS, hint="A few words that your customers would use."
        ),
        choice_input(IMPACT, "Impact", impacts, initial=prefill.impact.value),
    ]
    if any(components):
        blocks.append(choices_input(COMPONENTS, "Components", [(name, name) for name in components], optional=True))
    return [
        *blocks,
        text_input(
            FIRST_WORDS,
            "What do we know?",
            initial=first_words,
            multiline=True,
            optional=True,
            hint="Starts the first draft. Nothing is published without approval.",
        ),
        person_input(COMMANDER, "Commander", initial=person),
        person_input(COMMS_LEAD, "Comms lead", initial=person),
        tick_input(PRIVATE, "Private", "Only the people named here can see it (breach, legal)"),
    ]


def _split_title(prefill: OpenPrefill) -> tuple[str, str]:
    """A title that is too long is cut at a word, and all of it begins what we know, so that nothing typed is lost."""
    title = " ".join(prefill.title.split())
    if len(title) <= TITLE_CHARS:
        return title, prefill.first_words[:INPUT_CHARS]
    whole = "\n\n".join(text for text in (prefill.title.strip(), prefill.first_words) if text)
    return shorten(title, TITLE_CHARS), whole[:INPUT_CHARS]


def parse(view: ViewPayload) -> Opening:
    """What was filled in; raises BadInput where it is not our form."""
    channel = read_metadata(view).get("slack_channel")
    return Opening(
        title=read_text(view, TITLE),
        impact=_parse_impact(find_choice(view, IMPACT)),
        components=read_choices(view, COMPONENTS),
        first_words=read_text(view, FIRST_WORDS),
        commander=find_person(view, COMMANDER),
        comms_lead=find_person(view, COMMS_LEAD),
        private=is_ticked(view, PRIVATE),
        slack_channel=str(channel) if channel else None,
        view_id=str(view.get("id") or ""),
    )


def _parse_impact(value: str | None) -> Impact:
    try:
        return Impact(value or "")
    except ValueError:
        raise BadInput("Choose an impact: None, Minor, Major or Critical.", field=IMPACT) from None
