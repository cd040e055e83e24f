"""Reading a list that shows the newest first, a few pages at a time, until what was read before."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatops.domain.mention import Mention
from chatops.usecases.mention_ports import Heard

PAGES_AT_ONCE = 5
OVERLAP = timedelta(minutes=5)
"""So much is read again each time: what the network lists late, or has changed, is not missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Moments by which the list is sorted, newest first; without a mention: not for us, or not readable.

    `next`: what the network wants to be told to show the page after this one; None: there is none.
    """

    entries: tuple[tuple[datetime, Mention | None], ...]
    next: str | None


class _Place(BaseModel):
    """Our cursor. `floor`: what is older was read; `begin`: the next floor, once the pages from `page` on are read."""

    model_config = ConfigDict(frozen=True)

    floor: AwareDatetime
    begin: AwareDatetime | None = None
    page: str | None = None


async def read_newest_first(
    load: Callable[[str | None], Awaitable[Page]],
    cursor: str | None,
    *,
    since: datetime,
    now: datetime,
    most_again: int | None = None,
) -> Heard:
    """What stands above the floor. `most_again`: at most so many are read once more, where each page counts.

    Nothing is wanted from before `since`, however old the cursor: weeks may lie between two incidents.
    """
    place = _parse(cursor) or _Place(floor=since - OVERLAP)
    floor, begin, page = max(place.floor, since - OVERLAP), place.begin, place.page
    mentions: list[Mention] = []
    for _ in range(PAGES_AT_ONCE):
        read = await load(page)
        times = [time for time, _ in read.entries]
        if begin is None:
            begin = _find_next_floor(times, floor, now, most_again or len(times) + 1)
        mentions += [mention for time, mention in read.entries if mention and time >= floor]
        is_end = read.next in (None, page) or (times and times[-1] < floor)
        if is_end:
            return Heard(mentions=tuple(mentions), cursor=_Place(floor=begin).model_dump_json(exclude_none=True))
        page = read.next
    further = _Place(floor=floor, begin=begin, page=page)
    return Heard(mentions=tuple(mentions), cursor=further.model_dump_json(), is_more=True)


def _find_next_floor(times: list[datetime], floor: datetime, now: datetime, most_again: int) -> datetime:
    """By the list's own clock, and never beyond now: a post of the year 9999 is not the end of all reading."""
    if not times:
        return floor
    last_again = times[most_again - 1] if len(times) >= most_again else floor
    return max(floor, min(times[0], now) - OVERLAP, min(last_again, now))


def _parse(cursor: str | None) -> _Place | None:
    """None for what is not ours, such as the cursor of an older version: then it is read from the beginning."""
    try:
        return _Place.model_validate_json(cursor or "")
    except ValueError:
        return None
