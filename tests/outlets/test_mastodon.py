"""Mastodon against the sandbox's server on a socket, and against servers that misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.records import Status
from chatops.outlets import mastodon, mastodon_calls
from chatops.outlets.http import Http
from chatops.outlets.mastodon import LIMITS, Mastodon, build_key
from chatops.sandbox.social.settings import SocialSettings
from chatops.usecases.ports import Posting
from tests.builders import MASTODON
from tests.outlets.http_servers import answer, serve
from tests.outlets.social_site import publish_many
from tests.outlets.stand_ins import StandIn, deliver, run_stand_in
from tests.usecases.conftest import empty_database, scene  # noqa: F401 - fixtures
from tests.usecases.scene import Scene

TOKEN = SocialSettings().mastodon_token
STARTED_AT = datetime.now(UTC) - timedelta(seconds=5)
POSTING = Posting(
    key="INC-12/1/mastodon/0",
    words="It broke — “sorry”. 🚒\n\nhttps://status.acme.com/incidents/INC-12",
    subject=None,
    status=Status.IDENTIFIED,
    digest="0123456789abcdef" * 4,
    first_tried_at=STARTED_AT + timedelta(seconds=1),
    started_at=STARTED_AT,
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with run_stand_in("mastodon") as running:
        yield running


def build(http: Http, server: StandIn | str, *, key: str = "mastodon", **more: object) -> Mastodon:
    base_url = server if isinstance(server, str) else server.base_url
    read = mastodon.Settings.model_validate({"base_url": base_url, "token": TOKEN, **more})
    spec = mastodon.build_spec(read, key=OutletKey(key), label="Mastodon")
    return Mastodon(read, spec, http) if isinstance(server, str) else Mastodon(read, spec, http, server.now)


def number(update: int, **more: object) -> Posting:
    return replace(POSTING, key=f"INC-12/{update}/mastodon/0", **more)  # type: ignore[arg-type]


async def test_a_post_stands_in_public(http: Http, server: StandIn) -> None:
    sent = await build(http, server, language="de").send(POSTING)
    (post,) = server.posts
    assert (post.text, post.facts["visibility"], post.facts["language"]) == (POSTING.words, "public", "de")
    assert (sent.remote_id, sent.url, sent.note) == (post.id, server.network.permalink(post), None)


async def test_updates_are_one_thread(http: Http, server: StandIn) -> None:
    outlet, earlier = build(http, server), []
    for update in range(1, 5):
        sent = await outlet.send(number(update, earlier=tuple(earlier)))
        earlier.append(sent.remote_id)
    assert [post.parent and post.parent.id for post in server.posts] == [None, *earlier[:-1]]


async def test_a_thread_goes_on_where_a_post_was_removed_by_hand(http: Http, server: StandIn) -> None:
    outlet = build(http, server)
    first = await outlet.send(number(1))
    second = await outlet.send(number(2, earlier=(first.remote_id,)))
    server.network.feed.delete(server.posts[1])
    third = await outlet.send(number(3, earlier=(first.remote_id, second.remote_id)))
    assert server.posts[-1].parent is server.posts[0]
    assert third.note == "The post it was to continue is gone there."


async def test_a_repeat_within_the_hour_is_the_same_post(http: Http, server: StandIn) -> None:
    first = await build(http, server).send(POSTING)
    for _ in range(3):
        server.wait(15 * MINUTE)
        assert (await build(http, server).send(POSTING)).remote_id == first.remote_id
    assert len(server.posts) == 1
    assert [call for call in server.calls if call.startswith("GET")] == []


@pytest.mark.parametrize("age", [51 * MINUTE, timedelta(hours=7), timedelta(days=3)])
async def test_later_it_looks_before_it_posts(http: Http, server: StandIn, age: timedelta) -> None:
    outlet = build(http, server)
    first = await outlet.send(POSTING)
    later = await outlet.send(number(2, words="Another one.", earlier=(first.remote_id,)))
    server.wait(age)
    # A person asked for another try: its first attempt is young, and the broadcast is not.
    again = replace(POSTING, first_tried_at=server.now())
    assert (await outlet.send(again)).remote_id == (await outlet.send(POSTING)).remote_id == first.remote_id
    assert len(server.posts) == 2
    third = await outlet.send(number(3, words="Another one.", earlier=(first.remote_id, later.remote_id)))
    assert third.remote_id not in (first.remote_id, later.remote_id)
    assert len(server.posts) == 3


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_exactly_once_whatever_gets_lost(http: Http, server: StandIn, seed: int) -> None:
    server.lots.seed(seed)
    server.faults = {"500": 0.2, "drop": 0.3, "down": 0.1, "revoked": 0.02, "429": 0.05}
    outlet = build(http, server)
    for update in range(1, 25):
        posting = number(update, words=f"Update {update}", started_at=server.now(), first_tried_at=server.now())
        sent = await deliver(outlet, posting, server, (MINUTE, 20 * MINUTE, timedelta(hours=2)))
        assert sent.remote_id == server.posts[-1].id
    assert [post.text for post in server.posts] == [f"Update {update}" for update in range(1, 25)]


async def test_the_durable_side_loses_and_doubles_nothing(
    http: Http,
    server: StandIn,
    scene: Scene,  # noqa: F811 - the fixture
) -> None:
    """`usecases.deliveries` with its own pauses, on one clock with the network: keys are forgotten meanwhile."""
    server.clock = lambda: scene.clock.at.timestamp()  # noqa: PLW0108 - `at` changes
    server.faults = {"500": 0.3, "drop": 0.3, "down": 0.1, "429": 0.05}
    words = [f"Update {update}" for update in range(8)]
    states = await publish_many(scene, build(http, server, key=MASTODON), words)
    assert states == ["sent"] * 8
    assert [post.text.partition("\n")[0] for post in server.posts] == words
    assert all(post.parent for post in server.posts[1:])


async def test_a_killed_attempt_is_repeated_without_a_second_post(http: Http, server: StandIn) -> None:
    server.network.switches.switch_on("late", times=1)
    task = asyncio.create_task(build(http, server).send(POSTING))
    async with asyncio.timeout(2):
        while not server.posts:  # noqa: ASYNC110 - the post of another process
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await build(http, server).send(POSTING)).remote_id == server.posts[0].id
    assert len(server.posts) == 1


async def test_a_lost_answer_is_uncertain(http: Http, server: StandIn) -> None:
    server.network.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain, match="it is not known whether it took"):
        await build(http, server).send(POSTING)


async def test_find_reads_as_much_as_the_client_takes(server: StandIn) -> None:
    async with Http(max_body_bytes=20_000) as http:
        outlet = build(http, server)
        assert await outlet.find(POSTING) is None
        sent = await outlet.send(POSTING)
        for update in range(2, 60):
            await outlet.send(number(update, words=f"Update {update}"))
        found = await outlet.find(POSTING)
    assert found
    assert found.remote_id == sent.remote_id


async def test_find_says_when_it_cannot_know(http: Http, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodon_calls, "PAGE_STATUSES", 2)
    outlet = build(http, server)
    for update in range(1, 30):
        await outlet.send(number(update, words=f"Update {update}"))
    with pytest.raises(Uncertain, match="too many newer posts"):
        await outlet.find(POSTING)


async def test_an_edit_and_its_repeat(http: Http, server: StandIn) -> None:
    outlet = build(http, server)
    sent = await outlet.send(POSTING)
    for _ in range(2):
        edited = await outlet.edit(number(2, target=sent.remote_id, words="Corrected."))
        assert (edited.remote_id, edited.url) == (sent.remote_id, sent.url)
    (post,) = server.posts
    assert [version.text for version in post.versions] == [POSTING.words, "Corrected."]
    server.network.feed.delete(post)
    with pytest.raises(Refused, match="gone"):
        await outlet.edit(number(2, target=sent.remote_id, words="Corrected again."))


async def test_retracting_what_is_gone_is_fine(http: Http, server: StandIn) -> None:
    outlet = build(http, server)
    sent = await outlet.send(POSTING)
    assert (await outlet.retract(number(2, target=sent.remote_id))).note is None
    assert (await outlet.retract(number(2, target=sent.remote_id))).note == "It was gone there already."
    assert server.posts == []
    for call in (outlet.edit, outlet.retract):
        with pytest.raises(Refused, match="not known which post"):
            await call(number(3))


async def test_a_bad_token_is_named_and_never_shown(http: Http, server: StandIn) -> None:
    outlet = build(http, server, token="sesame-9f27", token_env="MASTODON_TOKEN_EU")
    for call in (outlet.send(POSTING), outlet.check(), outlet.find(POSTING), outlet.retract(number(1, target="5"))):
        with pytest.raises(NotSent, match="MASTODON_TOKEN_EU") as caught:
            await call
        assert "sesame" not in str(caught.value)


async def test_too_many_requests_name_their_pause(http: Http) -> None:
    reset = (datetime.now(UTC) + 10 * MINUTE).isoformat().replace("+00:00", "Z")
    for headers, least in (
        ((f"X-RateLimit-Reset: {reset}",), 590),
        (("X-RateLimit-Reset: soon", "Retry-After: 77"), 77),
        (("X-RateLimit-Reset: 2026-11-23T03:00:00",), None),
        ((), None),
    ):
        async with serve(answer(429, *headers)) as place:
            with pytest.raises(NotSent) as caught:
                await build(http, f"http://127.0.0.1:{place.port}").send(POSTING)
        pause = caught.value.retry_after
        assert (pause is None) if least is None else (pause and least <= pause.total_seconds() <= 600)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (422, {"error": "sesame"}, Refused),
        (401, {"error": "sesame"}, NotSent),
        (403, {"error": "This action is outside the authorized scopes"}, NotSent),
        (404, {"error": "Record not found"}, Refused),
        (410, None, Refused),
        (302, None, Refused),
        (500, {"error": "sesame"}, NotSent),
        (503, None, NotSent),
        (200, {"id": 5, "url": "sesame"}, Uncertain),
        (200, [], Uncertain),
        (200, None, Uncertain),
    ],
)
@pytest.mark.parametrize("call", ["send", "edit"])
async def test_each_answer_has_its_outcome(
    http: Http, call: str, status: int, body: object, outcome: type[Exception]
) -> None:
    said = answer(status, body=json.dumps(body).encode() if body is not None else b"<html>sesame")
    async with serve(said) as place:
        with pytest.raises(outcome) as caught:
            await getattr(build(http, f"http://127.0.0.1:{place.port}"), call)(replace(POSTING, target="5"))
    assert type(caught.value) is outcome
    assert "sesame" not in str(caught.value)


async def test_words_that_are_too_long_for_the_server_say_so(http: Http, server: StandIn) -> None:
    with pytest.raises(Refused, match=r"They are 501 of 2000 characters; where the server allows fewer"):
        await build(http, server, max_chars=2000).send(replace(POSTING, words="x" * 501))


async def test_half_a_character_is_refused(http: Http, server: StandIn) -> None:
    with pytest.raises(Refused, match="cannot be sent"):
        await build(http, server).send(replace(POSTING, words="broken \ud83d"))


async def test_check_proves_the_token_and_compares_the_limits(http: Http, server: StandIn) -> None:
    assert (
        await build(http, server).check() == f"@acme at {server.base_url.split('/')[2]}, may post; up to 500 characters"
    )
    assert "max_chars and url_chars may say so" in await build(http, server, max_chars=400).check()
    for more in ({"max_chars": 1000}, {"url_chars": 20}):
        with pytest.raises(Refused, match="max_chars = 500 and url_chars = 23"):
            await build(http, server, **more).check()
    assert server.network.feed.list_all() == []


async def test_check_goes_on_where_the_limits_cannot_be_read(http: Http) -> None:
    account = answer(200, body=b'{"id": "1", "acct": "acme"}')
    async with serve(account, answer(404), answer(404)) as place:
        assert "limits cannot be read" in await build(http, f"http://127.0.0.1:{place.port}").check()
    async with serve(account, answer(403)) as place:
        with pytest.raises(NotSent, match="scopes read and write:statuses"):
            await build(http, f"http://127.0.0.1:{place.port}").check()
    async with serve(account, b"") as place:
        with pytest.raises(NotSent, match="Nothing was posted"):
            await build(http, f"http://127.0.0.1:{place.port}").check()


def test_settings_say_what_is_wrong() -> None:
    for wrong in ({"base_url": "mastodon.example"}, {"max_chars": 5}, {"language": "English"}, {"colour": "red"}):
        with pytest.raises(ValidationError):
            mastodon.Settings.model_validate({"base_url": "https://a.example", "token": "t", **wrong})


def test_the_key_is_one_for_all_retries_of_these_words() -> None:
    retry = replace(POSTING, first_tried_at=STARTED_AT + timedelta(hours=9), earlier=("5",))
    assert build_key(POSTING) == build_key(retry)
    assert len({build_key(each) for each in (POSTING, number(2), replace(POSTING, digest="f" * 64))}) == 3


async def test_what_fits_is_taken(http: Http, server: StandIn) -> None:
    outlet = build(http, server)
    units = [
        "x",
        "é",
        "漢",
        "👨‍👩‍👧‍👦",
        "🇩🇪",
        "e\u0301",
        "நி",
        "한",
        "https://acme.com/a-long-way ",
        "@ops@acme.social ",
    ]
    for update, unit in enumerate(units, start=1):
        longest = max(count for count in range(1, 501) if LIMITS.fit(unit * count))
        await outlet.send(number(update, words=unit * longest))
    assert len(server.posts) == len(units)
