"""Lists that show the newest first: read up to what is known, never past a bound, nothing missed in between."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.mention import Author, Mention
from chatops.outlets.listening import newest_first
from chatops.outlets.listening.newest_first import OVERLAP, PAGES_AT_ONCE, Page, read_newest_first

START = datetime(2026, 11, 23, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PAGE = 3


def write(at: datetime, number: int) -> Mention:
    return Mention(id=str(number), author=Author(id="1", handle="cy"), text="down?", posted_at=at)


class Shelf:
    """A network's list; its cursor is the number of the last that was shown."""

    def __init__(self) -> None:
        self.items: list[Mention] = []
        self.pages = 0
        self.now = START

    def add(self, at: datetime) -> None:
        self.items.append(write(at, len(self.items)))
        self.now = max(self.now, at)

    async def load(self, page: str | None) -> Page:
        self.pages += 1
        below = int(page) if page else len(self.items)
        shown = [item for item in self.items[::-1] if int(item.id) < below][:PAGE]
        entries = tuple((item.posted_at, item) for item in shown)
        return Page(entries=entries, next=shown[-1].id if shown else None)


async def hear(shelf: Shelf, cursor: str | None, **more: int) -> tuple[list[str], str | None, bool]:
    heard = await read_newest_first(shelf.load, cursor, since=START, now=shelf.now, **more)
    return [each.id for each in heard.mentions], heard.cursor, heard.is_more


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 8)), max_size=25))
async def test_nothing_is_missed_whatever_comes_between_the_pages(arrivals: list[tuple[int, int]]) -> None:
    shelf, heard, cursor, at = Shelf(), set[str](), None, START
    for pause, count in arrivals:
        for _ in range(count):
            at += pause * SECOND / 8
            shelf.add(at)
        ids, cursor, _ = await hear(shelf, cursor, most_again=PAGE)
        heard.update(ids)
    for _ in range(2):  # what came while a long look went on is in the next one
        is_more = True
        while is_more:
            ids, cursor, is_more = await hear(shelf, cursor, most_again=PAGE)
            heard.update(ids)
    assert heard == {item.id for item in shelf.items}


async def test_a_long_list_is_read_in_several_looks() -> None:
    shelf = Shelf()
    for number in range(PAGE * PAGES_AT_ONCE + 1):
        shelf.add(START + number * SECOND)
    ids, cursor, is_more = await hear(shelf, None)
    assert (len(ids), is_more, shelf.pages) == (PAGE * PAGES_AT_ONCE, True, PAGES_AT_ONCE)
    rest, _, is_more = await hear(shelf, cursor)
    assert (rest, is_more) == (["0"], False)


async def test_what_was_read_long_ago_is_not_read_again() -> None:
    shelf = Shelf()
    for number in (*range(40), 39):
        shelf.add(START + number * timedelta(minutes=1))
    cursor, is_more = None, True
    while is_more:
        _, cursor, is_more = await hear(shelf, cursor)
    shelf.pages = 0
    ids, _, _ = await hear(shelf, cursor)
    assert [int(each) for each in ids] == [40, 39, 38, 37, 36, 35, 34]  # those of the last five minutes
    assert shelf.pages == 3
    assert len((await hear(shelf, cursor, most_again=2))[0]) == 7  # the bound is set by the look before


async def test_where_pages_count_only_so_many_are_read_again() -> None:
    shelf = Shelf()
    for number in range(12):
        shelf.add(START + number * SECOND)
    _, cursor, _ = await hear(shelf, None, most_again=PAGE)
    assert (await hear(shelf, cursor, most_again=PAGE))[0] == ["11", "10", "9"]


async def test_a_moment_of_the_far_future_does_not_end_all_reading() -> None:
    shelf = Shelf()
    shelf.add(START + SECOND)
    shelf.items.append(write(datetime(9999, 1, 1, tzinfo=UTC), 1))
    _, cursor, _ = await hear(shelf, None)
    shelf.items.insert(1, write(START + 2 * SECOND, 7))
    shelf.items = [write(item.posted_at, number) for number, item in enumerate(shelf.items)]
    assert "1" in (await hear(shelf, cursor))[0]


async def test_an_old_cursor_does_not_bring_what_was_said_before_this_incident() -> None:
    shelf = Shelf()
    shelf.add(START - timedelta(days=30))
    long_ago = START - timedelta(days=40)
    heard = await read_newest_first(shelf.load, None, since=long_ago, now=long_ago)
    shelf.add(START - timedelta(days=20))
    shelf.add(START - OVERLAP)
    shelf.add(START + SECOND)
    assert (await hear(shelf, heard.cursor))[0] == ["3", "2"]


@pytest.mark.parametrize("cursor", ["", "17", "{}", '{"floor": "soon"}', "\x00"])
async def test_a_cursor_that_is_not_ours_is_as_good_as_none(cursor: str) -> None:
    shelf = Shelf()
    shelf.add(START)
    assert (await hear(shelf, cursor))[0] == ["0"]


async def test_a_network_that_shows_one_page_for_ever_ends() -> None:
    async def load(page: str | None) -> Page:
        del page
        return Page(entries=((START, write(START, 1)),), next="same")

    heard = await read_newest_first(load, None, since=START, now=START)
    assert (len(heard.mentions), heard.is_more) == (2, False)


async def test_entries_without_a_mention_move_the_reading_on() -> None:
    async def load(page: str | None) -> Page:
        at = START - newest_first.OVERLAP - SECOND if page else START
        return Page(entries=((at, None),), next="1" if page is None else "2")

    heard = await read_newest_first(load, None, since=START, now=START)
    assert (heard.mentions, heard.is_more) == ((), False)
