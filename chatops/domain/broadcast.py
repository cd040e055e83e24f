"""Deliveries: the state of each, what follows an attempt, and when an update counts as published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chatops.domain.errors import IllegalMove, NotFound
from chatops.domain.ids import PAGE, MemberId, OutletKey
from chatops.domain.records import DeliveryRequeued, DeliverySent, Purpose
from chatops.domain.update import Approval, Revision


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One part of one update on its way to one outlet."""

    outlet: OutletKey
    part: int
    state: DeliveryState = DeliveryState.QUEUED
    url: str | None = None
    remote_id: str | None = None
    reason: str | None = None
    requeued: int = 0
    """How often a person asked for another attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """An approved revision that went or goes out."""

    number: int
    draft: int
    revision: Revision
    approvals: tuple[Approval, ...]
    bypass_reason: str | None
    started_at: datetime
    started_by: MemberId
    """Whose approval was the last one, or who published without."""
    deliveries: tuple[Delivery, ...]
    published_at: datetime | None = None

    def get_delivery(self, outlet: str, part: int) -> Delivery:
        for delivery in self.deliveries:
            if delivery.outlet == outlet and delivery.part == part:
                return delivery
        raise NotFound(f"Update {self.number} has no delivery to {outlet}.")

    @property
    def is_on_page(self) -> bool:
        return any(each.outlet == PAGE and each.state is DeliveryState.SENT for each in self.deliveries)

    @property
    def is_settled(self) -> bool:
        settled = (DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.SKIPPED)
        return all(each.state in settled for each in self.deliveries)

    @property
    def is_news(self) -> bool:
        """False for a correction or retraction: it neither moves the clock nor the status."""
        return self.revision.purpose is Purpose.UPDATE


def plan_deliveries(revision: Revision) -> tuple[Delivery, ...]:
    return tuple(
        Delivery(outlet=words.outlet, part=part) for words in revision.words for part in range(len(words.parts))
    )


def counts_as_published(update: Update) -> bool:
    """At least one outlet other than the page has sent it; the page alone, where it is the only one not skipped."""
    others = [each for each in update.deliveries if each.outlet != PAGE and each.state is not DeliveryState.SKIPPED]
    return any(each.state is DeliveryState.SENT for each in others) if others else update.is_on_page


def find_targets(updates: Iterable[Update], of_update: int | None, outlet: OutletKey) -> tuple[Delivery, ...]:
    """What stands of an update on one outlet, in order of its parts: what a correction there is about."""
    return tuple(
        each
        for update in updates
        if update.number == of_update
        for each in update.deliveries
        if each.outlet == outlet and each.state is DeliveryState.SENT
    )


def list_standing(updates: Iterable[Update], outlet: OutletKey) -> list[tuple[int, Delivery]]:
    """(update, delivery) of every post of ours that stands on this outlet, oldest first: what a thread continues."""
    posts: list[tuple[int, Delivery]] = []
    for update in updates:
        action = next((words.action for words in update.revision.words if words.outlet == outlet), "post")
        sent = [each for each in update.deliveries if each.outlet == outlet and each.state is DeliveryState.SENT]
        if action == "post":
            posts += [(update.number, each) for each in sent]
        elif action == "retract" and sent:
            posts = [each for each in posts if each[0] != update.revision.of_update]
    return posts


def list_startable(update: Update) -> list[Delivery]:
    """Queued deliveries whose earlier parts stand already."""
    done = {(each.outlet, each.part) for each in update.deliveries if each.state is DeliveryState.SENT}
    return [
        each
        for each in update.deliveries
        if each.state is DeliveryState.QUEUED
        and each.outlet != PAGE
        and (each.part == 0 or (each.outlet, each.part - 1) in done)
    ]


def require_state(delivery: Delivery, *states: DeliveryState) -> None:
    if delivery.state not in states:
        raise IllegalMove(f"This delivery is {delivery.state.value} already; nothing was changed.")


def requeue(update: Update, outlet: str, part: int, *, again: bool) -> DeliveryRequeued:
    """`again` False: `Retry` of a refused or skipped one; True: `Send again` of an uncertain one."""
    delivery = update.get_delivery(outlet, part)
    states = (DeliveryState.UNCERTAIN,) if again else (DeliveryState.REFUSED, DeliveryState.SKIPPED)
    require_state(delivery, *states)
    return DeliveryRequeued(update=update.number, outlet=delivery.outlet, part=part, again=again)


def confirm(update: Update, outlet: str, part: int) -> DeliverySent:
    """`It arrived`: a person has seen it there."""
    delivery = update.get_delivery(outlet, part)
    require_state(delivery, DeliveryState.UNCERTAIN)
    return DeliverySent(update=update.number, outlet=delivery.outlet, part=part, how="confirmed")


FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)


def find_next_attempt(
    *, attempts: int, first_at: datetime, now: datetime, retry_after: timedelta | None, jitter: float
) -> datetime | None:
    """When to try again after `attempts` failed ones; None: the deadline is past, give up.

    Pauses double from 2 s to 1 h; `jitter` in [0, 1) spreads them over ±20 %, so that a hundred do not come at once.
    """
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20)) * (0.8 + 0.4 * jitter)
    at = now + max(pause, retry_after or timedelta(0))
    return at if at <= first_at + GIVE_UP_AFTER else None
