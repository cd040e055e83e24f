"""One function a button about customers. Each is idempotent; a late click on an old card gets a clear answer."""

from collections.abc import Awaitable, Callable

from slack_sdk.models.views import View

from chatops.domain.errors import BadInput, IllegalMove
from chatops.domain.flood import word_flood
from chatops.domain.ids import ConversationId, IncidentNumber
from chatops.domain.replying import UNDER_WAY
from chatops.slack.answers import QUIET, Answer, OpenModal, Reopen, Say
from chatops.slack.call import Call
from chatops.slack.drafting import draft_form
from chatops.slack.views import (
    board_card,
    brief_modal,
    customer_reminder,
    hand_over_modal,
    mention_card,
    mention_reasons,
    reply_modal,
    team_answer_modal,
)
from chatops.slack.views.customer_words import parse_conversation, parse_reply
from chatops.slack.views.target import parse_number
from chatops.usecases import conversations, team_answers
from chatops.usecases.customer_snapshots import ConversationSnapshot
from chatops.usecases.reading import read_incident
from chatops.usecases.reading_customers import read_conversation, read_group
from chatops.usecases.recording import require_actor

Press = Callable[[Call], Awaitable[Answer]]
NOBODY_WAITS_HERE = "Nobody waits here any more: this one was answered or closed. `Next one` gives you another."


async def _read(call: Call, number: ConversationId) -> ConversationSnapshot:
    return await call.desk.store.read(lambda reads: read_conversation(reads, call.desk, number, call.command))


# Who is on it


async def press_claim(call: Call) -> Answer:
    await conversations.claim(call.desk, call.command, parse_conversation(call.value))
    return QUIET


async def press_release(call: Call) -> Answer:
    await conversations.release(call.desk, call.command, parse_conversation(call.value))
    return QUIET


async def press_hand_over(call: Call) -> Answer:
    snapshot = await _read(call, parse_conversation(call.value))
    return _open(call, hand_over_modal.build(snapshot, call.desk.specs), mention_card.HAND_OVER)


def _open(call: Call, view: View, action_id: str, *, value: str | None = None) -> OpenModal:
    """With the button that brings it back where Slack did not open it."""
    return OpenModal(view=view, reopen=Reopen(action_id=action_id, value=value or call.value), on_top=call.in_modal)


# Answering


async def press_reply(call: Call) -> Answer:
    """Claim it where somebody waits, then the form; who has it already gets five minutes more."""
    number = parse_conversation(call.value)
    snapshot = await _read(call, number)
    if snapshot.row.waiting_since is not None:
        await conversations.claim(call.desk, call.command, number)
    else:
        _require_promise(snapshot)
    return await _open_reply(call, number)


def _require_promise(snapshot: ConversationSnapshot) -> None:
    """Where nobody waits there is one reason left to write: we promised to."""
    current = snapshot.conversation.current
    if current is not None:
        raise IllegalMove(UNDER_WAY[current.state])
    if not snapshot.conversation.follow_up:
        raise IllegalMove(NOBODY_WAITS_HERE)


async def press_next(call: Call) -> Answer:
    """Two clicks from the flood to writing."""
    answer = await conversations.claim_next(call.desk, call.command, parse_number(call.value))
    return await _open_reply(call, ConversationId(int(answer["conversation"] or 0)))


async def _open_reply(call: Call, number: ConversationId) -> OpenModal:
    snapshot = await _read(call, number)
    actor = await call.desk.store.read(lambda reads: require_actor(reads, call.command))
    view = reply_modal.build(snapshot, call.desk.specs, call.desk.policy.mentions, actor.first_name)
    return _open(call, view, mention_card.REPLY, value=str(number))


async def press_no_reply(call: Call) -> Answer:
    snapshot = await _read(call, parse_conversation(call.value))
    return _open(call, mention_reasons.build_no_reply(snapshot, call.desk.specs), mention_card.NO_REPLY)


async def press_escalate(call: Call) -> Answer:
    snapshot = await _read(call, parse_conversation(call.value))
    if snapshot.conversation.escalated_reason is not None:
        raise IllegalMove(f"The commander was called already: {snapshot.conversation.escalated_reason}")
    return _open(call, mention_reasons.build_escalate(snapshot, call.desk.specs), mention_card.ESCALATE)


