"""One function a modal's submission; a refusal keeps the form open, with nothing typed lost."""

from collections.abc import Awaitable, Callable
from typing import Any

from chatops.domain.cadence import find_waiting_draft
from chatops.domain.errors import Conflict
from chatops.domain.incident import Incident
from chatops.domain.records import Role
from chatops.domain.update import Draft, DraftForm
from chatops.slack.answers import QUIET, Answer, Replace
from chatops.slack.call import Call
from chatops.slack.drafting import build_prefill
from chatops.slack.mention_submissions import MENTION_ERROR_BLOCKS, MENTION_SUBMISSIONS
from chatops.slack.views import assign_modal, draft_modal, impact_modal, open_modal, reason_modal
from chatops.usecases import incidents, updates
from chatops.usecases.reading import read_incident
from chatops.usecases.recording import Command

Submit = Callable[[Call], Awaitable[Answer]]


def find_error_block(view: dict[str, Any], field: str | None) -> str:
    """The block under which Slack shows the text: that of the field, else the form's first input."""
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    wanted = ERROR_BLOCKS.get(view["callback_id"], {}).get(field or "")
    return wanted if wanted is not None and wanted in inputs else str(inputs[0])


async def submit_open(call: Call) -> Answer:
    await incidents.open_incident(call.desk, call.command, open_modal.parse(call.view))
    return QUIET


async def submit_draft(call: Call) -> Answer:
    """Propose or save. Who comes second sees what the other saved, with their own words still in the form."""
    number, draft, base_revision, form = draft_modal.parse(call.view)
    try:
        await updates.save_draft(
            call.desk,
            call.command,
            number,
            form,
            draft=draft,
            base_revision=base_revision,
            view_id=call.view["id"],
        )
    except Conflict as conflict:
        snapshot = await call.desk.store.read(lambda reads: read_incident(reads, number, call.command))
        waiting = find_waiting_draft(snapshot.incident)
        if waiting is None:
            raise
        return Replace(view=_conflict_view(call, snapshot.incident, waiting, form, str(conflict)))
    return QUIET


def _conflict_view(call: Call, incident: Incident, waiting: Draft, form: DraftForm, text: str) -> Any:
    prefill = build_prefill(
        incident,
        waiting,
        form,
        conflict_text=f"{text} Your words are below, nothing is lost. `Save` makes them the next revision.",
        theirs=waiting.current.sections,
    )
    return draft_modal.build(prefill, call.desk.specs)


async def submit_request_changes(call: Call) -> Answer:
    target, reason = reason_modal.parse(call.view)
    await updates.request_changes(
        call.desk, call.command, target.incident, draft=target.draft, revision=target.revision, reason=reason
    )
    return QUIET


async def submit_bypass(call: Call) -> Answer:
    target, reason = reason_modal.parse(call.view)
    await updates.publish_without_approval(
        call.desk, call.command, target.incident, draft=target.draft, revision=target.revision, reason=reason
    )
    return QUIET


async def submit_impact(call: Call) -> Answer:
    number, impact = impact_modal.parse(call.view)
    await incidents.change_impact(call.desk, call.command, number, impact)
    return QUIET


async def submit_assign(call: Call) -> Answer:
    """Two roles in one form: a command each, so that a repeat of the form repeats neither."""
    number, commander, comms_lead = assign_modal.parse(call.view)
    for role, slack_id in ((Role.COMMANDER, commander), (Role.COMMS_LEAD, comms_lead)):
        if slack_id:
            key = f"{call.command.key}:{role.value}"
            command = Command(workspace=call.command.workspace, key=key, slack_user=call.command.slack_user)
            await incidents.assign(call.desk, command, number, role, slack_id)
    return QUIET


SUBMISSIONS: dict[str, Submit] = {
    open_modal.CALLBACK: submit_open,
    draft_modal.CALLBACK_PROPOSE: submit_draft,
    draft_modal.CALLBACK_SAVE: submit_draft,
    reason_modal.CALLBACK_REQUEST_CHANGES: submit_request_changes,
    reason_modal.CALLBACK_BYPASS: submit_bypass,
    impact_modal.CALLBACK: submit_impact,
    assign_modal.CALLBACK: submit_assign,
    **MENTION_SUBMISSIONS,
}
ERROR_BLOCKS: dict[str, dict[str, str]] = {
    open_modal.CALLBACK: open_modal.ERROR_BLOCKS,
    draft_modal.CALLBACK_PROPOSE: draft_modal.ERROR_BLOCKS,
    draft_modal.CALLBACK_SAVE: draft_modal.ERROR_BLOCKS,
    assign_modal.CALLBACK: assign_modal.ERROR_BLOCKS,
    **MENTION_ERROR_BLOCKS,
}
