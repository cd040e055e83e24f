"""One function a modal about customers; a refusal keeps the form open, with nothing typed lost."""

from collections.abc import Awaitable, Callable, Mapping

from chatops.slack.answers import QUIET, Answer, CloseAll
from chatops.slack.call import Call
from chatops.slack.views import hand_over_modal, mention_reasons, reply_modal, team_answer_modal
from chatops.usecases import conversations, team_answers

Submit = Callable[[Call], Awaitable[Answer]]


async def submit_reply(call: Call) -> Answer:
    number, form = reply_modal.parse(call.view)
    await conversations.write_reply(call.desk, call.command, number, form)
    return QUIET


async def submit_no_reply(call: Call) -> Answer:
    number, covers, reason = mention_reasons.parse(call.view)
    await conversations.close(call.desk, call.command, number, covers=covers, reason=reason)
    return CloseAll()


async def submit_escalate(call: Call) -> Answer:
    number, _, reason = mention_reasons.parse(call.view)
    await conversations.escalate(call.desk, call.command, number, reason)
    return QUIET


async def submit_hand_over(call: Call) -> Answer:
    number, slack_id = hand_over_modal.parse(call.view)
    await conversations.hand_over(call.desk, call.command, number, slack_id)
    return QUIET


async def submit_team_answer(call: Call) -> Answer:
    number, group, words = team_answer_modal.parse(call.view)
    await team_answers.propose_team_answer(call.desk, call.command, number, group, words)
    return QUIET


MENTION_SUBMISSIONS: dict[str, Submit] = {
    reply_modal.CALLBACK: submit_reply,
    mention_reasons.CALLBACK_NO_REPLY: submit_no_reply,
    mention_reasons.CALLBACK_ESCALATE: submit_escalate,
    hand_over_modal.CALLBACK: submit_hand_over,
    team_answer_modal.CALLBACK: submit_team_answer,
}
MENTION_ERROR_BLOCKS: Mapping[str, dict[str, str]] = {
    reply_modal.CALLBACK: reply_modal.ERROR_BLOCKS,
    mention_reasons.CALLBACK_NO_REPLY: mention_reasons.ERROR_BLOCKS,
    mention_reasons.CALLBACK_ESCALATE: mention_reasons.ERROR_BLOCKS,
    hand_over_modal.CALLBACK: hand_over_modal.ERROR_BLOCKS,
    team_answer_modal.CALLBACK: team_answer_modal.ERROR_BLOCKS,
}
