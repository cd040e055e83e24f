"""The thread pump: tell the log in the incident thread, in order, once; and keep the cards true.

The cursor is stored. A post is noted as `sending` before the call, so that after a crash or a lost answer Slack is
asked whether it stands, before it is said again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.fold import fold
from chatops.domain.ids import IncidentNumber, MemberId, format_incident, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.mention_records import FloodForeseen, MentionEscalated
from chatops.domain.policy import Member
from chatops.domain.records import BroadcastStarted, DraftChased, Record, RevisionProposed, UpdateReminded
from chatops.usecases.ports import (
    Again,
    Attempt,
    Desk,
    Done,
    Job,
    Reads,
    SlackPost,
    Thread,
    Transaction,
)
from chatops.usecases.reading import map_people
from chatops.usecases.recording import cards_job
from chatops.usecases.slack_ports import IncidentThread, ThreadMessage

LINES = 15
"""At most so many records in one message, when behind: more would not fit Slack's 3,000 characters."""
PAUSES = (1, 2, 5, 10, 20, 30)
"""Seconds until Slack is tried again."""

Kind = Literal["incident", "lines", "draft", "delivery", "reminder"]
_KINDS: dict[type, Kind] = {
    RevisionProposed: "draft",
    BroadcastStarted: "delivery",
    UpdateReminded: "reminder",
    DraftChased: "reminder",
    FloodForeseen: "reminder",
    MentionEscalated: "reminder",
}
CARDS = ("incident", "draft", "delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What one read found: the log, how far it was told, and what may be on its way."""

    incident: Incident
    records: tuple[Record, ...]
    thread: Thread | None
    posts: tuple[SlackPost, ...]
    attempts: tuple[Attempt, ...]
    members: Mapping[MemberId, Member]

    @property
    def doubtful(self) -> SlackPost | None:
        return next((post for post in self.posts if post.ts is None), None)


def _read(reads: Reads, desk: Desk, number: IncidentNumber) -> _State:
    records = tuple(reads.load(incident_stream(number)))
    incident = fold(records)
    return _State(
        incident=incident,
        records=records,
        thread=reads.find_thread(number),
        posts=tuple(reads.list_posts(number)),
        attempts=tuple(each for update in incident.updates for each in reads.list_attempts(number, update.number)),
        members=map_people(reads, incident, records, desk.policy.approvers),
    )


async def pump(desk: Desk, slack: IncidentThread, job: Job, *, runs: int) -> Done | Again:
    """Bring the thread up to the log. Waits and comes again when Slack cannot be reached."""
    number = IncidentNumber(int(job.data["incident"]))
    try:
        while True:
            state = await desk.store.read(lambda reads: _read(reads, desk, number))
            if not await _tell_next(desk, slack, state):
                return Done()
    except (NotSent, Uncertain, Refused) as error:
        return Again(at=desk.in_real(_pause(error, runs)))


def _pause(error: Exception, runs: int) -> timedelta:
    named = error.retry_after if isinstance(error, NotSent) else None
    return named or timedelta(seconds=PAUSES[min(runs, len(PAUSES) - 1)])


async def _tell_next(desk: Desk, slack: IncidentThread, state: _State) -> bool:
    """Post one more message; False where nothing is left to tell."""
    number = state.incident.number
    if state.thread is None:
        channel = await slack.find_home(state.incident, state.members)
        is_own = state.incident.private or desk.dedicated_channel
        thread = Thread(incident=number, channel=channel, ts=None, posted_seq=0, is_own=is_own)
        await desk.store.write(lambda tx: tx.save_thread(thread))
        return True
    message = _next_message(state, state.thread)
    if message is None:
        return False
    if state.doubtful:
        message = await _look_for(slack, message)
    # A card that is found shows what was true when it was posted: no rendering is known, so it is refreshed.
    rendering = "" if message.ts else await slack.digest(message)
    ts = message.ts or await _post(desk, slack, message)
    await _save_posted(desk, state.thread, replace(message, ts=ts), rendering)
    return True


def _next_message(state: _State, thread: Thread) -> ThreadMessage | None:
    doubtful = state.doubtful
    if thread.ts is None:
        return _message(state, thread, "incident", ())
    if doubtful:
        records = tuple(each for each in state.records if doubtful.first_seq <= each.seq <= doubtful.last_seq)
    else:
        records = take_group([each for each in state.records if each.seq > thread.posted_seq])
    return _message(state, thread, kind_of(records[0]), records) if records else None


def kind_of(record: Record) -> Kind:
    return _KINDS.get(type(record.data), "lines")


def take_group(records: Iterable[Record]) -> tuple[Record, ...]:
    """The records of the next message: a card of its own, or as many plain lines as follow one another."""
    group: list[Record] = []
    for record in records:
        if kind_of(record) != "lines":
            return tuple(group) or (record,)
        group.append(record)
        if len(group) == LINES:
            break
    return tuple(group)


def _message(state: _State, thread: Thread, kind: Kind, records: tuple[Record, ...]) -> ThreadMessage:
    span = f"{records[0].seq}-{records[-1].seq}" if records else "card"
    return ThreadMessage(
        key=f"{format_incident(state.incident.number)}/{span}",
        kind=kind,
        channel=thread.channel,
        thread_ts=thread.ts if kind != "incident" else None,
        incident=state.incident,
        records=records,
        attempts=state.attempts,
        members=state.members,
    )


async def _look_for(slack: IncidentThread, message: ThreadMessage) -> ThreadMessage:
    """With its ts, where an earlier try stands."""
    try:
        return replace(message, ts=await slack.find(message))
    except Refused:
        # Slack will not show us the history: say it again rather than leave a hole, and mark it.
        return replace(message, is_repeat=True)


async def _post(desk: Desk, slack: IncidentThread, message: ThreadMessage) -> str:
    await desk.store.write(lambda tx: tx.save_post(_entry(message, rendering="")))
    try:
        return await slack.post(message)
    except (NotSent, Refused):
        if not message.is_repeat:  # Else an earlier try may stand all the same: the doubt stays noted.
            await desk.store.write(lambda tx: tx.delete_post(message.key))
        raise


def _entry(message: ThreadMessage, *, rendering: str) -> SlackPost:
    return SlackPost(
        key=message.key,
        incident=message.incident.number,
        kind=message.kind,
        channel=message.channel,
        ts=message.ts,
        thread_ts=message.thread_ts,
        first_seq=message.records[0].seq if message.records else 0,
        last_seq=message.records[-1].seq if message.records else 0,
        rendering=rendering,
    )


async def _save_posted(desk: Desk, thread: Thread, message: ThreadMessage, rendering: str) -> None:
    entry = _entry(message, rendering=rendering)
    told = max(thread.posted_seq, entry.last_seq)
    moved = replace(thread, ts=thread.ts or message.ts, posted_seq=told)
    number = message.incident.number

    def body(tx: Transaction) -> None:
        tx.save_post(entry)
        tx.save_thread(moved)
        if message.kind in CARDS:
            # What happened while it was being posted, and the cards it supersedes.
            tx.put(cards_job(number))

    await desk.store.write(body)


async def refresh_cards(desk: Desk, slack: IncidentThread, job: Job, *, runs: int) -> Done | Again:
    """Update each card whose rendering differs from what it shows; repeating it is harmless."""
    number = IncidentNumber(int(job.data["incident"]))
    state = await desk.store.read(lambda reads: _read(reads, desk, number))
    for post in state.posts:
        message = _card_message(state, post)
        if message is None:
            continue
        digest = await slack.digest(message)
        if digest == post.rendering:
            continue
        try:
            await slack.refresh(message)
        except (NotSent, Uncertain) as error:
            return Again(at=desk.in_real(_pause(error, runs)))
        except Refused:
            # The message is gone or not ours any more: nothing to keep true.
            pass
        await _save_rendering(desk, replace(post, rendering=digest))
    return Done()


async def _save_rendering(desk: Desk, post: SlackPost) -> None:
    await desk.store.write(lambda tx: tx.save_post(post))


def _card_message(state: _State, post: SlackPost) -> ThreadMessage | None:
    if post.kind not in CARDS or post.ts is None or state.thread is None:
        return None
    records = tuple(each for each in state.records if post.first_seq <= each.seq <= post.last_seq)
    kind: Kind = "incident" if post.kind == "incident" else kind_of(records[0])
    return replace(_message(state, state.thread, kind, records), ts=post.ts)
