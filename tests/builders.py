"""Test data in one place: people, forms, records, and a journal that links and folds what a test writes into it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chatops.domain.broadcast import DeliveryState, Update
from chatops.domain.chain import link
from chatops.domain.fold import fold
from chatops.domain.ids import CHATOPS, PAGE, IncidentNumber, MemberId, OutletKey, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.mention_records import (
    AnswerApproved,
    AnswerProposed,
    ClaimReleased,
    ConversationClaimed,
    ConversationErased,
    ConversationEscalated,
    ConversationHandedOver,
    ConversationOpened,
    FloodForeseen,
    FollowUpDone,
    MentionEscalated,
    NoReplyNeeded,
    ReplyApproved,
    ReplyDropped,
    ReplyHeld,
    ReplyingPaused,
    ReplyingResumed,
    ReplyRefused,
    ReplyReleased,
    ReplyRequeued,
    ReplySent,
    ReplyUncertain,
    ReplyWritten,
)
from chatops.domain.policy import Member, Policy
from chatops.domain.records import (
    AnyData,
    ApprovalBypassed,
    ApprovalWithdrawn,
    BroadcastStarted,
    ChangesRequested,
    CommentAdded,
    DeliveryRefused,
    DeliveryRequeued,
    DeliverySent,
    DeliverySkipped,
    DeliveryStalled,
    DeliveryUncertain,
    DraftChased,
    DraftWithdrawn,
    Impact,
    ImpactChanged,
    IncidentAmended,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    OutletPaused,
    OutletResumed,
    OutletWords,
    Record,
    ReminderMoved,
    ReminderSnoozed,
    RevisionApproved,
    RevisionProposed,
    Role,
    RoleAssigned,
    Sections,
    Status,
    Step,
    UpdatePublished,
    UpdateReminded,
)
from chatops.domain.update import DraftForm, digest_revision
from chatops.domain.wording import Abilities, OutletSpec, TextLimits

WORKSPACE = "T1"
OPENED_AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
POLICY = Policy()
EMAIL = OutletKey("email")
MASTODON = OutletKey("mastodon")


def minute(number: float) -> datetime:
    """So many minutes after the opening."""
    return OPENED_AT + timedelta(minutes=number)


def build_member(name: str, **changes: Any) -> Member:
    member = Member(
        id=MemberId(f"m-{name.lower()}"),
        slack_id=f"U{name.upper()}",
        name=f"{name} Example",
        email=f"{name.lower()}@acme.example",
    )
    return replace(member, **changes)


ANA = build_member("Ana")
BEN = build_member("Ben")
CLEO = build_member("Cleo")
DORA = build_member("Dora", is_admin=True)
GUS = build_member("Gus", is_guest=True)
BOT = build_member("Robo", is_bot=True)
PEOPLE = (ANA, BEN, CLEO, DORA, GUS, BOT)


def build_spec(key: str = "email", **changes: Any) -> OutletSpec:
    spec = OutletSpec(
        key=OutletKey(key), label=key.capitalize(), account=f"acme on {key}", limits=TextLimits(max_chars=50_000)
    )
    return replace(spec, **changes)


PAGE_SPEC = build_spec("page", form="page", abilities=Abilities(edit=True, retract=True, settled_by="own_key"))


def build_form(words: str = "Logins fail.", **changes: Any) -> DraftForm:
    form = DraftForm(
        sections=Sections(what_happened=words),
        status=Status.INVESTIGATING,
        promise_minutes=None,
        outlets=(PAGE, EMAIL),
        sign_as="Ana",
    )
    return replace(form, **changes)


def build_opened(**changes: Any) -> IncidentOpened:
    opened = IncidentOpened(
        workspace=WORKSPACE,
        title="Logins fail",
        impact=Impact.MINOR,
        components=("API",),
        commander=ANA.id,
        comms_lead=ANA.id,
        due_at=minute(60),
    )
    return opened.model_copy(update=changes)


def build_revision(
    number: int = 1,
    *,
    draft: int = 1,
    words: str = "Logins fail.",
    outlets: Sequence[str] = (PAGE, EMAIL),
    parts: int = 1,
    impact: Impact = Impact.MINOR,
    **changes: Any,
) -> RevisionProposed:
    """A revision whose digest is the one of its words."""
    form = build_form(words, outlets=tuple(map(OutletKey, outlets)), **changes)
    rendered = tuple(
        OutletWords(outlet=key, parts=(words,) if key == PAGE else tuple(f"{words} {part}" for part in range(parts)))
        for key in form.outlets
    )
    digest = digest_revision(
        IncidentNumber(1), title="Logins fail", impact=impact, components=("API",), form=form, words=rendered
    )
    return RevisionProposed(
        draft=draft,
        revision=number,
        sections=form.sections,
        status=form.status,
        impact=impact,
        components=("API",),
        promise_minutes=form.promise_minutes,
        sign_as=form.sign_as,
        words=rendered,
        digest=digest,
    )


@dataclass(slots=True)
class Journal:
    """A log in memory. `write` takes what somebody did at a minute; `incident` is the fold so far."""

    records: list[Record] = field(default_factory=list)
    minute: float = 0
    folded: Incident | None = None

    def write(self, *data: AnyData, by: MemberId = ANA.id, at: float | None = None) -> "Journal":
        self.minute = self.minute if at is None else at
        for each in data:
            self.records.append(
                link(
                    self.records[-1] if self.records else None,
                    stream=incident_stream(1),
                    at=minute(self.minute),
                    actor=by,
                    data=each,
                    salt=bytes(15) + bytes([len(self.records) % 256]),
                )
            )
            if self.folded is not None or each.kind == "incident_opened":
                self.folded = fold([self.records[-1]], self.folded)
        return self

    @property
    def incident(self) -> Incident:
        assert self.folded is not None
        return self.folded

    @property
    def update(self) -> Update:
        return self.incident.updates[-1]


def open_journal(**changes: Any) -> Journal:
    return Journal().write(build_opened(**changes), at=0)


def propose(journal: Journal, revision: RevisionProposed | None = None, *, at: float | None = None) -> Journal:
    return journal.write(revision or build_revision(), at=at)


def approve(journal: Journal, *, by: Member = BEN, at: float | None = None) -> Journal:
    draft = journal.incident.draft
    assert draft is not None
    given = RevisionApproved(draft=draft.number, revision=draft.current.number, digest=draft.current.digest)
    return journal.write(given, by=by.id, at=at)


def broadcast(journal: Journal, *, at: float | None = None) -> Journal:
    """The open draft goes out: the page is sent at once, the others are queued."""
    incident = journal.incident
    draft = incident.draft
    assert draft is not None
    number = incident.broadcasts + 1
    journal.write(
        BroadcastStarted(update=number, draft=draft.number, revision=draft.current.number, digest=draft.current.digest),
        by=BEN.id,
        at=at,
    )
    if PAGE in draft.current.outlets:
        journal.write(DeliverySent(update=number, outlet=PAGE), by=BEN.id)
    return journal


def send(journal: Journal, outlet: OutletKey = EMAIL, *, part: int = 0, at: float | None = None) -> Journal:
    sent = DeliverySent(update=journal.update.number, outlet=outlet, part=part, url="https://acme.example/1")
    return journal.write(sent, by=CHATOPS, at=at)


def publish(journal: Journal, *, due_at: datetime | None, promised: bool = False, at: float | None = None) -> Journal:
    published = UpdatePublished(update=journal.update.number, due_at=due_at, promised=promised)
    return journal.write(published, by=CHATOPS, at=at)


def build_published_journal(*, at: float = 10, due: float | None = 70, **opened: Any) -> Journal:
    """An incident with one published update, `at` a minute, the next one due at minute `due`."""
    journal = send(broadcast(approve(propose(open_journal(**opened)), at=at)))
    return publish(journal, due_at=None if due is None else minute(due))


def state_of(update: Update, outlet: str, part: int = 0) -> DeliveryState:
    return update.get_delivery(outlet, part).state


_DIGEST = "d" * 64
MENTION_SAMPLES: tuple[AnyData, ...] = (
    ConversationOpened(incident=1, outlet=MASTODON),
    ConversationClaimed(until=minute(10)),
    ClaimReleased(),
    ConversationHandedOver(to=BEN.id, until=minute(10)),
    ReplyWritten(
        reply=1,
        words="@lena We are sorry. — Ana",
        sign_as="Ana",
        answers="r1",
        answers_digest="0" * 32,
        covers=1,
        facts_update=0,
        follow_up=True,
        needs_approval=True,
        digest=_DIGEST,
    ),
    ReplyApproved(reply=1, digest=_DIGEST),
    ReplyHeld(reply=1, reason="The author has deleted the post."),
    ReplyReleased(reply=1),
    ReplyDropped(reply=1),
    ReplySent(reply=1, url="https://fedi.example/1", remote_id="1", note="as a new post"),
    ReplyRefused(reply=1, reason="They have blocked us."),
    ReplyUncertain(reply=1, reason="The answer was lost."),
    ReplyRequeued(reply=1, again=True),
    NoReplyNeeded(reason="A joke.", covers=1),
    ConversationEscalated(reason="A journalist."),
    FollowUpDone(),
    ConversationErased(why="asked"),
    MentionEscalated(conversation=1, outlet=MASTODON, reason="A journalist."),
    AnswerProposed(group=1, words="Your passwords are safe.", digest=_DIGEST),
    AnswerApproved(group=1, digest=_DIGEST),
    FloodForeseen(backlog=40, minutes=120),
    ReplyingPaused(reason="Legal is reading."),
    ReplyingResumed(),
)
"""One of every kind of record about customers."""

SAMPLES: tuple[AnyData, ...] = (
    build_opened(),
    IncidentAmended(title="Logins are slow", impact=Impact.MAJOR, components=(), due_at=minute(30)),
    RoleAssigned(role=Role.COMMANDER, member=BEN.id),
    ImpactChanged(impact=Impact.CRITICAL, due_at=minute(30)),
    build_revision(),
    CommentAdded(draft=1, revision=1, text="Better: sign-ins."),
    ChangesRequested(draft=1, revision=1, reason="Too technical."),
    RevisionApproved(draft=1, revision=1, digest=_DIGEST),
    ApprovalWithdrawn(draft=1, revision=1),
    ApprovalBypassed(draft=1, revision=1, digest=_DIGEST, reason="Nobody else is awake."),
    DraftWithdrawn(draft=1),
    DraftChased(draft=1, revision=1, round=1),
    BroadcastStarted(update=1, draft=1, revision=1, digest=_DIGEST),
    DeliverySent(update=1, outlet=EMAIL, url="https://acme.example/1", remote_id="1"),
    DeliveryRefused(update=1, outlet=EMAIL, reason="No such account."),
    DeliveryUncertain(update=1, outlet=EMAIL, reason="The answer was lost."),
    DeliveryRequeued(update=1, outlet=EMAIL, again=True),
    UpdatePublished(update=1, due_at=minute(60), promised=True),
    IncidentResolved(),
    IncidentReopened(due_at=minute(60)),
    ReminderMoved(due_at=minute(45), reason="At the supplier."),
    ReminderSnoozed(until=minute(75)),
    UpdateReminded(step=Step.DUE, due_at=minute(60)),
    DeliverySkipped(update=1, outlet=OutletKey("x"), reason="paused: locked out"),
    DeliveryStalled(update=1, outlet=OutletKey("x"), reason="X refuses the token: check X_ACCESS_TOKEN."),
    OutletPaused(outlet=OutletKey("x"), reason="locked out"),
    OutletResumed(outlet=OutletKey("x")),
    *MENTION_SAMPLES,
)
"""One of every kind of record."""
