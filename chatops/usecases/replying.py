"""The durable side of an answer: look at the conversation once more, send it once, settle what is uncertain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chatops.domain import broadcast as pauses
from chatops.domain.conversation import Conversation, Reply, ReplyState
from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import CHATOPS, OUTLETS, ConversationId, OutletKey
from chatops.domain.mention import KeptMention
from chatops.domain.mention_records import ReplyHeld, ReplyRefused, ReplySent, ReplyUncertain
from chatops.domain.pauses import find_replying_pause, fold_pauses
from chatops.domain.records import AnyData
from chatops.domain.replying import find_hold
from chatops.usecases.deliveries import LOOK_UP_PAUSE, LOOK_UPS
from chatops.usecases.filing import load_conversation, record_conversation, take_look
from chatops.usecases.hearing_customers import customers_job
from chatops.usecases.mention_ports import Listener, Replied, ReplyAttempt, ReplyPosting, ThreadNow
from chatops.usecases.ports import Again, Desk, Done, Job, Reads, Transaction
from chatops.usecases.recording import load_incident

PAUSED_FOR = timedelta(seconds=15)
"""So often a reply that waits for a pause to end asks again."""

_LOOK_BACK = timedelta(hours=12)
"""What we said in the same thread before that belongs to an earlier exchange."""

Result = Replied | NotSent | Refused | Uncertain


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """One reply about to be sent, as one transaction found it."""

    conversation: Conversation
    reply: Reply
    mention: KeptMention | None
    thread: str
    posting: ReplyPosting
    attempt: ReplyAttempt | None
    """One that was cut off: it may stand there."""
    tries: int
    doubts: int
    settled_by: str
    last_update: int
    runs: int = 0
    """How often the job ran before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found(Replied):
    """Seen on the network: an earlier attempt had sent it."""


async def send_reply(
    desk: Desk, listeners: Mapping[OutletKey, Listener], job: Job, *, runs: int, jitter: Callable[[], float]
) -> Done | Again:
    """One attempt of one reply: `sending` is committed before the call, the outcome after it."""
    number = ConversationId(int(job.data["conversation"]))
    reply, requeued = int(job.data["reply"]), int(job.data["requeued"])
    start = await desk.store.read(lambda reads: _read(reads, desk, number, reply, requeued))
    if isinstance(start, Done | Again):
        return start
    start = replace(start, runs=runs)
    listener = listeners.get(start.conversation.outlet)
    if listener is None:
        missing = Refused("This outlet is no longer configured.")
        return await _finish(desk, start, missing if start.attempt is None else Uncertain(str(missing)), jitter())
    if start.attempt is None:
        return await _send_first(desk, listener, start, jitter)
    return await _settle(desk, listener, start, jitter)


def _read(reads: Reads, desk: Desk, number: ConversationId, reply: int, requeued: int) -> _Start | Done | Again:
    conversation = load_conversation(reads, number)
    found = next((each for each in conversation.replies if each.number == reply), None)
    row = reads.find_conversation_row(number)
    if found is None or row is None or found.state is not ReplyState.QUEUED or found.requeued != requeued:
        return Done()
    attempts = [each for each in reads.list_reply_attempts(number) if each.reply == reply]
    open_ = next((each for each in attempts if each.requeued == requeued and each.finished_at is None), None)
    if open_ is None and _is_paused(reads, conversation.outlet):
        return Again(at=desk.in_real(PAUSED_FOR))
    spec = next((each for each in desk.specs if each.key == conversation.outlet), None)
    mention = reads.find_mention(conversation.outlet, found.answers)
    first_at = attempts[0].started_at if attempts else desk.clock.now()
    same = [each for each in attempts if each.requeued == requeued]
    return _Start(
        conversation=conversation,
        reply=found,
        mention=mention,
        thread=row.thread,
        posting=ReplyPosting(
            key=f"mention:{number}/{reply}/{requeued}",
            words=found.words,
            answers=found.answers,
            author=row.author,
            subject=mention.subject if mention else None,
            thread=row.thread,
            first_tried_at=to_real_time(desk, first_at),
            written_at=to_real_time(desk, found.written_at),
            own=tuple(each.remote_id for each in conversation.replies if each.remote_id),
        ),
        attempt=open_,
        tries=len(same),
        doubts=sum(each.outcome == "uncertain" for each in same),
        settled_by=spec.abilities.replies_settled_by if spec else "person",
        last_update=load_incident(reads, conversation.incident).last_published,
    )


