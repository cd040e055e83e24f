"""The one-minute brief: whoever is let in for the day reads what happened, the tone, what not to say, and how to."""

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from chatops.domain.ids import IncidentNumber
from chatops.domain.incident import Incident
from chatops.domain.policy import MentionPolicy
from chatops.slack.views.building import context, cut_plain, labelled, section
from chatops.slack.views.customer_words import escaped_line, one_line
from chatops.slack.views.reply_modal import find_facts
from chatops.slack.views.target import parse_number

HOW = (
    "*How to*\n"
    "1. Press `Next one` on the board: the customer who waits longest is yours for five minutes.\n"
    "2. Write as one person to another, press `Send`. Nobody answers the same customer meanwhile.\n"
    "3. Nothing to answer (praise, a joke, spam)? `No reply needed`, with a word why.\n"
    "4. Press, legal, security, a threat, money back? `Escalate`. The commander takes it from there.\n"
    "5. Told somebody that we come back to them? Tick it in the form, so that it is not forgotten."
)


def build(incident: Incident, policy: MentionPolicy, *, is_second_pair: bool) -> View:
    """`is_second_pair`: every answer is read by somebody else before it goes out."""
    tone = one_line(policy.tone, 700)
    avoid = "\n".join(f"• {one_line(each, 200)}" for each in policy.do_not_say)
    blocks: list[Block] = [
        section(f"*{incident.name}* {escaped_line(incident.title, 150)}"),
        labelled("What happened, as everybody was told", find_facts(incident)),
        *([labelled("Tone", tone)] if tone else []),
        *([labelled("Do not say", cut_plain(avoid, 1500))] if avoid else []),
        DividerBlock(),
        section(HOW),
    ]
    if is_second_pair:
        blocks.append(context("In this incident somebody else reads every answer before it goes out."))
    return View(type="modal", title="Brief", close="Close", blocks=blocks)


def parse(value: str) -> IncidentNumber:
    """The value of the button that opens it."""
    return parse_number(value)