async def press_follow_up_done(call: Call) -> Answer:
    await conversations.finish_follow_up(call.desk, call.command, parse_conversation(call.value))
    return Say(text="Noted: we came back to this customer as promised.") if _is_whispered(call) else QUIET


def _is_whispered(call: Call) -> bool:
    """On a list that only this person sees nothing changes by itself."""
    return call.in_view or bool(call.message.get("is_ephemeral")) or not call.message


# What becomes of an answer


async def press_approve(call: Call) -> Answer:
    number, reply = parse_reply(call.value)
    await conversations.approve_reply(call.desk, call.command, number, reply)
    return QUIET


async def press_send_anyway(call: Call) -> Answer:
    number, reply = parse_reply(call.value)
    await conversations.send_anyway(call.desk, call.command, number, reply)
    return QUIET


async def press_drop(call: Call) -> Answer:
    number, reply = parse_reply(call.value)
    await conversations.drop_reply(call.desk, call.command, number, reply)
    return QUIET


async def press_retry(call: Call) -> Answer:
    number, reply = parse_reply(call.value)
    await conversations.requeue_reply(call.desk, call.command, number, reply, again=False)
    return QUIET


async def press_send_again(call: Call) -> Answer:
    number, reply = parse_reply(call.value)
    await conversations.requeue_reply(call.desk, call.command, number, reply, again=True)
    return QUIET


async def press_arrived(call: Call) -> Answer:
    number, reply = parse_reply(call.value)
    await conversations.confirm_reply(call.desk, call.command, number, reply)
    return QUIET


# The team


async def press_team_answer(call: Call) -> Answer:
    number, group_id, _ = board_card.parse_group(call.value)
    incident = (await call.desk.store.read(lambda reads: read_incident(reads, number, call.command))).incident
    group = await call.desk.store.read(lambda reads: read_group(reads, number, group_id))
    answer = next((each for each in incident.answers if each.group == group_id), None)
    facts = reply_modal.find_facts(incident)
    view = team_answer_modal.build(group, answer, facts, call.desk.policy.mentions)
    return _open(call, view, board_card.TEAM_ANSWER)


async def press_approve_answer(call: Call) -> Answer:
    number, group, digest = board_card.parse_group(call.value)
    if not digest:
        raise BadInput("This button says no answer to approve. Use the newest board.")
    await team_answers.approve_team_answer(call.desk, call.command, number, group, digest)
    return QUIET


async def press_brief(call: Call) -> Answer:
    return await open_brief(call, brief_modal.parse(call.value))


async def open_brief(call: Call, number: IncidentNumber) -> OpenModal:
    incident = (await call.desk.store.read(lambda reads: read_incident(reads, number, call.command))).incident
    policy = call.desk.policy.mentions
    view = brief_modal.build(incident, policy, is_second_pair=incident.impact in policy.second_pair_impacts)
    return _open(call, view, board_card.BRIEF, value=str(number))


async def press_draft_flood(call: Call) -> Answer:
    """The update that tells everybody how long an answer may take."""
    number, minutes = customer_reminder.parse_flood(call.value)
    return await draft_form(call, number, first_words=word_flood(minutes))


MENTION_BUTTONS: dict[str, Press] = {
    mention_card.CLAIM: press_claim,
    mention_card.RELEASE: press_release,
    mention_card.HAND_OVER: press_hand_over,
    mention_card.REPLY: press_reply,
    mention_card.NO_REPLY: press_no_reply,
    mention_card.ESCALATE: press_escalate,
    mention_card.FOLLOW_UP_DONE: press_follow_up_done,
    mention_card.APPROVE: press_approve,
    mention_card.SEND_ANYWAY: press_send_anyway,
    mention_card.DROP: press_drop,
    mention_card.RETRY: press_retry,
    mention_card.SEND_AGAIN: press_send_again,
    mention_card.ARRIVED: press_arrived,
    board_card.NEXT_ONE: press_next,
    board_card.BRIEF: press_brief,
    board_card.TEAM_ANSWER: press_team_answer,
    board_card.APPROVE_ANSWER: press_approve_answer,
    customer_reminder.DRAFT_FLOOD: press_draft_flood,
}
