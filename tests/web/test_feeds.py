"""Feeds, JSON and badge: what other programs read."""

import json
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from aiohttp.test_utils import TestClient

from chatops.domain.records import Impact, Status
from chatops.web.server import API_NAMES

from .fakes import NOW, FakeStore, make_post

ATOM = "{http://www.w3.org/2005/Atom}"
PLAIN = {"Accept-Encoding": "identity"}


def fill(store: FakeStore) -> None:
    store.put(
        make_post(1, 1, "Looking <b>into</b> it & more", next_due_at=NOW),
        make_post(1, 2, "Found it.\nFixing.", at=NOW, status=Status.IDENTIFIED, impact=Impact.CRITICAL),
        make_post(2, 1, "Slow.", at=NOW - timedelta(days=40), impact=Impact.MINOR, title="Slow mails \x0b"),
        make_post(2, 2, "Over.", at=NOW - timedelta(days=39), status=Status.RESOLVED, title="Slow mails \x0b"),
    )


async def read_feed(client: TestClient, path: str) -> ET.Element:
    answer = await client.get(path, headers=PLAIN)
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return ET.fromstring(await answer.read())


async def read_json(client: TestClient, name: str) -> dict:
    answer = await client.get(f"/api/v2/{name}.json", headers=PLAIN)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return json.loads(await answer.read())


async def test_the_history_feed_has_an_entry_for_each_incident(client: TestClient, store: FakeStore) -> None:
    fill(store)
    feed = await read_feed(client, "/history.atom")
    entries = feed.findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}id") for each in entries] == [
        "tag:status.acme.example,2005:Incident/1",
        "tag:status.acme.example,2005:Incident/2",
    ]
    content = entries[0].findtext(f"{ATOM}content") or ""
    assert "Looking &lt;b&gt;into&lt;/b&gt; it &amp; more" in content
    assert content.index("Found it.") < content.index("Looking")
    assert feed.findtext(f"{ATOM}updated") == "2026-11-23T14:00:00Z"


async def test_the_update_feed_has_an_entry_for_each_update(client: TestClient, store: FakeStore) -> None:
    fill(store)
    entries = (await read_feed(client, "/updates.atom")).findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}title") for each in entries][:2] == [
        "Identified: API errors",
        "Investigating: API errors",
    ]
    assert len({each.findtext(f"{ATOM}id") for each in entries}) == 4
    link = entries[0].find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == "https://status.acme.example/incidents/INC-1#update-2"


async def test_empty_feeds_are_feeds(client: TestClient) -> None:
    assert not (await read_feed(client, "/updates.atom")).findall(f"{ATOM}entry")


async def test_the_summary_has_the_shape_of_a_statuspage(client: TestClient, store: FakeStore) -> None:
    fill(store)
    summary = await read_json(client, "summary")
    assert summary["status"] == {"indicator": "critical", "description": "Critical disruption"}
    assert summary["page"]["time_zone"] == "Etc/UTC"
    assert [each["status"] for each in summary["components"]] == ["major_outage", "operational"]
    [incident] = summary["incidents"]
    assert incident["shortlink"] == "https://status.acme.example/incidents/INC-1"
    assert [each["status"] for each in incident["incident_updates"]] == ["identified", "investigating"]
    assert incident["incident_updates"][0]["body"] == "Found it.<br />Fixing."
    [affected] = incident["incident_updates"][0]["affected_components"]
    assert (affected["old_status"], affected["new_status"]) == ("partial_outage", "major_outage")
    assert incident["created_at"] == "2026-11-23T13:00:00.000Z"


async def test_incidents_hold_the_resolved_too(client: TestClient, store: FakeStore) -> None:
    fill(store)
    assert [each["status"] for each in (await read_json(client, "incidents"))["incidents"]] == [
        "identified",
        "resolved",
    ]
    assert len((await read_json(client, "incidents/unresolved"))["incidents"]) == 1


@pytest.mark.parametrize("name", API_NAMES)
async def test_every_answer_names_the_page(client: TestClient, name: str) -> None:
    page = (await read_json(client, name))["page"]
    assert page["name"] == "Acme"
    assert len(page["id"]) == 12


async def test_the_badge_tells_it_in_words(client: TestClient, store: FakeStore) -> None:
    assert "Acme: operational" in await (await client.get("/badge.svg", headers=PLAIN)).text()
    fill(store)
    text = await (await client.get("/badge.svg", headers=PLAIN)).text()
    assert "Acme: critical disruption" in text
    ET.fromstring(text)


async def test_the_icon_knows_every_state_and_nothing_else(client: TestClient) -> None:
    pictures = {
        name: await (await client.get("/favicon.svg", params={"is": name}, headers=PLAIN)).text()
        for name in ("well", "none", "minor", "major", "critical", "<script>")
    }
    assert pictures["<script>"] == pictures["well"]
    assert len(set(pictures.values())) == 5
