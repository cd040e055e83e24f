"""One function a button. Each is idempotent, and a late click on an old card gets a clear answer."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from chatops.domain.advising import form_of
from chatops.domain.cadence import find_waiting_draft
from chatops.domain.errors import BadInput, IllegalMove
from chatops.domain.ids import format_incident
from chatops.domain.incident import require_open
from chatops.domain.policy import Permission, require
from chatops.domain.records import Purpose, Status
from chatops.domain.update import require_current, require_draft
from chatops.slack import slash
from chatops.slack.answers import QUIET, Answer, OpenModal, Reopen, Say
from chatops.slack.call import Call
from chatops.slack.commands.open import open_form
from chatops.slack.drafting import build_prefill, draft_form, form_about
from chatops.slack.mention_buttons import MENTION_BUTTONS
from chatops.slack.mrkdwn import slack_date
from chatops.slack.views import (
    assign_modal,
    delivery_card,
    draft_card,
    draft_modal,
    form_button,
    home,
    impact_modal,
    incident_card,
    picker,
    preview_modal,
    reason_modal,
    reminder_card,
)
from chatops.slack.views.target import Target, parse_number, parse_target
from chatops.usecases import broadcasts, incidents, updates
from chatops.usecases.reading import IncidentSnapshot, read_incident
from chatops.usecases.recording import require_actor

Press = Callable[[Call], Awaitable[Answer]]


async def _read(call: Call, number: int) -> IncidentSnapshot:
    return await call.desk.store.read(lambda reads: read_incident(reads, parse_number(str(number)), call.command))


async def press_draft_update(call: Call) -> Answer:
    return await draft_form(call, parse_number(call.value))


async def press_resolve(call: Call) -> Answer:
    number = parse_number(call.value)
    require_open((await _read(call, number)).incident)
    return await draft_form(call, number, status=Status.RESOLVED)


async def press_change_impact(call: Call) -> Answer:
    incident = (await _read(call, parse_number(call.value))).incident
    require_open(incident)
    return OpenModal(view=impact_modal.build(incident), reopen=_reopen(incident_card.CHANGE_IMPACT, call))


async def press_assign(call: Call) -> Answer:
    snapshot = await _read(call, parse_number(call.value))
    require_open(snapshot.incident)
    view = assign_modal.build(snapshot.incident, snapshot.members)
    return OpenModal(view=view, reopen=_reopen(incident_card.ASSIGN, call))


def _reopen(action_id: str, call: Call) -> Reopen:
    return Reopen(action_id=action_id, value=call.value)


async def press_approve(call: Call) -> Answer:
    target = parse_target(call.value)
    answer = await updates.approve(
        call.desk, call.command, target.incident, draft=target.draft, revision=target.revision
    )
    return word_approval(answer)


def word_approval(answer: dict[str, str | int | bool | None]) -> Answer:
    """A repeat is told so; otherwise the thread shows it."""
    if not answer.get("repeated"):
        return QUIET
    missing = answer.get("missing")
    return Say(text=f"You have approved this revision already. Still missing: {missing} approval(s) by others.")


async def _open_draft(call: Call) -> tuple[IncidentSnapshot, Target]:
    target = parse_target(call.value)
    snapshot = await _read(call, target.incident)
    require_current(require_draft(snapshot.incident.draft, target.draft), target.revision)
    return snapshot, target


async def press_request_changes(call: Call) -> Answer:
    _, target = await _open_draft(call)
    view = reason_modal.build_request_changes(target)
    return OpenModal(view=view, reopen=_reopen(draft_card.REQUEST_CHANGES, call))


async def press_edit(call: Call) -> Answer:
    """Also from an older card: it is always the current revision that is edited."""
    target = parse_target(call.value)
    snapshot = await _read(call, target.incident)
    draft = require_draft(snapshot.incident.draft, target.draft)
    prefill = build_prefill(snapshot.incident, draft, form_of(draft.current))
    view = draft_modal.build(prefill, call.desk.specs)
    return OpenModal(view=view, reopen=_reopen(draft_card.EDIT, call))


async def press_preview(call: Call) -> Answer:
    target = parse_target(call.value)
    snapshot = await _read(call, target.incident)
    draft = require_draft(snapshot.incident.draft, target.draft)
    revision = draft.find_revision(target.revision)
    if revision is None:
        raise BadInput("This revision does not exist.")
    if revision.needs_preview:
        await updates.note_preview(
            call.desk, call.command, target.incident, draft=target.draft, revision=target.revision
        )
    view = preview_modal.build(snapshot.incident, revision, call.desk.specs)
    return OpenModal(view=view, reopen=_reopen(draft_card.PREVIEW, call))


async def press_publish(call: Call) -> Answer:
    target = parse_target(call.value)
    await updates.publish(call.desk, call.command, target.incident, draft=target.draft, revision=target.revision)
    return QUIET


async def press_more(call: Call) -> Answer:
    """The overflow of the draft card: `withdraw|12:1:2`, `bypass|12:1:2`."""
    choice, _, value = call.value.partition("|")
    target = parse_target(value)
    if choice == "withdraw":
        await updates.withdraw_draft(call.desk, call.command, target.incident, draft=target.draft)
        return QUIET
    snapshot = await _read(call, target.incident)
    actor = await call.desk.store.read(lambda reads: require_actor(reads, call.command))
    require(call.desk.policy, actor, Permission.PUBLISH_WITHOUT_APPROVAL)
    revision = require_current(require_draft(snapshot.incident.draft, target.draft), target.revision)
    view = reason_modal.build_bypass(target, revision.sections.what_happened)
    return OpenModal(view=view, reopen=_reopen(draft_card.MORE, call))


async def press_snooze(call: Call) -> Answer:
    number = parse_number(call.value)
    answer = await incidents.snooze(call.desk, call.command, number)
    until = slack_date(datetime.fromisoformat(str(answer["until"])))
    return Say(text=f"Snoozed: the next reminder for {format_incident(number)} comes {until}.")


async def press_retry(call: Call) -> Answer:
    return await _requeue(call, again=False)


async def press_send_again(call: Call) -> Answer:
    return await _requeue(call, again=True)


async def _requeue(call: Call, *, again: bool) -> Answer:
    target = delivery_card.parse_delivery(call.value)
    await broadcasts.requeue(
        call.desk,
        call.command,
        target.incident,
        update=target.update,
        outlet=target.outlet,
        part=target.part,
        again=again,
    )
    return QUIET


async def press_arrived(call: Call) -> Answer:
    target = delivery_card.parse_delivery(call.value)
    await broadcasts.confirm(
        call.desk, call.command, target.incident, update=target.update, outlet=target.outlet, part=target.part
    )
    return QUIET


async def press_correct(call: Call) -> Answer:
    """The published words again, to be put right; through approval like everything else."""
    return await _second_thought(call, Purpose.CORRECTION, delivery_card.CORRECT)


async def press_retract(call: Call) -> Answer:
    return await _second_thought(call, Purpose.RETRACTION, delivery_card.RETRACT)


async def _second_thought(call: Call, purpose: Purpose, action_id: str) -> Answer:
    number, update = delivery_card.parse_update(call.value)
    incident = (await _read(call, number)).incident
    if find_waiting_draft(incident):
        raise IllegalMove("Another draft is open. Publish or withdraw it first, then come back to this button.")
    form = form_about(incident, incident.get_update(update), purpose)
    view = draft_modal.build(build_prefill(incident, None, form), call.desk.specs)
    return OpenModal(view=view, reopen=_reopen(action_id, call))


async def press_open(call: Call) -> Answer:
    """On the App Home, where there is no Slack channel."""
    return await open_form(call, title="", first_words="")


async def press_reopen(call: Call) -> Answer:
    """Bring back a form that Slack did not open: the value is what stood after `/incident`."""
    return await slash.run(_with_words(call, call.value))


async def press_pick(call: Call) -> Answer:
    """The picker of incidents: run the subcommand again, with the incident named."""
    pick = picker.parse(call.value)
    return await slash.run(_with_words(call, f"{pick.subcommand} {pick.rest} {format_incident(pick.incident)}"))


def _with_words(call: Call, words: str) -> Call:
    return Call(
        desk=call.desk,
        command=call.command,
        words=words,
        trigger_id=call.trigger_id,
        response_url=call.response_url,
        channel=call.channel,
    )


BUTTONS: dict[str, Press] = {
    incident_card.DRAFT_UPDATE: press_draft_update,
    incident_card.CHANGE_IMPACT: press_change_impact,
    incident_card.ASSIGN: press_assign,
    incident_card.RESOLVE: press_resolve,
    draft_card.APPROVE: press_approve,
    draft_card.REQUEST_CHANGES: press_request_changes,
    draft_card.EDIT: press_edit,
    draft_card.PREVIEW: press_preview,
    draft_card.PUBLISH: press_publish,
    draft_card.MORE: press_more,
    delivery_card.RETRY: press_retry,
    delivery_card.ARRIVED: press_arrived,
    delivery_card.SEND_AGAIN: press_send_again,
    delivery_card.CORRECT: press_correct,
    delivery_card.RETRACT: press_retract,
    reminder_card.SNOOZE: press_snooze,
    home.OPEN_INCIDENT: press_open,
    form_button.REOPEN: press_reopen,
    **MENTION_BUTTONS,
}


def find_press(action_id: str) -> Press | None:
    """The picker has a button an incident, with an id each; of every other button there is one."""
    return press_pick if action_id.startswith(f"{picker.PREFIX}:") else BUTTONS.get(action_id)
