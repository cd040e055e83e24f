"""The modal “Draft an update”, and the same form for editing a draft."""

from dataclasses import dataclass
from typing import NamedTuple

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber, OutletKey
from chatops.domain.records import Purpose, Sections, Status
from chatops.domain.update import SECTION_CHARS, SIGN_AS_CHARS, DraftForm
from chatops.domain.wording import PROMISES, OutletSpec
from chatops.slack import icons
from chatops.slack.mrkdwn import cut, escape
from chatops.slack.views.building import context, labelled, section
from chatops.slack.views.inputs import (
    ViewPayload,
    choice_input,
    choices_input,
    get_choice,
    read_choices,
    read_metadata,
    read_text,
    text_input,
    write_metadata,
)

CALLBACK_PROPOSE = "propose_update"
CALLBACK_SAVE = "save_revision"

STATUS = "status"
PROMISE = "promise_minutes"
OUTLETS = "outlets"
SIGN_AS = "sign_as"
NO_PROMISE = "none"

TITLES = {
    Purpose.UPDATE: "Draft an update",
    Purpose.CORRECTION: "Correct an update",
    Purpose.RETRACTION: "Retract an update",
}
SECTION_LABELS = {
    "what_happened": "What happened",
    "who_is_affected": "Who is affected",
    "what_we_are_doing": "What we are doing",
    "what_you_should_do": "What you should do",
    "short_version": "Short version",
}
SECTION_HINTS = {
    "what_happened": "In your customers' words: what do they notice?",
    "short_version": "For places with little room. Left empty, the text above is used as far as it fits.",
}
ERROR_BLOCKS = {name: name for name in (STATUS, *SECTION_LABELS, PROMISE, OUTLETS, SIGN_AS)}
DEFAULT_ERROR_BLOCK = "what_happened"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPrefill:
    """What the form begins with. `draft` and `base_revision` are there when a draft is edited.

    `choices`: the outlets a correction or retraction can go to; None: all of them.
    `conflict_text` and `theirs`: somebody else saved meanwhile, and these are their words.
    """

    incident: IncidentNumber
    name: str
    title: str
    form: DraftForm
    draft: int | None = None
    base_revision: int | None = None
    choices: tuple[OutletKey, ...] | None = None
    conflict_text: str | None = None
    theirs: Sections | None = None


class ParsedDraft(NamedTuple):
    incident: IncidentNumber
    draft: int | None
    base_revision: int | None
    form: DraftForm


def field_block_id(field: str | None) -> str:
    """The block that shows an error about `field`, which may be None."""
    return ERROR_BLOCKS.get(field or DEFAULT_ERROR_BLOCK, DEFAULT_ERROR_BLOCK)


def build(prefill: DraftPrefill, specs: tuple[OutletSpec, ...]) -> View:
    is_edit = prefill.draft is not None
    offered = tuple(spec for spec in specs if prefill.choices is None or spec.key in prefill.choices)
    return View(
        type="modal",
        callback_id=CALLBACK_SAVE if is_edit else CALLBACK_PROPOSE,
        title="Edit the draft" if is_edit else TITLES[prefill.form.purpose],
        submit="Save" if is_edit else "Propose",
        close="Cancel",
        private_metadata=write_metadata(
            incident=prefill.incident,
            draft=prefill.draft,
            base_revision=prefill.base_revision,
            purpose=prefill.form.purpose.value,
            of_update=prefill.form.of_update,
            status=prefill.form.status.value,
            promise=_word(prefill.form.promise_minutes),
        ),
        blocks=[
            *_conflict(prefill),
            _about(prefill, is_edit=is_edit),
            *_fates(prefill.form, offered),
            *_fields(prefill.form, offered),
        ],
    )


def _about(prefill: DraftPrefill, *, is_edit: bool) -> Block:
    then = "Saving makes a new revision, which needs approval again." if is_edit else "Nothing goes out unapproved."
    return context(f"{prefill.name} · {cut(escape(prefill.title), 1000)}\n{then}")


def _fates(form: DraftForm, specs: tuple[OutletSpec, ...]) -> list[Block]:
    """What a correction or retraction will do on each outlet, before anybody writes it."""
    if form.purpose is Purpose.UPDATE:
        return []
    lines = [f"• {escape(spec.label)}: {word_fate(form.purpose, spec)}" for spec in specs]
    head = f"*{form.purpose.value.capitalize()} of update {form.of_update}* Status and promise stay as they are."
    return [section("\n".join([head, *lines]))]


