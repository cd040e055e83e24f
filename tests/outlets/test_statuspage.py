"""Statuspage against the stand-in: one incident for each of ours, exactly once, and what its answers mean."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.records import Status
from chatops.outlets import statuspage
from chatops.outlets.http import Http
from chatops.outlets.statuspage import Statuspage, name_update
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings

from .http_servers import Reply, answer, serve
from .settling import build_posting, change, outcome, publish_by_reading
from .stand_ins import StandIn, run_stand_in

KEY, PAGE = SocialSettings().statuspage_api_key, SocialSettings().statuspage_page_id


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with run_stand_in("statuspage") as running:
        yield running


def build(http: Http, base_url: str, *, api_key: str = KEY, page_id: str = PAGE) -> Statuspage:
    chosen = statuspage.Settings.model_validate({"api_key": api_key, "page_id": page_id, "base_url": base_url})
    return Statuspage(chosen, statuspage.build_spec(chosen, key=OutletKey("statuspage"), label="Statuspage"), http)


def list_incidents(stand_in: StandIn) -> list[Post]:
    return [post for post in stand_in.posts if post.parent is None]


def list_updates(stand_in: StandIn) -> list[str]:
    return [post.text for post in stand_in.posts if post.parent is not None]


async def test_the_first_update_opens_an_incident_and_later_ones_go_on(http: Http, stand_in: StandIn) -> None:
    outlet = build(http, stand_in.base_url)
    posting = build_posting("It broke.")
    first = await outlet.send(posting)
    assert first.remote_id
    later = replace(build_posting("It works.", update=2, earlier=(first.remote_id,)), status=Status.RESOLVED)
    second = await outlet.send(later)
    (incident,) = list_incidents(stand_in)
    assert incident.facts["name"] == "API down"
    assert (incident.facts["status"], incident.facts["impact"]) == ("resolved", "major")
    assert incident.facts["components"] == []
    assert incident.facts["metadata"] == {"chatops": {"incident": "INC-12", "key": name_update(later)}}
    assert list_updates(stand_in) == ["It broke.", "It works."]
    assert first.url == second.url == f"https://stspg.io/{incident.id}"
    assert first.remote_id.split("/")[0] == (second.remote_id or "").split("/")[0] == incident.id
    assert first.remote_id != second.remote_id


async def test_an_incident_that_was_removed_there_is_opened_anew(http: Http, stand_in: StandIn) -> None:
    outlet = build(http, stand_in.base_url)
    first = await outlet.send(build_posting("It broke."))
    assert first.remote_id
    stand_in.network.feed.delete(list_incidents(stand_in)[0])
    later = build_posting("It works.", update=2, earlier=(first.remote_id,))
    second = await outlet.send(later)
    assert [post.text for post in list_incidents(stand_in)] == ["API down"]
    assert await outlet.find(later) == second


async def test_after_a_person_confirmed_the_first_update_its_incident_goes_on(http: Http, stand_in: StandIn) -> None:
    outlet = build(http, stand_in.base_url)
    await outlet.send(build_posting("It broke."))
    await outlet.send(build_posting("It works.", update=2))
    await outlet.send(build_posting("Another one.", incident=13, update=2))
    assert len(list_incidents(stand_in)) == 2
    assert list_updates(stand_in) == ["It broke.", "It works.", "Another one."]


@pytest.mark.impatient
async def test_every_update_stands_there_exactly_once(http: Http, stand_in: StandIn) -> None:
    stand_in.faults = {"drop": 0.2, "late": 0.03, "500": 0.1, "429": 0.05, "down": 0.05}
    words = await publish_by_reading(build(http, stand_in.base_url), wait=lambda: stand_in.wait(timedelta(seconds=61)))
    assert list_updates(stand_in) == words
    assert len(list_incidents(stand_in)) == 4


async def test_an_update_in_doubt_is_found_after_a_later_one(http: Http, stand_in: StandIn) -> None:
    outlet = build(http, stand_in.base_url)
    first = build_posting("It broke.")
    stand_in.network.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain):
        await outlet.send(first)
    await outlet.send(build_posting("It works.", update=2))
    found = await outlet.find(first)
    assert found is not None
    assert await outlet.find(build_posting("Never said.", update=3)) is None
    assert await outlet.find(build_posting("It broke.", incident=99)) is None
    assert len(list_incidents(stand_in)) == 1


async def test_words_that_came_back_as_html_are_known(http: Http) -> None:
    posting = build_posting('Uploads & "shares" fail.\n\nSorry.', earlier=("i1/u0",))
    updates = [
        {"id": "u1", "status": "identified", "body": "<p>Uploads &amp; &quot;shares&quot; fail.<br />Sorry.</p>"},
        {"id": "u0", "status": "identified", "body": 'Uploads & "shares" fail.\n\nSorry.'},
    ]
    said = json.dumps({"id": "i1", "incident_updates": updates, "shortlink": "javascript:sesame"}).encode()
    async with serve(answer(200, body=said)) as server:
        found = await build(http, f"http://127.0.0.1:{server.port}").find(posting)
    assert found is not None
    assert (found.remote_id, found.url) == ("i1/u1", None)


async def test_an_edit_changes_the_update_and_tells_nobody(http: Http) -> None:
    async with serve(answer(200, body=b'{"id": "u1"}')) as server:
        sent = await build(http, f"http://127.0.0.1:{server.port}").edit(change(build_posting("x"), "Better.", "i1/u1"))
    (request,) = server.requests
    assert request.line == f"PATCH /pages/{PAGE}/incidents/i1/incident_updates/u1 HTTP/1.1"
    assert request.headers["authorization"] == f"OAuth {KEY}"
    assert json.loads(request.body) == {"incident_update": {"body": "Better.", "deliver_notifications": False}}
    assert sent.remote_id == "i1/u1"
    async with serve(answer(404)) as server:
        error = await outcome(
            build(http, f"http://127.0.0.1:{server.port}").edit(change(build_posting("x"), "Better.", "i1/u1"))
        )
    assert "no longer there" in str(error)


async def test_a_retraction_replaces_the_words_and_tells_subscribers(http: Http, stand_in: StandIn) -> None:
    outlet = build(http, stand_in.base_url)
    sent = await outlet.send(build_posting("All is lost."))
    retraction = change(build_posting("x"), "Retraction: it was not.", sent.remote_id)
    for _ in range(2):
        await outlet.edit(replace(retraction, is_retraction=True))
    update = stand_in.posts[-1]
    assert [each.text for each in update.versions] == ["All is lost.", "Retraction: it was not."]
    assert update.facts["notified"] == 1, "told once, however often it is tried"
    await outlet.edit(change(build_posting("x"), "Corrected.", sent.remote_id))
    assert update.facts["notified"] == 1, "a correction is shown and not mailed"


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (answer(401, body=b'{"error": "sesame"}'), NotSent, "STATUSPAGE_API_KEY"),
        (answer(404), Refused, "page_id"),
        (answer(422, body=b'{"error": ["sesame"]}'), Refused, "does not take these words"),
        (answer(420), NotSent, "429"),
        (answer(429), NotSent, "429"),
        (answer(500), Uncertain, "500"),
        (answer(201, body=b"sesame"), Uncertain, "cannot be read"),
        (answer(201, body=b"[]"), Uncertain, "cannot be read"),
        (answer(201, body=b'{"id": "i1"}'), Uncertain, "cannot be read"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_the_answers_mean(http: Http, reply: Reply, kind: type[Exception], said: str) -> None:
    async with serve(reply) as server:
        outlet = build(http, f"http://127.0.0.1:{server.port}", api_key="sesame-key")
        error = await outcome(outlet.send(build_posting("It broke.")))
    assert type(error) is kind
    assert said in str(error)
    assert "sesame" not in repr(error)
    if isinstance(error, NotSent):
        assert error.retry_after == (None if error.needs_person else timedelta(seconds=60))
        assert error.needs_person is (said == "STATUSPAGE_API_KEY")


async def test_checking_posts_nothing(http: Http, stand_in: StandIn) -> None:
    assert PAGE in await build(http, stand_in.base_url).check()
    with pytest.raises(NotSent, match="STATUSPAGE_API_KEY"):
        await build(http, stand_in.base_url, api_key="wrong").check()
    with pytest.raises(Refused, match="page_id"):
        await build(http, stand_in.base_url, page_id="other").check()
    assert stand_in.posts == []


@pytest.mark.parametrize("page_id", ["", "a/b", "https://manage.statuspage.io"])
def test_the_page_is_an_id(page_id: str) -> None:
    with pytest.raises(ValidationError, match="the id of the page"):
        statuspage.Settings.model_validate({"api_key": "x", "page_id": page_id})
