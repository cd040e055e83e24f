"""Which outlets are paused, and why: the fold of the stream of outlets."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chatops.domain.errors import IllegalMove
from chatops.domain.ids import MemberId, OutletKey
from chatops.domain.mention_records import ReplyingPaused, ReplyingResumed
from chatops.domain.records import OutletPaused, OutletResumed, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Somebody stopped all deliveries to an outlet."""

    outlet: OutletKey
    reason: str
    by: MemberId
    at: datetime


def fold_pauses(records: Iterable[Record]) -> dict[OutletKey, Pause]:
    pauses: dict[OutletKey, Pause] = {}
    for record in records:
        match record.data:
            case OutletPaused(outlet=outlet, reason=reason):
                pauses[outlet] = Pause(outlet=outlet, reason=reason, by=record.actor, at=record.at)
            case OutletResumed(outlet=outlet):
                pauses.pop(outlet, None)
            case _:
                # Erased, or not about pauses.
                continue
    return pauses


def pause(pauses: dict[OutletKey, Pause], outlet: OutletKey, reason: str) -> OutletPaused:
    if outlet in pauses:
        raise IllegalMove(f"{outlet} is paused already: {pauses[outlet].reason}")
    return OutletPaused(outlet=outlet, reason=reason)


def resume(pauses: dict[OutletKey, Pause], outlet: OutletKey) -> OutletResumed:
    if outlet not in pauses:
        raise IllegalMove(f"{outlet} is not paused.")
    return OutletResumed(outlet=outlet)


def find_replying_pause(records: Iterable[Record]) -> ReplyingPaused | None:
    """The one switch for all answers to customers."""
    paused: ReplyingPaused | None = None
    for record in records:
        match record.data:
            case ReplyingPaused():
                paused = record.data
            case ReplyingResumed():
                paused = None
            case _:
                continue
    return paused