def _is_paused(reads: Reads, outlet: OutletKey) -> bool:
    records = reads.load(OUTLETS)
    return find_replying_pause(records) is not None or outlet in fold_pauses(records)


def to_real_time(desk: Desk, at: datetime) -> datetime:
    ago = max(0.0, (desk.clock.now() - at).total_seconds())
    return desk.clock.real_now() - timedelta(seconds=desk.clock.real_seconds(ago))


async def _send_first(desk: Desk, listener: Listener, start: _Start, jitter: Callable[[], float]) -> Done | Again:
    """Look, note the attempt, send."""
    if start.mention is None or start.reply.is_released:
        now_there = None
    else:
        try:
            now_there = await listener.look_again(start.mention, thread=start.thread)
        except NotSent as error:
            return await _finish(desk, start, error, jitter())
        except Refused as error:
            return await _hold(desk, start, f"The conversation could not be looked at: {error}")
    reason = _find_hold(start, now_there)
    if reason is not None:
        return await _hold(desk, start, reason, now_there)
    begun = await desk.store.write(lambda tx: _begin(tx, desk, start))
    if begun is None:
        return Again(at=desk.in_real(timedelta(seconds=1)))
    return await _send(desk, listener, begun, jitter)


def _find_hold(start: _Start, there: ThreadNow | None) -> str | None:
    """Only what is certain holds a reply: where the network was not asked, the words and the facts still count."""
    if start.mention is None:
        return None if start.reply.is_released else "The customer's post is not here any more."
    if there is None:
        return None
    known = {start.posting.words.strip(), *(each.words.strip() for each in start.conversation.replies)}
    ours = there.ours or ()
    by_hand = [
        each
        for each in ours
        if each.id not in start.posting.own
        and each.text.strip() not in known
        and each.posted_at >= start.posting.written_at - _LOOK_BACK
    ]
    return find_hold(
        start.reply,
        start.mention,
        now_says=there.mention.text if there.mention else None,
        answered_by_hand=bool(by_hand),
        last_update=start.last_update,
    )


async def _hold(desk: Desk, start: _Start, reason: str, there: ThreadNow | None = None) -> Done:
    """Whoever decides about it must see the post as it stands now; another answer stands on that as well."""

    def body(tx: Transaction) -> None:
        if there is not None and start.mention is not None:
            take_look(tx, start.mention, there.mention, desk.clock.now())
        _record(tx, desk, start, ReplyHeld(reply=start.reply.number, reason=reason))

    await desk.store.write(body)
    return Done()


def _begin(tx: Transaction, desk: Desk, start: _Start) -> _Start | None:
    """`sending` is committed before the call; None: the reply, or what it stands on, has changed since it was read."""
    conversation = load_conversation(tx, start.conversation.id)
    reply = conversation.get_reply(start.reply.number)
    incident = load_incident(tx, conversation.incident)
    facts_moved = incident.last_published != start.last_update and not reply.is_released
    if reply != start.reply or facts_moved or _is_paused(tx, conversation.outlet):
        return None
    return replace(start, attempt=_start_attempt(tx, start, desk.clock.now()), tries=start.tries + 1)


def _start_attempt(tx: Transaction, start: _Start, at: datetime) -> ReplyAttempt:
    reply = start.reply
    return tx.start_reply_attempt(
        conversation=start.conversation.id, reply=reply.number, requeued=reply.requeued, at=at
    )


def _show(tx: Transaction, start: _Start) -> None:
    """The card tells of the tries."""
    tx.settle_conversation(load_conversation(tx, start.conversation.id))
    tx.put(customers_job(start.conversation.incident))


async def _settle(desk: Desk, listener: Listener, start: _Start, jitter: Callable[[], float]) -> Done | Again:
    """An attempt was cut off. Look it up, use the same key again, or ask a person: never send blindly."""
    assert start.attempt is not None  # noqa: S101 - narrows the type
    if start.settled_by == "own_key":
        return await _send(desk, listener, start, jitter, is_doubtful=True)
    if start.settled_by == "person":
        text = "chatops was stopped while sending, and this network cannot be asked. Please look there."
        return await _finish(desk, start, Uncertain(text), jitter())
    look_up_at = start.attempt.started_at + LOOK_UP_PAUSE
    if desk.clock.now() < look_up_at:
        return Again(at=look_up_at)
    try:
        found = await listener.find_reply(start.posting)
    except (NotSent, Refused, Uncertain) as error:
        return await _doubt(desk, start, f"It may stand there, and looking it up failed: {error}", jitter)
    if found is not None:
        result = _Found(url=found.url, remote_id=found.remote_id, note=found.note)
        return await _finish(desk, start, result, jitter())
    anew = await desk.store.write(lambda tx: _begin_anew(tx, desk, start))
    return await _send(desk, listener, anew, jitter)


