"""Values for the tests of the store and of the runner."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chatops.domain.fold import fold
from chatops.domain.ids import PAGE, IncidentNumber, MemberId, OutletKey, incident_stream
from chatops.domain.policy import Member
from chatops.domain.records import (
    AnyData,
    BroadcastStarted,
    CommentAdded,
    DeliveryRefused,
    DeliverySent,
    Impact,
    IncidentOpened,
    IncidentResolved,
    OutletWords,
    Record,
    RevisionProposed,
    Sections,
    Status,
    UpdatePublished,
)
from chatops.store.schema import migrate
from chatops.store.sqlite import SqliteStore, open_store
from chatops.usecases.ports import PagePost, Transaction

NOW = datetime(2026, 11, 5, 12, 0, 0, 123456, tzinfo=UTC)
ANN = MemberId("m1")
X = OutletKey("x")


def open_new_store(directory: Path, name: str = "chatops.db") -> SqliteStore:
    url = f"sqlite:///{directory / name}"
    migrate(url)
    return open_store(url, real_now=lambda: NOW)


def make_opening(**changes: Any) -> IncidentOpened:
    values = {"workspace": "T1", "title": "Checkout is slow", "impact": Impact.MAJOR, "commander": ANN}
    return IncidentOpened(**{**values, "comms_lead": ANN, "due_at": NOW + timedelta(minutes=30), **changes})


def make_comment(text: str = "Hello") -> CommentAdded:
    return CommentAdded(draft=1, revision=1, text=text)


def make_revision(number: int) -> RevisionProposed:
    return RevisionProposed(
        draft=number,
        revision=1,
        sections=Sections(what_happened="It is slow. “Ünïcode” 🐢"),
        status=Status.IDENTIFIED,
        impact=Impact.MAJOR,
        components=("Checkout",),
        promise_minutes=30,
        sign_as="",
        words=(OutletWords(outlet=PAGE, parts=("slow",)), OutletWords(outlet=X, parts=("slow 1/2", "slow 2/2"))),
        digest="d" * 64,
    )


def tell_story(update: int) -> list[AnyData]:
    """One update from draft to posts, one part of it refused."""
    return [
        make_revision(update),
        BroadcastStarted(update=update, draft=update, revision=1, digest="d" * 64),
        DeliverySent(update=update, outlet=PAGE),
        DeliverySent(update=update, outlet=X, url="https://x.example/1", remote_id="1"),
        DeliveryRefused(update=update, outlet=X, part=1, reason="too long"),
        UpdatePublished(update=update, due_at=NOW + timedelta(hours=1), promised=True),
    ]


def append(transaction: Transaction, number: int, data: Sequence[AnyData], at: datetime = NOW) -> list[Record]:
    """Append and bring the read tables up to it, as a use case does."""
    stream = incident_stream(number)
    added = transaction.append(stream, at, ANN, data)
    transaction.save_incident(fold(transaction.load(stream)))
    return added


def open_incident(transaction: Transaction, at: datetime = NOW, **changes: Any) -> IncidentNumber:
    number = transaction.take_incident_number()
    append(transaction, number, [make_opening(**changes)], at)
    return number


def resolve(transaction: Transaction, number: int, at: datetime) -> None:
    append(transaction, number, [IncidentResolved()], at)


def make_page_post(incident: int, update: int, at: datetime) -> PagePost:
    return PagePost(
        incident=IncidentNumber(incident),
        title="Checkout is slow",
        update=update,
        at=at,
        status=Status.IDENTIFIED,
        impact=Impact.MAJOR,
        components=("Checkout", "API"),
        text="It is slow.",
    )


def make_member(slack_id: str, **changes: Any) -> Member:
    return Member(**{"id": MemberId(""), "slack_id": slack_id, "name": f"Ann {slack_id}", **changes})
