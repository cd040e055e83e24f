"""Keep Slack's picture of the customers true: a card a conversation, one board, one tally in the incident thread."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Literal

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import ConversationId, IncidentNumber, MemberId, format_incident
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.usecases.customer_snapshots import CustomerSnapshot
from chatops.usecases.filing import load_conversation
from chatops.usecases.hearing_customers import customers_job
from chatops.usecases.mention_ports import ConversationRow, MentionPost
from chatops.usecases.ports import Again, Desk, Done, Job, Reads, Thread, Transaction
from chatops.usecases.reading_customers import build_conversation, read_any_board
from chatops.usecases.slack_ports import IncidentThread, ThreadMessage

FOLD_FROM = 10
"""When more conversations than this wait for a card, the board is the way to the oldest, and cards wait."""
PACE = timedelta(seconds=1.2)
"""Slack takes about one message a second in a Slack channel, and some fifty changes a minute in all."""
BOARD_EVERY = 3
"""Of so many turns, one goes to board or tally first, even while cards are waiting too."""
PAUSES = (2, 5, 10, 20, 30)

Kind = Literal["conversation", "board", "tally"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One call to Slack that would make its picture truer."""

    message: ThreadMessage
    post: MentionPost | None
    conversation: ConversationRow | None = None


async def show_customers(desk: Desk, slack: IncidentThread, job: Job, *, runs: int) -> Done | Again:
    """One call to Slack a run, the most useful first; comes again until nothing is left to show."""
    number = IncidentNumber(int(job.data["incident"]))
    pause = slack.find_pause()
    if pause is not None:
        return Again(at=desk.in_real(pause))
    try:
        home = await _find_home(desk, slack, number)
        if home is None:
            return Again(at=desk.in_real(PACE))
        wishes = await desk.store.read(lambda reads: _choose(reads, desk, number, home))
        wish = await _find_untrue(slack, wishes)
        if wish is None:
            return Done()
        await _show(desk, slack, wish)
    except (NotSent, Uncertain, Refused) as error:
        named = error.retry_after if isinstance(error, NotSent) else None
        return Again(at=desk.in_real(named or timedelta(seconds=PAUSES[min(runs, len(PAUSES) - 1)])))
    return Again(at=desk.in_real(PACE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """Where cards and board stand, and the incident's thread, where the tally does."""

    channel: str
    thread: Thread


async def _find_home(desk: Desk, slack: IncidentThread, number: IncidentNumber) -> _Home | None:
    """None: the incident's own card is not posted yet. Of a private incident nothing leaves its Slack channel."""
    thread = await desk.store.read(lambda reads: reads.find_thread(number))
    if thread is None or thread.ts is None:
        return None
    if thread.is_own or desk.mentions_channel is None:
        return _Home(channel=thread.channel, thread=thread)
    try:
        channel = await slack.find_mentions_channel(desk.mentions_channel)
    except Refused:
        # Slack will not say where it is: customers are shown beside the incident rather than nowhere.
        channel = None
    return _Home(channel=channel or thread.channel, thread=thread)


def _choose(reads: Reads, desk: Desk, number: IncidentNumber, home: _Home) -> list[_Wish]:
    """What may have to be posted or changed, the most useful first."""
    doubtful = reads.list_doubtful_posts(number)
    incident = reads.load_incident(number)
    if doubtful:
        return [_settle_wish(reads, desk, incident, home, doubtful[0])]
    # By the clock, for in a flood the job is put again, and its runs counted anew, before every turn.
    turn = int(desk.clock.real_now().timestamp() / PACE.total_seconds())
    cards = list(islice(_list_cards(reads, desk, incident, home), 1))
    summaries = list(_list_summaries(reads, desk, number, home))
    if turn // BOARD_EVERY % 2:
        summaries.reverse()
    return [*summaries, *cards] if turn % BOARD_EVERY == 0 else [*cards, *summaries]


async def _find_untrue(slack: IncidentThread, wishes: list[_Wish]) -> _Wish | None:
    """Whether board and tally show something else now is only known once they are built."""
    for wish in wishes:
        if wish.post is None or wish.post.ts is None or wish.conversation is not None:
            return wish
        if await slack.digest(wish.message) != wish.post.rendering:
            return wish
    return None


def _settle_wish(reads: Reads, desk: Desk, incident: Incident, home: _Home, post: MentionPost) -> _Wish:
    """A post whose answer was lost: it is looked for before anything else is said."""
    if post.conversation is not None:
        row = reads.find_conversation_row(post.conversation)
        if row is not None:
            return _card_wish(reads, desk, incident, row, post, post.channel)
    kind: Kind = "tally" if post.key.endswith("/tally") else "board"
    about = read_any_board(reads, desk, incident.number)
    thread_ts = home.thread.ts if kind == "tally" else None
    return _Wish(message=_message(incident, kind, post.key, post.channel, thread_ts, about), post=post)


def _list_cards(reads: Reads, desk: Desk, incident: Incident, home: _Home) -> Iterator[_Wish]:
    """Cards that no longer show the truth; then new ones, the longest waiting first, unless a flood has come."""
    for row in reads.list_stale_cards(incident.number, limit=1):
        post = reads.find_mention_post(_name_card(row.id))
        if post is not None:
            yield _card_wish(reads, desk, incident, row, post, post.channel)
    missing = reads.list_without_card(incident.number, limit=FOLD_FROM + 1)
    is_flood = len(missing) > FOLD_FROM
    for row in missing:
        if not is_flood or row.reply_state in ("unapproved", "held", "refused", "uncertain") or row.is_escalated:
            yield _card_wish(reads, desk, incident, row, None, home.channel)


def _card_wish(
    reads: Reads, desk: Desk, incident: Incident, row: ConversationRow, post: MentionPost | None, channel: str
) -> _Wish:
    about = build_conversation(reads, desk, row, incident)
    message = _message(incident, "conversation", _name_card(row.id), channel, None, about)
    return _Wish(message=replace(message, ts=post.ts if post else None), post=post, conversation=row)


def _name_card(conversation: ConversationId) -> str:
    return f"mention:{conversation}"


def _list_summaries(reads: Reads, desk: Desk, number: IncidentNumber, home: _Home) -> Iterator[_Wish]:
    about = read_any_board(reads, desk, number)
    if not about.tally.conversations and not any(each.trouble for each in about.listenings):
        return
    summaries: tuple[tuple[Kind, str, str | None], ...] = (
        ("board", home.channel, None),
        ("tally", home.thread.channel, home.thread.ts),
    )
    for kind, channel, thread_ts in summaries:
        if kind == "tally" and not about.tally.conversations:
            continue
        key = f"{format_incident(number)}/{kind}"
        post = reads.find_mention_post(key)
        message = _message(about.incident, kind, key, post.channel if post else channel, thread_ts, about)
        yield _Wish(message=replace(message, ts=post.ts if post else None), post=post)


def _message(
    incident: Incident, kind: Kind, key: str, channel: str, thread_ts: str | None, about: CustomerSnapshot
) -> ThreadMessage:
    members: dict[MemberId, Member] = dict(about.members)
    return ThreadMessage(
        key=key, kind=kind, channel=channel, thread_ts=thread_ts, incident=incident, members=members, about=about
    )


async def _show(desk: Desk, slack: IncidentThread, wish: _Wish) -> None:
    message = wish.message
    if message.ts is not None:
        await _refresh(desk, slack, wish)
        return
    found = await _find_earlier(slack, wish)
    if found is not None:
        # It shows what was true when it was posted: with no rendering known it is refreshed in one of the next turns.
        await desk.store.write(lambda tx: tx.save_mention_post(_entry(wish, found, "")))
        return
    rendering = await slack.digest(message)
    await desk.store.write(lambda tx: tx.save_mention_post(_entry(wish, None, "")))
    try:
        ts = await slack.post(message)
    except (NotSent, Refused):
        await desk.store.write(lambda tx: tx.delete_mention_post(message.key))
        raise
    await desk.store.write(lambda tx: _save_shown(tx, wish, ts, rendering))


async def _find_earlier(slack: IncidentThread, wish: _Wish) -> str | None:
    if wish.post is None:
        return None
    try:
        return await slack.find(wish.message)
    except Refused:
        # Slack will not show us the history: a card twice is better than a customer who is not seen.
        return None


async def _refresh(desk: Desk, slack: IncidentThread, wish: _Wish) -> None:
    message, rendering = wish.message, await slack.digest(wish.message)
    try:
        await slack.refresh(message)
    except Refused:
        # The message is gone, or may not be changed any more: where one is still needed it is a new one.
        await desk.store.write(lambda tx: tx.delete_mention_post(message.key))
        return
    await desk.store.write(lambda tx: _save_shown(tx, wish, message.ts, rendering))


def _entry(wish: _Wish, ts: str | None, rendering: str) -> MentionPost:
    return MentionPost(
        key=wish.message.key,
        incident=wish.message.incident.number,
        conversation=wish.conversation.id if wish.conversation else None,
        channel=wish.message.channel,
        ts=ts,
        rendering=rendering,
    )


def _save_shown(tx: Transaction, wish: _Wish, ts: str | None, rendering: str) -> None:
    tx.save_mention_post(_entry(wish, ts, rendering))
    if wish.conversation is not None:
        tx.mark_shown(wish.conversation.id, wish.conversation.version)


def claim_over_job(conversation: int) -> Job:
    return Job(kind="claim_over", key=f"claim_over:{conversation}", data={"conversation": conversation})


async def end_claim(desk: Desk, job: Job) -> Done | Again:
    """A claim has run out: nothing has to be recorded for that, but the card and the board must show it."""
    number = ConversationId(int(job.data["conversation"]))

    def body(tx: Transaction) -> Done | Again:
        conversation = load_conversation(tx, number)
        until = conversation.claimed_until
        if until is not None and until > desk.clock.now():
            return Again(at=until)
        tx.settle_conversation(conversation)
        tx.put(customers_job(conversation.incident))
        return Done()

    return await desk.store.write(body)