def _begin_anew(tx: Transaction, desk: Desk, start: _Start) -> _Start:
    """The doubtful attempt ended without a post; the next one is noted before its call, like every other."""
    now = desk.clock.now()
    if start.attempt is not None:
        note = "Looked up: it does not stand there."
        tx.finish_reply_attempt(start.attempt.id, at=now, outcome="uncertain", note=note, next_at=now)
    attempt = _start_attempt(tx, start, now)
    return replace(start, attempt=attempt, tries=start.tries + 1, doubts=start.doubts + 1)


async def _send(
    desk: Desk, listener: Listener, start: _Start, jitter: Callable[[], float], *, is_doubtful: bool = False
) -> Done | Again:
    result: Result
    try:
        result = await listener.reply(start.posting)
    except Refused as refusal:
        doubt = f"An earlier attempt may stand there; this one was refused: {refusal}"
        result = Uncertain(doubt) if is_doubtful else refusal
    except (NotSent, Uncertain) as outcome:
        result = outcome
    if isinstance(result, NotSent) and is_doubtful:
        # The same key again, later: what the first attempt did is still not known.
        return await _doubt(desk, start, str(result), jitter, retry_after=result.retry_after)
    if isinstance(result, Uncertain) and start.settled_by != "person":
        return await _doubt(desk, start, str(result), jitter)
    return await _finish(desk, start, result, jitter())


async def _doubt(
    desk: Desk, start: _Start, text: str, jitter: Callable[[], float], *, retry_after: timedelta | None = None
) -> Done | Again:
    """The attempt stays open and is settled at a later run, until a person has to be asked."""
    waited = desk.clock.now() - (start.attempt.started_at if start.attempt else desk.clock.now())
    # Time alone says nothing: chatops may have been down.
    if start.doubts >= LOOK_UPS or (waited >= LOOK_UPS * LOOK_UP_PAUSE and start.runs >= LOOK_UPS):
        return await _finish(desk, start, Uncertain(text), jitter())
    return Again(at=desk.clock.now() + max(LOOK_UP_PAUSE, retry_after or timedelta(0)))


async def _finish(desk: Desk, start: _Start, result: Result, jitter: float) -> Done | Again:
    now = desk.clock.now()
    again_at: datetime | None = None
    if isinstance(result, NotSent):
        again_at = pauses.find_next_attempt(
            attempts=start.tries + (start.attempt is None),
            first_at=start.reply.written_at,
            now=now,
            retry_after=result.retry_after,
            jitter=jitter,
        )
        if again_at is None:
            result = Refused(f"Given up after {start.tries} attempts. The last one: {result}")

    def body(tx: Transaction) -> Done | Again:
        # A look at the conversation that did not get through is a try as well: it is told, and pauses grow by it.
        attempt = start.attempt or _start_attempt(tx, start, now)
        note = result.note if isinstance(result, Replied) else str(result)
        tx.finish_reply_attempt(attempt.id, at=now, outcome=_name(result), note=note, next_at=again_at)
        _show(tx, start)
        if again_at is not None:
            return Again(at=again_at)
        _record(tx, desk, start, _outcome(start.reply.number, result))
        return Done()

    return await desk.store.write(body)


def _record(tx: Transaction, desk: Desk, start: _Start, data: AnyData) -> None:
    """Unless somebody settled it meanwhile, by saying that it arrived."""
    conversation = load_conversation(tx, start.conversation.id)
    reply = conversation.get_reply(start.reply.number)
    if reply.state is not ReplyState.QUEUED or reply.requeued != start.reply.requeued:
        return
    record_conversation(tx, desk, conversation, CHATOPS, [data])
    tx.put(customers_job(conversation.incident))


def _name(result: Result) -> str:
    match result:
        case Replied():
            return "sent"
        case NotSent():
            return "not_sent"
        case Refused():
            return "refused"
        case Uncertain():
            return "uncertain"


def _outcome(reply: int, result: Result) -> AnyData:
    if isinstance(result, Replied):
        return ReplySent(
            reply=reply,
            url=result.url,
            remote_id=result.remote_id,
            note=result.note,
            how="looked_up" if isinstance(result, _Found) else "sent",
        )
    if isinstance(result, Refused):
        return ReplyRefused(reply=reply, reason=str(result))
    return ReplyUncertain(reply=reply, reason=str(result))
