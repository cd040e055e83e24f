"""Deliveries: the state of each, what follows an attempt, and when an update counts as published."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chatops.domain.errors import IllegalMove, NotFound
from chatops.domain.ids import PAGE, MemberId, OutletKey
from chatops.domain.records import Action, DeliveryRequeued, DeliverySent, Purpose
from chatops.domain.update import Approval, Revision
from chatops.domain.wording import Target


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


@dataclass(frozen=True, kw_only=True)
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
    """At least one outlet other than the page has sent it; the page alone, where all others are skipped."""
    skipped = {each.outlet for each in update.deliveries if each.state is DeliveryState.SKIPPED}
    others = [each for each in update.deliveries if each.outlet != PAGE]
    if any(each.state is DeliveryState.SENT for each in others):
        return True
    return update.is_on_page and all(each.outlet in skipped for each in others)


def list_standing(updates: Iterable[Update], outlet: OutletKey) -> list[tuple[int, Delivery]]:
    """(update, delivery) of every post of ours that stands on this outlet, oldest first: what a thread continues.

    What was edited stands where it stood, under the name it has now; what was taken away is gone.
    """
    posts: dict[tuple[int, int], Delivery] = {}
    about: dict[int, int | None] = {}
    for update in updates:
        about[update.number] = update.revision.of_update
        action = _find_action(update, outlet)
        sent = [each for each in update.deliveries if each.outlet == outlet and each.state is DeliveryState.SENT]
        if action == "post":
            posts |= {(update.number, each.part): each for each in sent}
            continue
        targets = _list_about(posts, about, update.revision.of_update)
        for each, key in ((each, targets[each.part]) for each in sent if each.part < len(targets)):
            if action == "retract":
                posts.pop(key, None)
            elif now := posts.get(key):
                posts[key] = replace(now, remote_id=each.remote_id or now.remote_id, url=each.url or now.url)
    return [(number, each) for (number, _), each in posts.items()]


def _find_action(update: Update, outlet: OutletKey) -> Action:
    return next((words.action for words in update.revision.words if words.outlet == outlet), "post")


def _list_about(
    posts: Iterable[tuple[int, int]], about: Mapping[int, int | None], of_update: int | None
) -> list[tuple[int, int]]:
    """An update's own posts, then the corrections that follow it."""
    return [key for key in posts if of_update is not None and of_update in (key[0], about[key[0]])]


def find_targets(updates: Sequence[Update], of_update: int | None, outlet: OutletKey) -> tuple[Delivery, ...]:
    """What stands of an update on one outlet, its own parts first; nothing where a post has taken it back already."""
    return tuple(delivery for _, delivery in _find_targets(updates, of_update, outlet))


def _find_targets(updates: Sequence[Update], of_update: int | None, outlet: OutletKey) -> list[tuple[int, Delivery]]:
    about = {update.number: update.revision.of_update for update in updates}
    posts = {(number, each.part): each for number, each in list_standing(updates, outlet)}
    keys = _list_about(posts, about, of_update)
    retractions = [each for each in updates if each.revision.purpose is Purpose.RETRACTION]
    taken_back = {each.number for each in retractions} | {
        each.revision.of_update
        for each in retractions
        if _find_action(each, outlet) == "edit" and _has_reached(each, outlet)
    }
    return [] if any(number in taken_back for number, _ in keys) else [(key[0], posts[key]) for key in keys]


def _has_reached(update: Update, outlet: OutletKey) -> bool:
    return any(each.outlet == outlet and each.state is DeliveryState.SENT for each in update.deliveries)


def can_reach(updates: Sequence[Update], of_update: int | None, outlet: OutletKey, purpose: Purpose) -> bool:
    """A word about an update goes where it stands; a correction also where it is still on its way, in its place."""
    if find_targets(updates, of_update, outlet):
        return True
    return purpose is Purpose.CORRECTION and _is_on_its_way(updates, of_update, outlet)


def _is_on_its_way(updates: Iterable[Update], of_update: int | None, outlet: OutletKey) -> bool:
    found = (each for update in updates if update.number == of_update for each in update.deliveries)
    return any(each.outlet == outlet and each.state is DeliveryState.QUEUED for each in found)


def aim(updates: Sequence[Update], of_update: int, outlet: OutletKey) -> Target:
    """What a correction or retraction meets on one outlet."""
    targets = _find_targets(updates, of_update, outlet)
    return Target(
        is_on_its_way=_is_on_its_way(updates, of_update, outlet),
        posts=len(targets),
        before=sum(number < of_update for number, _ in list_standing(updates, outlet)),
        is_known=outlet == PAGE or all(each.remote_id for _, each in targets),
        is_followed=any(number != of_update for number, _ in targets),
    )


def find_overtaking(updates: Iterable[Update], update: Update, outlet: OutletKey) -> Update | None:
    """The later correction or retraction that makes it wrong to carry out what still waits for this outlet.

    Words that were corrected or taken back anywhere are not posted late; what a network would only edit, it edits
    unless newer words reach that very network.
    """
    subject = update.number if update.is_news else update.revision.of_update
    is_post = _find_action(update, outlet) == "post"
    for later in updates:
        if later.number <= update.number or later.revision.of_update != subject:
            continue
        reached = {each.outlet for each in later.deliveries if each.state not in _FAILED}
        is_taken_back = update.is_news and later.revision.purpose is Purpose.RETRACTION
        if outlet in reached or is_taken_back or (is_post and reached):
            return later
    return None


_FAILED = (DeliveryState.REFUSED, DeliveryState.SKIPPED)


def is_carried(updates: Iterable[Update], update: Update) -> bool:
    """A correction overtook it and brought its words, mended, to an outlet that then left it out."""
    left_out = {each.outlet for each in update.deliveries if each.state is DeliveryState.SKIPPED}
    return any(
        each.outlet in left_out and each.state is DeliveryState.SENT
        for later in updates
        if later.revision.of_update == update.number and later.revision.purpose is Purpose.CORRECTION
        for each in later.deliveries
    )


def list_first_in_line(updates: Iterable[Update]) -> list[tuple[Update, Delivery]]:
    """What may start now: each outlet is told the updates of an incident in their order, one after the other.

    What is refused, in doubt or skipped holds nothing up: a person sees to it while newer words go out.
    """
    busy: set[OutletKey] = set()
    found: list[tuple[Update, Delivery]] = []
    for update in updates:
        startable = list_startable(update)
        found += [(update, each) for each in startable if each.outlet not in busy]
        busy |= {each.outlet for each in startable}
    return found


def find_ahead(updates: Iterable[Update], number: int, outlet: OutletKey) -> int | None:
    """The update that is on its way to this outlet and has to go before this one."""
    before = (each for each in updates if each.number < number)
    waiting = (each.number for each in before if any(part.outlet == outlet for part in list_startable(each)))
    return next(waiting, None)


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
    action = _find_action(update, delivery.outlet)
    return DeliverySent(update=update.number, outlet=delivery.outlet, part=part, action=action, how="confirmed")


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
