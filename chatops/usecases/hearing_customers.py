"""Hear customers: read each network while it matters, and file what they wrote into conversations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chatops.domain.errors import NotSent, Refused
from chatops.domain.flood import find_minutes_left, is_flood
from chatops.domain.ids import CHATOPS, IncidentNumber, OutletKey
from chatops.domain.mention import Mention
from chatops.domain.mention_records import FloodForeseen
from chatops.domain.wording import OutletSpec
from chatops.usecases.filing import erase_gone, file_mention
from chatops.usecases.mention_ports import Heard, Listener, Listening
from chatops.usecases.ports import Again, Desk, Done, IncidentRow, Job, Reads, Transaction
from chatops.usecases.recording import load_incident, record

IDLE = timedelta(seconds=10)
"""So often we look whether an incident was opened."""
AT_ONCE = 5
"""Mentions filed in one transaction, a hundredth of a second: people's requests come in between."""
INCIDENTS = 50
"""The newest so many are looked through for those that customers may write about."""
FIRST_PAUSE = timedelta(seconds=5)
FEW = 3
"""To begin anew where somebody listens already does no harm."""
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What one look at a network needs; `since` in real time, as networks date their posts."""

    incidents: tuple[IncidentRow, ...]
    listening: Listening
    since: datetime


def listen_job(outlet: OutletKey) -> Job:
    return Job(kind="listen", key=f"listen:{outlet}", data={"outlet": outlet})


def begin_listening(tx: Transaction, desk: Desk) -> None:
    """At once, before an incident is opened that is the first one to listen for; else that goes on already."""
    heard = [spec.key for spec in desk.specs if spec.abilities.mentions]
    if heard and not list_listened(tx, desk, of_newest=FEW):
        for outlet in heard:
            tx.put(listen_job(outlet))


async def listen(desk: Desk, listeners: Mapping[OutletKey, Listener], job: Job, *, runs: int) -> Done | Again:
    """One look at one network; the job comes again for as long as the outlet is configured."""
    outlet = OutletKey(str(job.data["outlet"]))
    listener = listeners.get(outlet)
    spec = next((each for each in desk.specs if each.key == outlet), None)
    if listener is None or spec is None:
        return Done()
    plan = await desk.store.read(lambda reads: _plan(reads, desk, outlet))
    if plan is None:
        return Again(at=desk.in_real(IDLE))
    if spec.daily_reads is not None and plan.listening.paid_reads >= spec.daily_reads:
        return await _rest(desk, plan.listening, f"Today's budget of {spec.daily_reads:,} reads is used up.", spec)
    try:
        heard = await listener.listen(plan.listening.cursor, since=plan.since)
    except (NotSent, Refused) as error:
        return await _rest(desk, plan.listening, str(error), spec, error=error)
    await take_heard(desk, outlet, heard, now_listening=plan.listening)
    return Again(at=desk.in_real(timedelta(seconds=0.1 if heard.is_more else spec.listen_every_seconds)))


async def _rest(
    desk: Desk, listening: Listening, trouble: str, spec: OutletSpec, error: Exception | None = None
) -> Again:
    """Say why, once, and come again later: what is not heard now is heard then."""
    is_first = listening.trouble is None
    if listening.trouble != trouble:
        changed = replace(listening, trouble=trouble)
        await desk.store.write(lambda tx: _save_trouble(tx, desk, changed))
    named = error.retry_after if isinstance(error, NotSent) else None
    # One call that went wrong must not keep us from hearing anybody for minutes.
    pause = FIRST_PAUSE if is_first else min(LONGEST_PAUSE, timedelta(seconds=4 * spec.listen_every_seconds))
    pause = named or pause
    return Again(at=desk.in_real(pause))


def _save_trouble(tx: Transaction, desk: Desk, listening: Listening) -> None:
    tx.save_listening(listening)
    for row in list_listened(tx, desk):
        tx.put(customers_job(row.number))


def customers_job(incident: int) -> Job:
    """Bring cards, board and tally in Slack up to how the conversations stand."""
    return Job(kind="customers", key=f"customers:{incident}", data={"incident": incident})


def _plan(reads: Reads, desk: Desk, outlet: OutletKey) -> _Plan | None:
    """None: no incident is open, nor was lately."""
    incidents = list_listened(reads, desk)
    if not incidents:
        return None
    today = desk.clock.real_now().date().isoformat()
    listening = reads.find_listening(outlet) or Listening(outlet=outlet, day=today)
    if listening.day != today:
        listening = replace(listening, day=today, paid_reads=0)
    opened_at = min(row.opened_at for row in incidents)
    ago = desk.clock.real_seconds((desk.clock.now() - opened_at).total_seconds())
    since = desk.clock.real_now() - timedelta(seconds=max(0.0, ago))
    return _Plan(incidents=tuple(incidents), listening=listening, since=since)


def list_listened(reads: Reads, desk: Desk, *, of_newest: int = INCIDENTS) -> list[IncidentRow]:
    """The incidents that customers may be writing about: public before private, the newest first."""
    earliest = desk.clock.now() - desk.policy.mentions.listen_after
    rows = [
        row for row in reads.list_incidents(limit=of_newest) if row.resolved_at is None or row.resolved_at >= earliest
    ]
    return sorted(rows, key=lambda row: (row.private, row.resolved_at is not None, -row.number))


async def take_heard(desk: Desk, outlet: OutletKey, heard: Heard, *, now_listening: Listening | None = None) -> None:
    """File what was heard, by polling or by a web hook: the same post twice is one post.

    The cursor is saved with the last of it, so that a crash in between only means hearing some of it again.
    """
    touched: set[IncidentNumber] = set()
    for first in range(0, len(heard.mentions), AT_ONCE):
        touched |= await desk.store.write(_filing(desk, outlet, heard.mentions[first : first + AT_ONCE]))

    def finish(tx: Transaction) -> None:
        gone = [erase_gone(tx, outlet, remote_id, desk.clock.now()) for remote_id in heard.gone]
        for number in sorted({*touched, *(number for number in gone if number is not None)}):
            tx.put(customers_job(number))
            foresee(tx, desk, number)
        if now_listening is not None:
            tx.save_listening(_advance(desk, now_listening, heard))

    if touched or heard.gone or now_listening is not None:
        await desk.store.write(finish)


def _filing(desk: Desk, outlet: OutletKey, mentions: Sequence[Mention]) -> Callable[[Transaction], set[IncidentNumber]]:
    """Returns the incidents whose conversations have changed."""

    def body(tx: Transaction) -> set[IncidentNumber]:
        incidents = list_listened(tx, desk)
        filed = [file_mention(tx, desk, outlet, mention, incidents) for mention in mentions]
        touched = {number for number in filed if number is not None}
        for number in sorted(touched):
            tx.put(customers_job(number))
        return touched

    return body


def _advance(desk: Desk, listening: Listening, heard: Heard) -> Listening:
    return replace(
        listening,
        cursor=heard.cursor if heard.cursor is not None else listening.cursor,
        heard_at=desk.clock.now(),
        paid_reads=listening.paid_reads + heard.paid_reads,
        trouble=None,
    )


def foresee(tx: Transaction, desk: Desk, number: IncidentNumber) -> None:
    """Tell the comms lead, once, when the last customer will wait longer than the policy's target."""
    tally = tx.read_tally(number, now=desk.clock.now())
    target = desk.policy.mentions.target
    if not is_flood(waiting=tally.waiting, answered_lately=tally.answered_lately, target=target, foreseen=0):
        return
    incident = load_incident(tx, number)
    if incident.is_resolved or not is_flood(
        waiting=tally.waiting, answered_lately=tally.answered_lately, target=target, foreseen=incident.foreseen
    ):
        return
    minutes = find_minutes_left(waiting=tally.waiting, answered_lately=tally.answered_lately)
    record(tx, desk, number, incident, CHATOPS, [FloodForeseen(backlog=tally.waiting, minutes=minutes)])
