"""The modal “Reply to mention”: what the customer wrote, what is approved to say, and the answer to write."""

from collections.abc import Sequence

from slack_sdk.models.blocks import ActionsBlock, Block
from slack_sdk.models.views import View

from chatops.domain.advising import form_of
from chatops.domain.errors import BadInput
from chatops.domain.ids import ConversationId
from chatops.domain.incident import Incident
from chatops.domain.mention import digest_text
from chatops.domain.policy import MentionPolicy
from chatops.domain.reply_words import SIGN_CHARS, find_limits
from chatops.domain.wording import OutletSpec, compose_body
from chatops.slack.mrkdwn import escape
from chatops.slack.views.building import button, context, cut_plain, labelled, section
from chatops.slack.views.customer_words import (
    escaped_line,
    one_line,
    parse_conversation,
    quote_posts,
    word_author,
    word_followers,
    word_outlet,
    word_text,
    word_until,
)
from chatops.slack.views.inputs import (
    INPUT_CHARS,
    ViewPayload,
    is_ticked,
    read_metadata,
    read_text,
    text_input,
    tick_input,
    write_metadata,
)
from chatops.slack.views.mention_card import ESCALATE, NO_REPLY
from chatops.slack.views.outlet_lines import find_spec
from chatops.usecases.conversations import ReplyForm
from chatops.usecases.customer_snapshots import ConversationSnapshot

CALLBACK = "reply_to_mention"
REPLY = "reply"
SIGN_AS = "sign_as"
FOLLOW_UP = "follow_up"
FITS = "fits"
ERROR_BLOCKS = {REPLY: REPLY, SIGN_AS: SIGN_AS}

FACTS_CHARS = 900
BRIEF_CHARS = 700
NOTHING_YET = "Nothing is published yet. Say that we are looking into it, and nothing that you are not sure of."


def build(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec], policy: MentionPolicy, first_name: str) -> View:
    """`first_name` of whoever answers. What the form shows is what the answer will be bound to."""
    answer = snapshot.answer
    fits = [tick_input(FITS, "The team's answer", "It fits this person as it is")] if answer else []
    return View(
        type="modal",
        callback_id=CALLBACK,
        title="Reply to mention",
        submit="Send",
        close="Cancel",
        private_metadata=write_metadata(
            conversation=snapshot.row.id,
            covers=snapshot.row.last_seq,
            facts_update=snapshot.incident.last_published,
            read=digest_text(snapshot.last.text) if snapshot.last else "",
        ),
        blocks=[
            *_customer(snapshot, specs),
            *_ways_out(snapshot),
            labelled("What we have told everybody", find_facts(snapshot.incident)),
            section(word_guide(policy)),
            text_input(
                REPLY,
                "Reply",
                initial=answer.words if answer else "",
                max_chars=INPUT_CHARS,
                multiline=True,
                hint=_word_limit(snapshot, specs),
            ),
            *fits,
            text_input(SIGN_AS, "Sign as", initial=first_name, max_chars=SIGN_CHARS, optional=True),
            tick_input(FOLLOW_UP, "Follow-up", "We promised to come back to this person"),
        ],
    )


def _customer(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> list[Block]:
    row, conversation = snapshot.row, snapshot.conversation
    where = word_outlet(specs, row.outlet)
    blocks: list[Block] = [section(f"{word_author(row.author)} · {where}{word_followers(row.author)}")]
    if snapshot.paused is not None:
        reason = escaped_line(snapshot.paused, 300)
        blocks.append(section(f"⏸️ *All replying is paused:* {reason}\nNothing can be sent before it is resumed."))
    elif snapshot.outlet_paused is not None:
        reason = escaped_line(snapshot.outlet_paused, 300)
        blocks.append(section(f"⏸️ *{where} is paused:* {reason}\nYour answer waits until it is resumed."))
    blocks += quote_posts(snapshot.mentions, covers=conversation.covers)
    if conversation.claimed_until is not None and conversation.claimed_until > snapshot.now:
        blocks.append(context(f"✋ Yours {word_until(conversation.claimed_until)}. `Reply` again gives you more time."))
    sent = conversation.last_sent
    if sent is not None:
        blocks.append(context(f"We answered before: {word_text(sent.words, 600)}"))
    return blocks


def _ways_out(snapshot: ConversationSnapshot) -> list[Block]:
    """In a flood not everybody has a card: who turns out to need no answer, or the commander, is dealt with here."""
    value = str(snapshot.row.id)
    if snapshot.row.waiting_since is None:
        return []
    called = snapshot.conversation.escalated_reason is not None
    escalate = [] if called else [button("Escalate", ESCALATE, value)]
    return [ActionsBlock(elements=[button("No reply needed", NO_REPLY, value), *escalate])]


def find_facts(incident: Incident) -> str:
    """The words that the public has, shortened; not escaped."""
    published = incident.published
    if not published:
        return NOTHING_YET
    return cut_plain(compose_body(form_of(published[-1].revision), signs=False).strip(), FACTS_CHARS) or NOTHING_YET


def word_guide(policy: MentionPolicy) -> str:
    """Escaped: what not to say, and the tone."""
    avoid = "; ".join(one_line(each, 200) for each in policy.do_not_say)
    said = f"⛔ *Do not say:* {escape(cut_plain(avoid, BRIEF_CHARS))}\n" if avoid else ""
    return f"{said}{escape(one_line(policy.tone, BRIEF_CHARS))}"


def _word_limit(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> str:
    spec = find_spec(specs, snapshot.row.outlet)
    if spec is None:
        return "This outlet is not configured any more, so nothing can be sent there."
    limits = find_limits(spec)
    added = "their name and your signature" if spec.abilities.reply_names_author else "your signature"
    most = f"At most {limits.max_chars:,} characters, with {added}. " if limits.max_chars < INPUT_CHARS else ""
    who = "Everybody can read it." if spec.answers_in_public else "Only this person reads it."
    return f"{most}{who}"


def parse(view: ViewPayload) -> tuple[ConversationId, ReplyForm]:
    """What was filled in; raises BadInput where it is not our form."""
    about = read_metadata(view)
    covers, facts_update = about.get("covers"), about.get("facts_update")
    read = about.get("read", "")
    if not isinstance(covers, int) or not isinstance(facts_update, int) or not isinstance(read, str):
        raise BadInput("This form cannot be read any more. Copy your words, and open it again.", field=REPLY)
    form = ReplyForm(
        text=read_text(view, REPLY),
        sign_as=read_text(view, SIGN_AS),
        covers=covers,
        facts_update=facts_update,
        read_digest=read or None,
        follow_up=is_ticked(view, FOLLOW_UP),
        fits=is_ticked(view, FITS),
    )
    return parse_conversation(about.get("conversation")), form
