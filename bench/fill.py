"""Fill a database through the store's own API: incidents of 20 records, their threads and posts, members, reminders."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bench.payloads import CHANNEL, TEAM
from bench.stub import build_user
from chatops.domain.fold import fold
from chatops.domain.ids import CHATOPS, PAGE, IncidentNumber, MemberId, OutletKey, format_incident, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.records import (
    AnyData,
    BroadcastStarted,
    CommentAdded,
    DeliverySent,
    Impact,
    ImpactChanged,
    IncidentOpened,
    IncidentResolved,
    RevisionApproved,
    Role,
    RoleAssigned,
    Sections,
    Status,
    Step,
    UpdatePublished,
    UpdateReminded,
)
from chatops.domain.update import DraftForm
from chatops.slack.directory import parse_member
from chatops.store.sqlite import SqliteStore
from chatops.store.transaction import SqlTransaction
from chatops.usecases.ports import Desk, Identity, Job, SlackPost, Thread
from chatops.usecases.recording import save_views
from chatops.usecases.updates import prepare_revision

RECORDS_EACH = 20
INCIDENTS_A_TRANSACTION = 100
OPEN_EACH = 500
"""One incident in so many is still open."""
ANN, BOB = MemberId("m1"), MemberId("m2")
AGO = timedelta(days=700)
WORDS = (
    "Since 09:12 UTC some customers see errors when they pay by card. Other ways to pay work. "
    "We have found a database node that answers slowly and are taking it out of service. "
    "Payments that failed were not charged; please try again in a few minutes."
)


async def fill_people(store: SqliteStore, members: int) -> None:
    """As a first start would have left them, so that the bot knows everybody at once."""
    people = [parse_member(build_user(number), TEAM, {}) for number in range(1, members + 1)]

    def save(tx: SqlTransaction) -> None:
        tx.save_identity(Identity(workspace=TEAM, bot_id="B1", bot_slack_id="UBOT", team_name="Bench"))
        for member in people:
            tx.save_member(TEAM, member)

    await store.write(save)


async def fill_some(store: SqliteStore, desk: Desk, incidents: int) -> None:
    """The next so many incidents, in one transaction."""

    def save(tx: SqlTransaction) -> None:
        for _ in range(incidents):
            _Writer(tx, desk, tx.take_incident_number()).write()

    await store.write(save)


class _Writer:
    """One incident from its opening to its end, at moments that lie in the past."""

    def __init__(self, tx: SqlTransaction, desk: Desk, number: IncidentNumber) -> None:
        self._tx = tx
        self._desk = desk
        self._number = number
        self._at = desk.clock.now() - AGO + timedelta(hours=1) * (number % 16_000)
        self._incident: Incident | None = None

    def write(self) -> None:
        title = f"Card payments fail ({self._number})"
        self._open(title)
        self._add(ANN, RoleAssigned(role=Role.COMMS_LEAD, member=BOB))
        self._add(ANN, ImpactChanged(impact=Impact.MAJOR, due_at=self._later(30)))
        self._publish(1, Status.IDENTIFIED)
        self._add(CHATOPS, UpdateReminded(step=Step.DUE, due_at=self._later(0)))
        is_open = self._number % OPEN_EACH == 0
        self._publish(2, Status.MONITORING if is_open else Status.RESOLVED)
        self._add(BOB, CommentAdded(draft=2, revision=1, text="Thanks everybody, the node is back."))
        self._add(BOB, CommentAdded(draft=2, revision=1, text="The report follows on Monday."))
        if not is_open:
            self._add(CHATOPS, IncidentResolved())
        else:
            self._add(BOB, CommentAdded(draft=2, revision=1, text="We are still watching it."))
        self._save()

    def _open(self, title: str) -> None:
        self._add(
            ANN,
            IncidentOpened(
                workspace=TEAM,
                title=title,
                impact=Impact.MINOR,
                components=("API",),
                commander=ANN,
                comms_lead=ANN,
                slack_channel=CHANNEL,
                due_at=self._later(60),
            ),
        )

    def _publish(self, number: int, status: Status) -> None:
        """Seven records: a revision, a comment, its approval, the broadcast, two deliveries, published."""
        incident = self._require()
        form = DraftForm(
            sections=Sections(what_happened=f"{WORDS} ({self._number}/{number})", what_we_are_doing="We are on it."),
            status=status,
            promise_minutes=None,
            outlets=tuple(spec.key for spec in self._desk.specs),
            sign_as="Ann",
        )
        revision = prepare_revision(self._desk, incident, None, form)
        digest = revision.digest
        self._add(ANN, revision)
        self._add(BOB, CommentAdded(draft=number, revision=1, text="Reads well; is the time right?"))
        self._add(BOB, RevisionApproved(draft=number, revision=1, digest=digest))
        self._add(BOB, BroadcastStarted(update=number, draft=number, revision=1, digest=digest))
        self._add(BOB, DeliverySent(update=number, outlet=PAGE, url=self._desk.page_url(self._number)))
        self._add(CHATOPS, DeliverySent(update=number, outlet=OutletKey("email"), remote_id="<1@bench.example>"))
        due_at = None if status is Status.RESOLVED else self._later(30)
        self._add(CHATOPS, UpdatePublished(update=number, due_at=due_at, promised=False))

    def _add(self, actor: MemberId, data: AnyData) -> None:
        self._at += timedelta(minutes=2)
        added = self._tx.append(incident_stream(self._number), self._at, actor, [data])
        self._incident = fold(added, self._incident)

    def _save(self) -> None:
        incident = self._require()
        save_views(self._tx, incident, None)
        ts = f"{self._number}.000100"
        thread = Thread(incident=self._number, channel=CHANNEL, ts=ts, posted_seq=incident.head_seq)
        self._tx.save_thread(thread)
        for kind, first, last in (("incident", 0, 0), ("draft", 4, 4), ("lines", 5, 6), ("delivery", 7, 7)):
            self._tx.save_post(self._post(ts, kind, first, last))

    def _post(self, thread_ts: str, kind: str, first: int, last: int) -> SlackPost:
        name = format_incident(self._number)
        return SlackPost(
            key=f"{name}/{first}-{last}" if first else f"{name}/card",
            incident=self._number,
            kind=kind,
            channel=CHANNEL,
            ts=f"{self._number}.{first:06}",
            thread_ts=thread_ts if first else None,
            first_seq=first,
            last_seq=last,
            rendering="0" * 64,
        )

    def _later(self, minutes: int) -> datetime:
        return self._at + timedelta(minutes=minutes)

    def _require(self) -> Incident:
        if self._incident is None:
            raise RuntimeError("Nothing is open yet.")
        return self._incident


async def arm_reminders(store: SqliteStore, desk: Desk, numbers: Sequence[int], *, after: timedelta) -> None:
    """A timer each, as an open incident has it; they wait in the table of jobs."""
    due_at = desk.clock.now() + after

    def put(tx: SqlTransaction) -> None:
        for number in numbers:
            data: dict[str, Any] = {"incident": number}
            tx.put(Job(kind="remind", key=f"remind:{number}", data=data), due_at=due_at)

    await store.write(put)
