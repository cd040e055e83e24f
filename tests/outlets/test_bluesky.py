"""Bluesky against the sandbox's PDS on a socket, and against servers that misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.records import Status
from chatops.outlets import bluesky
from chatops.outlets.bluesky import (
    TID_CHARS,
    Bluesky,
    build_key,
    build_record,
    count_chars,
    list_facets,
    parse_remote_id,
)
from chatops.outlets.http import Http
from chatops.sandbox.social.settings import SocialSettings
from chatops.usecases.ports import Posting
from tests.builders import MASTODON
from tests.outlets.http_servers import answer, serve
from tests.outlets.social_site import publish_many
from tests.outlets.stand_ins import StandIn, deliver, run_stand_in
from tests.usecases.conftest import empty_database, scene  # noqa: F401 - fixtures
from tests.usecases.scene import Scene

PASSWORD = SocialSettings().bluesky_app_password
STARTED_AT = datetime(2026, 11, 23, 3, 0, 0, 123456, tzinfo=UTC)
POSTING = Posting(
    key="INC-12/1/bluesky/0",
    words="It broke — “sorry”. 🚒\n\nhttps://status.acme.example/incidents/INC-12",
    subject=None,
    status=Status.IDENTIFIED,
    digest="0123456789abcdef" * 4,
    first_tried_at=STARTED_AT + timedelta(seconds=1),
    started_at=STARTED_AT,
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def pds() -> AsyncIterator[StandIn]:
    async with run_stand_in("bluesky") as running:
        yield running


def build(http: Http, base_url: str, *, key: str = "bluesky", **more: object) -> Bluesky:
    chosen = {"base_url": base_url, "handle": "acme.example", "app_password": PASSWORD, **more}
    read = bluesky.Settings.model_validate(chosen)
    return Bluesky(read, bluesky.build_spec(read, key=OutletKey(key), label="Bluesky"), http)


def number(update: int, *, part: int = 0, **more: object) -> Posting:
    started_at = STARTED_AT + update * MINUTE
    return replace(POSTING, key=f"INC-12/{update}/bluesky/{part}", started_at=started_at, **more)  # type: ignore[arg-type]


async def test_a_post_stands_with_its_link(http: Http, pds: StandIn) -> None:
    sent = await build(http, pds.base_url, language="en").send(POSTING)
    (post,) = pds.posts
    record = post.facts["record"]
    assert (post.text, record["createdAt"], record["langs"]) == (POSTING.words, "2026-11-23T03:00:00.123Z", ["en"])
    (facet,) = record["facets"]
    marked = POSTING.words.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
    assert marked == facet["features"][0]["uri"] == "https://status.acme.example/incidents/INC-12"
    assert sent.remote_id == f"{post.id} {post.facts['cid']}"
    assert sent.url == f"https://bsky.app/profile/{post.account.id}/post/{post.id.rpartition('/')[2]}"
    assert sent.note is None


async def test_updates_are_one_thread_even_when_its_root_is_removed(http: Http, pds: StandIn) -> None:
    outlet = build(http, pds.base_url)
    first = await outlet.send(number(1))
    second = await outlet.send(number(2, earlier=(first.remote_id,)))
    third = await outlet.send(number(3, earlier=(first.remote_id, second.remote_id)))
    posts = pds.posts
    for sent, post, parent in zip((second, third), posts[1:], posts, strict=False):
        reply = post.facts["record"]["reply"]
        assert reply["parent"] == {"uri": parent.id, "cid": parent.facts["cid"]}
        assert reply["root"] == {"uri": posts[0].id, "cid": posts[0].facts["cid"]}
        standing = parse_remote_id(sent.remote_id or "")
        assert standing
        assert standing.root.wire() == reply["root"]
    # Without its first post, what follows must still name it as root: any other root is hidden from the thread.
    record = build_record(number(4, earlier=(second.remote_id, third.remote_id)))
    assert record["reply"]["root"]["uri"] == posts[0].id
    await outlet.retract(number(5, target=first.remote_id))
    fourth = await outlet.send(number(6, earlier=(second.remote_id, third.remote_id)))
    assert fourth.note or pds.posts[-1].parent is not None


async def test_a_repeat_changes_nothing(http: Http, pds: StandIn) -> None:
    first = await build(http, pds.base_url).send(POSTING)
    late = replace(POSTING, first_tried_at=STARTED_AT + timedelta(days=30))
    again = await asyncio.gather(*(build(http, pds.base_url).send(late) for _ in range(4)))
    assert {each.remote_id for each in again} == {first.remote_id}
    # What stands before it may have changed since the first attempt; the post stays as it is.
    other = await build(http, pds.base_url).send(replace(late, earlier=(first.remote_id or "",)))
    assert (other.remote_id, other.url) == (first.remote_id, first.url)
    (post,) = pds.posts
    assert len(post.versions) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_exactly_once_whatever_gets_lost(http: Http, pds: StandIn, seed: int) -> None:
    pds.lots.seed(seed)
    pds.faults = {"500": 0.2, "drop": 0.3, "down": 0.1, "revoked": 0.05, "429": 0.05}
    outlet = build(http, pds.base_url)
    postings = [number(update, part=part, words=f"{update}/{part}") for update in range(1, 16) for part in (0, 1)]
    sent = await asyncio.gather(*(deliver(outlet, each, pds, (MINUTE, timedelta(hours=3))) for each in postings))
    assert sorted(post.text for post in pds.posts) == sorted(each.words for each in postings)
    assert {each.remote_id for each in sent} == {f"{post.id} {post.facts['cid']}" for post in pds.posts}


async def test_the_durable_side_loses_and_doubles_nothing(
    http: Http,
    pds: StandIn,
    scene: Scene,  # noqa: F811 - the fixture
) -> None:
    """`usecases.deliveries` with its own pauses, on one clock with the network: keys are forgotten meanwhile."""
    pds.clock = lambda: scene.clock.at.timestamp()  # noqa: PLW0108 - `at` changes
    pds.faults = {"500": 0.3, "drop": 0.3, "down": 0.1, "429": 0.05}
    words = [f"Update {update}" for update in range(8)]
    states = await publish_many(scene, build(http, pds.base_url, key=MASTODON), words)
    assert states == ["sent"] * 8
    assert [post.text.partition("\n")[0] for post in pds.posts] == words
    assert all(post.parent for post in pds.posts[1:])


async def test_a_killed_attempt_is_found_by_the_next_process(http: Http, pds: StandIn) -> None:
    pds.network.switches.switch_on("late", times=1)
    task = asyncio.create_task(build(http, pds.base_url).send(POSTING))
    async with asyncio.timeout(2):
        while not pds.posts:  # noqa: ASYNC110 - the post of another process
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await build(http, pds.base_url).find(POSTING)) == await build(http, pds.base_url).send(POSTING)
    assert len(pds.posts) == 1


async def test_a_lost_answer_is_uncertain(http: Http, pds: StandIn) -> None:
    pds.network.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain, match="it is not known whether it took"):
        await build(http, pds.base_url).send(POSTING)


async def test_other_words_under_the_key_are_never_overwritten(http: Http, pds: StandIn) -> None:
    await build(http, pds.base_url).send(POSTING)
    with pytest.raises(Refused, match="other words under the key"):
        await build(http, pds.base_url).send(replace(POSTING, words="Something else."))
    assert [post.text for post in pds.posts] == [POSTING.words]


async def test_it_is_found_or_not(http: Http, pds: StandIn) -> None:
    outlet = build(http, pds.base_url)
    assert await outlet.find(POSTING) is None
    assert await outlet.send(POSTING) == await outlet.find(POSTING)


async def test_retracting_twice_is_fine_and_only_our_own_can_be(http: Http, pds: StandIn) -> None:
    outlet = build(http, pds.base_url)
    sent = await outlet.send(POSTING)
    for _ in range(2):
        assert (await outlet.retract(number(2, target=sent.remote_id))).remote_id == sent.remote_id
    assert pds.posts == []
    for target in (None, "", "x", "at://did:plc:other/app.bsky.feed.post/3k bafy"):
        with pytest.raises(Refused, match="by hand"):
            await outlet.retract(number(3, target=target))


async def test_one_login_for_all_and_a_fresh_token_when_it_ends(http: Http) -> None:
    async with run_stand_in("bluesky", SocialSettings(bluesky_access_seconds=60)) as pds:
        outlet = build(http, pds.base_url)
        await asyncio.gather(*(outlet.send(number(update)) for update in range(1, 9)))
        assert pds.calls.count("POST /xrpc/com.atproto.server.createSession") == 1
        pds.wait(2 * MINUTE)
        await asyncio.gather(*(outlet.send(number(update)) for update in range(11, 19)))
        assert pds.calls.count("POST /xrpc/com.atproto.server.createSession") == 1
        assert pds.calls.count("POST /xrpc/com.atproto.server.refreshSession") == 1
        pds.wait(timedelta(days=100))
        await outlet.send(number(21))
        assert pds.calls.count("POST /xrpc/com.atproto.server.createSession") == 2
        assert len(pds.posts) == 17


async def test_a_bad_password_is_named_and_never_shown(http: Http, pds: StandIn) -> None:
    outlet = build(http, pds.base_url, app_password="sesame-9f27", app_password_env="BLUESKY_APP_PASSWORD_EU")
    for call in (outlet.send(POSTING), outlet.check(), outlet.find(POSTING)):
        with pytest.raises(NotSent, match="BLUESKY_APP_PASSWORD_EU") as caught:
            await call
        assert "sesame" not in str(caught.value)


async def test_too_many_requests_name_their_pause(http: Http, pds: StandIn) -> None:
    outlet = build(http, pds.base_url)
    await outlet.check()
    reset = int(datetime.now(UTC).timestamp()) + 600
    session = json.dumps({"did": "did:plc:a", "accessJwt": "a", "refreshJwt": "r"}).encode()
    for headers, least in (((f"ratelimit-reset: {reset}",), 590), (("retry-after: 77",), 77), ((), None)):
        async with serve(answer(200, body=session), answer(429, *headers)) as place:
            with pytest.raises(NotSent) as caught:
                await build(http, f"http://127.0.0.1:{place.port}").send(POSTING)
        pause = caught.value.retry_after
        assert (pause is None) if least is None else (pause and least <= pause.total_seconds() <= 600)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"error": "InvalidRequest", "message": "sesame"}, Refused),
        (400, {"error": "AccountDeactivated"}, NotSent),
        (400, [], Refused),
        (401, {"error": "AuthMissing"}, NotSent),
        (403, {"error": "Forbidden"}, Refused),
        (404, None, Refused),
        (302, None, Refused),
        (500, {"error": "InternalServerError"}, NotSent),
        (502, None, NotSent),
        (200, {"uri": "at://sesame", "cid": 5}, Uncertain),
        (200, None, Uncertain),
        (400, {"error": "InvalidSwap"}, Refused),
    ],
)
async def test_each_answer_has_its_outcome(http: Http, status: int, body: object, outcome: type[Exception]) -> None:
    session = answer(200, body=json.dumps({"did": "did:plc:a", "accessJwt": "a.b.c", "refreshJwt": "r"}).encode())
    said = answer(status, body=json.dumps(body).encode() if body is not None else b"<html>sesame")
    async with serve(session, said) as place:
        with pytest.raises(outcome) as caught:
            await build(http, f"http://127.0.0.1:{place.port}").send(POSTING)
    assert type(caught.value) is outcome
    assert "sesame" not in str(caught.value)


async def test_a_record_that_makes_no_sense_is_only_one_of_the_three(http: Http) -> None:
    session = json.dumps({"did": "did:plc:a", "accessJwt": "a", "refreshJwt": "r"}).encode()
    value = {"text": POSTING.words, "reply": {"root": 5}}
    record = json.dumps({"uri": "at://did:plc:a/app.bsky.feed.post/x", "cid": "b", "value": value}).encode()
    async with serve(answer(200, body=session), answer(200, body=record)) as place:
        with pytest.raises(NotSent, match="not Bluesky's"):
            await build(http, f"http://127.0.0.1:{place.port}").find(POSTING)


async def test_half_a_character_is_refused(http: Http, pds: StandIn) -> None:
    with pytest.raises(Refused, match="cannot be sent"):
        await build(http, pds.base_url).send(replace(POSTING, words="broken \ud83d https://a.example"))


async def test_check_proves_the_password_without_posting(http: Http, pds: StandIn) -> None:
    assert "@acme.example" in await build(http, pds.base_url, handle="@Acme.Example").check()
    assert pds.posts == []


def test_settings_want_a_handle() -> None:
    for handle in ("acme", "acme example", "", "https://acme.example", "a..b", "-a.b"):
        with pytest.raises(ValidationError, match="must be like"):
            bluesky.Settings.model_validate({"handle": handle, "app_password": "x"})


def test_the_key_is_a_tid_that_sorts_by_time_and_differs_by_part() -> None:
    keys = [build_key(number(update, part=part)) for update in range(50) for part in range(20)]
    assert keys == sorted(keys)
    assert len(set(keys)) == 1000
    assert all(len(key) == 13 and set(key) <= set(TID_CHARS) and key[0] in TID_CHARS[:8] for key in keys)
    value = 0
    for char in build_key(POSTING):
        value = value << 5 | TID_CHARS.index(char)
    micros = value >> 10
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros) == STARTED_AT


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x_(y)) and http://b.example?q=1, ok", ["https://a.example/x_(y)", "http://b.example?q=1"]),
        ("障害です。https://a.example/状態", ["https://a.example/"]),
        ("詳細はhttps://a.example/x。", ["https://a.example/x"]),
        ("🚒 https://müller.example/x…", ["https://müller.example/x"]),
        ("https:// and a@https://b.example and ftp://c.example", []),
        ("“https://a.example”", ["https://a.example"]),
    ],
)
def test_links_are_marked_by_bytes(text: str, links: list[str]) -> None:
    facets = list_facets(text)
    assert [each["features"][0]["uri"] for each in facets] == links
    cut = [text.encode()[each["index"]["byteStart"] : each["index"]["byteEnd"]].decode() for each in facets]
    assert cut == links


def test_remote_ids_are_parsed_back() -> None:
    one = parse_remote_id("at://did:plc:a/c/k bafy")
    two = parse_remote_id("at://did:plc:a/c/k bafy at://did:plc:a/c/r bafz")
    assert one
    assert two
    assert (str(one), str(two)) == ("at://did:plc:a/c/k bafy", "at://did:plc:a/c/k bafy at://did:plc:a/c/r bafz")
    assert (one.root, two.root.cid) == (one.post, "bafz")
    assert [parse_remote_id(text) for text in ("", "x y", "at://a", "at://a b at://c", "109")] == [None] * 5


ONE_EACH = [
    *"aZ0 .é漢字한ひカйωאبไกபक১",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "👍🏽",
    "🇩🇪",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "1️⃣",
    "e\u0301\u0323",
    "நி",
    "ที่",
    "கௌ",
    "\r\n",
    "ぷ",
    "ᄒ" + "ᅡᆫ",
]
"""Each is one character as people see it, and stays one whatever stands beside it."""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(ONE_EACH), max_size=400))
def test_the_count_is_of_what_people_see_and_of_bytes(units: list[str]) -> None:
    text = "".join(units)
    assert count_chars(text) == max(len(units), -(-len(text.encode()) // 10))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_it_never_counts_less_than_characters_or_bytes(text: str) -> None:
    assert count_chars(text) * 10 >= len(text.encode(errors="surrogatepass"))
    assert count_chars(text) <= max(len(text), -(-len(text.encode(errors="surrogatepass")) // 10))


def test_old_servers_count_a_conjunct_as_several() -> None:
    assert count_chars("क्षि") == 2
    assert count_chars("ক্ষ") == 2


async def test_what_fits_is_taken(http: Http, pds: StandIn) -> None:
    outlet, limits = build(http, pds.base_url), bluesky.LIMITS
    for index, unit in enumerate(ONE_EACH):
        if not unit.strip():
            continue
        longest = max(count for count in range(1, 301) if limits.fit(unit * count))
        await outlet.send(number(index + 1, words=unit * longest))
        too_long = replace(number(index + 900), words="👨‍👩‍👧‍👦" * 121)
        assert not limits.fit(too_long.words)
    with pytest.raises(Refused, match="of 300 characters"):
        await outlet.send(too_long)
