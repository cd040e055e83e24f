"""The draft form for one incident: a new draft with sensible values, or the open one to edit."""

from dataclasses import replace

from chatops.domain.advising import form_of
from chatops.domain.broadcast import DeliveryState, Update, can_reach
from chatops.domain.cadence import find_waiting_draft
from chatops.domain.errors import IllegalMove
from chatops.domain.ids import IncidentNumber, OutletKey
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Purpose, Sections, Status
from chatops.domain.update import Draft, DraftForm, clean_text
from chatops.domain.wording import PROMISES
from chatops.slack.answers import OpenModal, Reopen
from chatops.slack.call import Call
from chatops.slack.mrkdwn import escape
from chatops.slack.views import draft_modal, form_button
from chatops.slack.views.draft_modal import DraftPrefill
from chatops.usecases.reading import read_incident
from chatops.usecases.recording import require_actor

REOPEN_CHARS = 1900
INPUT_CHARS = 3000
RETRACTION = "We have taken back this update because it was wrong. We are sorry for the confusion."


async def draft_form(
    call: Call, number: IncidentNumber, *, first_words: str = "", status: Status | None = None
) -> OpenModal:
    snapshot = await call.desk.store.read(lambda reads: read_incident(reads, number, call.command))
    actor = await call.desk.store.read(lambda reads: require_actor(reads, call.command))
    waiting = find_waiting_draft(snapshot.incident)
    form = _edit(waiting, first_words, status) if waiting else _new(call, snapshot.incident, actor, first_words, status)
    prefill = build_prefill(snapshot.incident, waiting, form)
    subcommand = "resolve" if status is Status.RESOLVED else "update"
    value = f"{subcommand} {snapshot.incident.name} {escape(first_words)}"[:REOPEN_CHARS]
    return OpenModal(
        view=draft_modal.build(prefill, call.desk.specs),
        reopen=Reopen(action_id=form_button.REOPEN, value=value, typed=first_words),
    )


def build_prefill(
    incident: Incident,
    waiting: Draft | None,
    form: DraftForm,
    *,
    conflict_text: str | None = None,
    theirs: Sections | None = None,
) -> DraftPrefill:
    return DraftPrefill(
        incident=incident.number,
        name=incident.name,
        title=incident.title,
        draft=waiting.number if waiting else None,
        base_revision=waiting.current.number if waiting else None,
        form=form,
        choices=_list_choices(incident, form),
        conflict_text=conflict_text,
        theirs=theirs,
    )


def _list_choices(incident: Incident, form: DraftForm) -> tuple[OutletKey, ...] | None:
    """Where a correction or retraction can go: where its update stands, or is to stand."""
    if form.purpose is Purpose.UPDATE:
        return None
    outlets = dict.fromkeys(each.outlet for update in incident.updates for each in update.deliveries)
    return tuple(key for key in outlets if can_reach(incident.updates, form.of_update, key, form.purpose))


def _new(call: Call, incident: Incident, actor: Member, first_words: str, status: Status | None) -> DraftForm:
    """The cadence's interval is offered as the promise: structure, not good will, makes people promise."""
    following = status or (Status.INVESTIGATING if incident.is_resolved else incident.status)
    minutes = call.desk.policy.cadence[incident.impact]
    return DraftForm(
        sections=Sections(what_happened=clean_text(first_words)[:INPUT_CHARS]),
        status=following,
        promise_minutes=None if following is Status.RESOLVED else min(PROMISES, key=lambda each: abs(each - minutes)),
        outlets=tuple(spec.key for spec in call.desk.specs if incident.impact in spec.impacts),
        sign_as=actor.first_name,
    )


def _edit(waiting: Draft, first_words: str, status: Status | None) -> DraftForm:
    """The words as they are, with anything new added below them."""
    form = form_of(waiting.current)
    if status and form.purpose is not Purpose.UPDATE:
        raise IllegalMove(
            f"A {form.purpose} of update {form.of_update} waits for approval. Publish or withdraw it first."
        )
    added = clean_text(first_words)
    words = "\n\n".join(text for text in (form.sections.what_happened, added) if text)[:INPUT_CHARS]
    return replace(
        form,
        sections=form.sections.model_copy(update={"what_happened": words}),
        status=status or form.status,
        promise_minutes=None if status is Status.RESOLVED else form.promise_minutes,
    )


def form_about(incident: Incident, update: Update, purpose: Purpose) -> DraftForm:
    """A correction begins with the words that stand; a retraction with the reason to give. Only where it stands."""
    revision = _find_last_words(incident, update).revision
    form = DraftForm(
        sections=revision.sections if purpose is Purpose.CORRECTION else Sections(what_happened=RETRACTION),
        status=update.revision.status,
        promise_minutes=update.revision.promise_minutes if purpose is Purpose.CORRECTION else None,
        outlets=(),
        sign_as=revision.sign_as,
        purpose=purpose,
        of_update=update.number,
    )
    standing = _list_choices(incident, form)
    if not standing:
        raise IllegalMove(f"Nothing of update {update.number} stands anywhere any more, so nothing can be changed.")
    return replace(form, outlets=standing)


def _find_last_words(incident: Incident, update: Update) -> Update:
    """The update itself, or the last correction of it that went out."""
    corrections = [
        each
        for each in incident.updates
        if each.revision.of_update == update.number
        and each.revision.purpose is Purpose.CORRECTION
        and any(delivery.state is DeliveryState.SENT for delivery in each.deliveries)
    ]
    return corrections[-1] if corrections else update
