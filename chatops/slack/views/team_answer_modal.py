"""The modal “Team answer”: one good answer for a question that many ask, which somebody else has to approve."""

from slack_sdk.models.views import View

from chatops.domain.ids import IncidentNumber
from chatops.domain.policy import MentionPolicy
from chatops.domain.team_answer import ANSWER_CHARS, TeamAnswer
from chatops.slack.views.board_card import format_group, parse_group
from chatops.slack.views.building import context, labelled, section
from chatops.slack.views.customer_words import word_text
from chatops.slack.views.inputs import ViewPayload, read_metadata, read_text, text_input, write_metadata
from chatops.slack.views.reply_modal import word_guide
from chatops.usecases.mention_ports import Group

CALLBACK = "team_answer"
ANSWER = "answer"
ERROR_BLOCKS = {ANSWER: ANSWER}
HINT = "Without a greeting and without a signature: whoever sends it makes it fit the person and signs it."


def build(group: Group, answer: TeamAnswer | None, facts: str, policy: MentionPolicy) -> View:
    """`facts`: what the public was told. New words void the approval of the old ones."""
    void = " New words have to be approved again." if answer is not None and answer.approved_by else ""
    return View(
        type="modal",
        callback_id=CALLBACK,
        title="Team answer",
        submit="Propose",
        close="Cancel",
        private_metadata=write_metadata(group=format_group(group.incident, group.id)),
        blocks=[
            section(f"*{group.conversations:,} ask:* {word_text(group.sample, 500)}"),
            labelled("What we have told everybody", facts),
            context(word_guide(policy)),
            text_input(
                ANSWER,
                "Answer",
                initial=answer.words if answer else "",
                max_chars=ANSWER_CHARS,
                multiline=True,
                hint=f"{HINT}{void}",
            ),
        ],
    )


def parse(view: ViewPayload) -> tuple[IncidentNumber, int, str]:
    number, group, _ = parse_group(str(read_metadata(view).get("group")))
    return number, group, read_text(view, ANSWER)