def word_fate(purpose: Purpose, spec: OutletSpec) -> str:
    if purpose is Purpose.RETRACTION and spec.abilities.retract:
        return "taken away"
    if purpose is Purpose.CORRECTION and spec.abilities.edit:
        return "edited in place"
    return "a new post that says what it replaces"


def _conflict(prefill: DraftPrefill) -> list[Block]:
    """What the other person saved, wherever it differs: the second to save sees both and loses nothing."""
    if not prefill.conflict_text:
        return []
    blocks: list[Block] = [section(f"⚠️ {escape(prefill.conflict_text)}")]
    mine = prefill.form.sections.by_name
    theirs = prefill.theirs.by_name if prefill.theirs else mine
    differing = [name for name in SECTION_LABELS if theirs[name] != mine[name]]
    blocks += [labelled(f"Theirs · {SECTION_LABELS[name]}", theirs[name] or "(left empty)") for name in differing]
    return [*blocks, DividerBlock()]


def _fields(form: DraftForm, specs: tuple[OutletSpec, ...]) -> list[Block]:
    texts = form.sections.by_name
    sections = [
        text_input(
            name,
            label,
            initial=texts[name],
            max_chars=SECTION_CHARS,
            multiline=True,
            optional=name != "what_happened",
            hint=SECTION_HINTS.get(name),
        )
        for name, label in SECTION_LABELS.items()
    ]
    outlets = [(spec.key, spec.label) for spec in specs]
    where = [choices_input(OUTLETS, "Outlets", outlets, initial=form.outlets)] if outlets else []
    return [
        *_status(form),
        *sections,
        *_promise(form),
        *where,
        text_input(SIGN_AS, "Sign as", initial=form.sign_as, max_chars=SIGN_AS_CHARS, optional=True),
    ]


def _status(form: DraftForm) -> list[Block]:
    """Only news moves the status, or promises anything."""
    if form.purpose is not Purpose.UPDATE:
        return []
    statuses = [(status.value, icons.word_status(status)) for status in Status]
    return [choice_input(STATUS, "Status", statuses, initial=form.status.value)]


def _promise(form: DraftForm) -> list[Block]:
    if form.purpose is not Purpose.UPDATE:
        return []
    promises = _list_promises(form.promise_minutes)
    return [choice_input(PROMISE, "Next update in", promises, initial=_word(form.promise_minutes))]


def _list_promises(present: int | None) -> list[tuple[str, str]]:
    """The usual ones; a promise of another length, made outside Slack, is offered too, so that editing keeps it."""
    minutes = PROMISES if present is None else {present: f"{present} minutes"} | PROMISES
    return [*((str(each), words) for each, words in sorted(minutes.items())), (NO_PROMISE, "No promise")]


def _word(minutes: int | None) -> str:
    return NO_PROMISE if minutes is None else str(minutes)


def parse(view: ViewPayload) -> ParsedDraft:
    """What was filled in; raises BadInput where it is not our form."""
    about = read_metadata(view)
    if not isinstance(about.get("incident"), int):
        raise BadInput("This form does not say which incident it is for. Please open it again.")
    purpose = _parse_purpose(about.get("purpose"))
    is_news = purpose is Purpose.UPDATE
    form = DraftForm(
        sections=Sections(**{name: read_text(view, name) for name in SECTION_LABELS}),
        status=_parse_status(get_choice(view, STATUS) if is_news else str(about.get("status"))),
        promise_minutes=_parse_promise(get_choice(view, PROMISE) if is_news else str(about.get("promise"))),
        outlets=tuple(OutletKey(key) for key in read_choices(view, OUTLETS)),
        sign_as=read_text(view, SIGN_AS),
        purpose=purpose,
        of_update=about.get("of_update"),
    )
    return ParsedDraft(IncidentNumber(about["incident"]), about.get("draft"), about.get("base_revision"), form)


def _parse_purpose(value: object) -> Purpose:
    """Forms opened before there were corrections say nothing."""
    return next((purpose for purpose in Purpose if purpose.value == value), Purpose.UPDATE)


def _parse_status(value: str) -> Status:
    try:
        return Status(value)
    except ValueError:
        raise BadInput("Choose a status.", field=STATUS) from None


def _parse_promise(value: str) -> int | None:
    if value == NO_PROMISE:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise BadInput("Choose when the next update follows, or No promise.", field=PROMISE)
    return int(value)
