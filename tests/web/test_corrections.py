"""What was corrected or retracted says so wherever the public reads it: page, feeds and JSON."""

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from aiohttp.test_utils import TestClient

from chatops.domain.records import Status
from chatops.usecases.page_reading import publish_incident
from tests.web.test_feeds import ATOM, PLAIN, read_feed, read_json

from .fakes import NOW, FakeStore, make_post

EARLIER = NOW - timedelta(hours=1)
CASES = pytest.mark.parametrize(("is_retracted", "word"), [(False, "Corrected"), (True, "Retracted")])


def fill(store: FakeStore, *, is_retracted: bool) -> None:
    edited = replace(make_post(1, 1, "Some logins fail."), edited_at=NOW, is_retracted=is_retracted)
    store.put(edited, make_post(1, 2, "Fixed.", at=EARLIER + timedelta(minutes=5), status=Status.RESOLVED))


@CASES
async def test_the_page_marks_it(client: TestClient, store: FakeStore, is_retracted: bool, word: str) -> None:
    fill(store, is_retracted=is_retracted)
    text = await (await client.get("/incidents/INC-1", headers=PLAIN)).text()
    assert text.count(f"{word} <time") == 1
    assert text.index("Some logins fail.") < text.index(f"{word} <time")


async def test_the_front_page_and_the_history_mark_the_last_words_too(client: TestClient, store: FakeStore) -> None:
    store.put(replace(make_post(status=Status.RESOLVED), edited_at=NOW))
    for path in ("/", f"/history?month={NOW:%Y-%m}"):
        assert "Corrected <time" in await (await client.get(path, headers=PLAIN)).text()


@CASES
async def test_feeds_and_json_mark_it_and_move_their_times(
    client: TestClient, store: FakeStore, is_retracted: bool, word: str
) -> None:
    fill(store, is_retracted=is_retracted)
    history = (await read_feed(client, "/history.atom")).find(f"{ATOM}entry")
    assert isinstance(history, ET.Element)
    assert history.findtext(f"{ATOM}updated") == "2026-11-23T14:00:00Z"
    assert f"{word} 23 Nov, 14:00 UTC" in str(history.findtext(f"{ATOM}content"))
    later, first = (await read_feed(client, "/updates.atom")).findall(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}published") == "2026-11-23T13:00:00Z"
    assert first.findtext(f"{ATOM}updated") == "2026-11-23T14:00:00Z"
    assert f"{word} 23 Nov, 14:00 UTC" in str(first.findtext(f"{ATOM}content"))
    assert word not in str(later.findtext(f"{ATOM}content"))
    [incident] = (await read_json(client, "incidents"))["incidents"]
    fixed, body = incident["incident_updates"]
    assert body["body"] == f"Some logins fail.<br /><br />{word} 23 Nov, 14:00 UTC"
    assert (body["created_at"], body["updated_at"]) == ("2026-11-23T13:00:00.000Z", "2026-11-23T14:00:00.000Z")
    assert fixed["body"] == "Fixed."
    assert incident["updated_at"] == "2026-11-23T14:00:00.000Z"


def test_an_old_update_that_is_corrected_makes_the_incident_newer_but_not_longer() -> None:
    posts = [
        replace(make_post(1, 1), edited_at=NOW),
        make_post(1, 2, at=EARLIER + timedelta(minutes=5), status=Status.RESOLVED),
    ]
    incident = publish_incident(posts)
    assert incident.updated_at == NOW
    assert incident.resolved_at == EARLIER + timedelta(minutes=5)
