"""Bluesky: sessions that expire, records by key, exactly-once by putRecord, threads, notifications."""

from typing import Any

import pytest

from chatops.sandbox.social.bluesky_records import make_tid
from chatops.sandbox.wire import Json
from tests.sandbox.social.conftest import Found, Got, Town

COLLECTION = "app.bsky.feed.post"
KEY = "3jzfcijpj2z2a"


def record(text: str, **more: Any) -> Json:
    return {"$type": COLLECTION, "text": text, "createdAt": "2026-11-01T12:00:00.000Z"} | more


class Client:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.did = town.social.bluesky.feed.ours.id
        self.access = self.refresh = ""

    async def log_in(self, **changes: str) -> Got:
        settings = self.town.social.settings
        given = {"identifier": settings.bluesky_handle, "password": settings.bluesky_app_password} | changes
        got = await self.town.call("POST", self.at("com.atproto.server.createSession"), json=given)
        if got.status == 200:
            self.access, self.refresh = got.body["accessJwt"], got.body["refreshJwt"]
        return got

    def at(self, name: str) -> str:
        return self.town.at("bluesky", f"/xrpc/{name}")

    async def query(self, name: str, token: str | None = None, **params: Any) -> Got:
        return await self.town.bearer("bluesky", "GET", f"/xrpc/{name}", token or self.access, params=params)

    async def do(self, name: str, token: str | None = None, **body: Any) -> Got:
        return await self.town.bearer("bluesky", "POST", f"/xrpc/{name}", token or self.access, json=body)

    async def write(self, name: str, record: Any, **more: Any) -> Got:
        place = {"repo": self.did, "collection": COLLECTION}
        return await self.do(f"com.atproto.repo.{name}", record=record, **place, **more)

    async def post(self, text: str, **more: Any) -> Json:
        got = await self.write("createRecord", record(text, **more))
        assert got.status == 200, got.body
        return {"uri": got.body["uri"], "cid": got.body["cid"]}


@pytest.fixture
async def client(town: Town) -> Client:
    made = Client(town)
    await made.log_in()
    return made


def error(got: Got) -> tuple[int, str]:
    assert set(got.body) == {"error", "message"}
    return got.status, got.body["error"]


async def test_sessions(found: Found) -> None:
    town = await found(bluesky_access_seconds=60.0)
    client = Client(town)
    assert error(await client.log_in(password="wrong")) == (401, "AuthenticationRequired")
    assert error(await client.log_in(identifier="bob.example")) == (401, "AuthenticationRequired")
    session = (await client.log_in()).body
    assert (session["handle"], session["did"], session["active"]) == ("acme.example", client.did, True)
    assert (await client.query("com.atproto.server.getSession")).body["did"] == client.did
    assert error(await client.query("com.atproto.server.getSession", token="a.b.c")) == (400, "InvalidToken")
    assert error(await client.query("com.atproto.server.getSession", token=client.refresh)) == (400, "InvalidToken")
    assert error(await town.call("GET", client.at("com.atproto.server.getSession"))) == (401, "AuthMissing")
    town.clock.ahead = 61
    assert error(await client.query("com.atproto.server.getSession")) == (400, "ExpiredToken")
    refreshed = await client.do("com.atproto.server.refreshSession", token=client.refresh)
    assert (await client.query("com.atproto.server.getSession", token=refreshed.body["accessJwt"])).status == 200
    again = await client.do("com.atproto.server.refreshSession", token=client.refresh)
    assert error(again) == (400, "ExpiredToken")


async def test_logins_are_few(client: Client) -> None:
    for _ in range(29):
        await client.log_in()
    got = await client.log_in()
    assert error(got) == (429, "RateLimitExceeded")
    assert (got.headers["ratelimit-limit"], got.headers["ratelimit-policy"]) == ("30", "30;w=300")


async def test_put_is_exactly_once(client: Client) -> None:
    first = await client.write("putRecord", record("Hello"), rkey=KEY)
    again = await client.write("putRecord", record("Hello"), rkey=KEY)
    assert first.body["cid"] == again.body["cid"]
    assert "commit" in first.body
    assert "commit" not in again.body
    (post,) = client.town.social.list_posts("bluesky")
    assert (post.id, post.edited_at) == (f"at://{client.did}/{COLLECTION}/{KEY}", None)
    changed = await client.write("putRecord", record("Hello there"), rkey=KEY)
    assert changed.body["cid"] != first.body["cid"]
    assert post.text == "Hello there"
    assert len(client.town.social.list_posts("bluesky")) == 1


async def test_create_with_a_known_key_fails_badly(client: Client) -> None:
    assert (await client.write("createRecord", record("Hello"), rkey=KEY)).status == 200
    got = await client.write("createRecord", record("Hello"), rkey=KEY)
    assert error(got) == (500, "InternalServerError")


async def test_swap(client: Client) -> None:
    first = (await client.write("putRecord", record("Hello"), rkey=KEY)).body
    wrong = await client.write("putRecord", record("Bye"), rkey=KEY, swapRecord="bafy")
    assert error(wrong) == (400, "InvalidSwap")
    assert (await client.write("putRecord", record("Bye"), rkey=KEY, swapRecord=first["cid"])).status == 200


async def test_records_read_back_and_deleted(client: Client) -> None:
    made = await client.post("Hello")
    key = made["uri"].rpartition("/")[2]
    place = {"repo": "acme.example", "collection": COLLECTION}
    got = await client.query("com.atproto.repo.getRecord", rkey=key, **place)
    assert (got.body["cid"], got.body["value"]["text"]) == (made["cid"], "Hello")
    listed = await client.query("com.atproto.repo.listRecords", limit="1", **place)
    assert (len(listed.body["records"]), "cursor" in listed.body) == (1, False)
    for _ in range(2):
        gone = await client.do("com.atproto.repo.deleteRecord", rkey=key, **place)
        assert gone.status == 200
    assert error(await client.query("com.atproto.repo.getRecord", rkey=key, **place)) == (400, "RecordNotFound")


FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (record("x" * 301), "must not be longer than 300 graphemes"),
        (record(FAMILY * 121), "must not be longer than 3000 bytes"),
        ({"createdAt": "2026-11-01T12:00:00Z"}, 'must have the property "text"'),
        ({"text": "x"}, 'must have the property "createdAt"'),
        (record("x") | {"createdAt": "2026-13-01T12:00:00Z"}, "atproto datetime"),
        (record("x") | {"createdAt": "today"}, "atproto datetime"),
        (record("x") | {"$type": "app.bsky.feed.like"}, "Invalid $type"),
        (record("x") | {"text": 5}, "Record/text must be a string"),
        (record("x", langs=["a", "b", "c", "d"]), "Record/langs"),
        (record("x", score=1.5), "Bad record"),
        (record("x", reply={}), 'must have the property "root"'),
        (record("x", facets=[{}]), 'must have the property "index"'),
        (record("x", facets=[{"index": {"byteStart": 0, "byteEnd": 2}, "features": []}]), "within the text"),
        (record("é", facets=[{"index": {"byteStart": 0, "byteEnd": 1}, "features": []}]), "cut a character"),
        (record("x", facets=[{"index": {"byteStart": 0, "byteEnd": 1}, "features": [{}]}]), "features"),
        ("words", "must be an object"),
    ],
)
async def test_records_are_checked(client: Client, bad: Any, words: str) -> None:
    got = await client.write("putRecord", bad, rkey=KEY)
    assert error(got) == (400, "InvalidRequest")
    assert words in got.body["message"]
    assert client.town.social.list_posts("bluesky") == []


async def test_the_longest_post(client: Client) -> None:
    assert (await client.write("putRecord", record(FAMILY * 120), rkey=KEY)).status == 200


@pytest.mark.parametrize(
    "changes", [{"repo": "did:plc:other"}, {"collection": "a.b.c"}, {"rkey": "a b"}, {"rkey": ".."}, {"repo": None}]
)
async def test_places_are_checked(client: Client, changes: Json) -> None:
    place = {"repo": client.did, "collection": COLLECTION, "rkey": KEY} | changes
    assert error(await client.do("com.atproto.repo.putRecord", record=record("x"), **place)) == (400, "InvalidRequest")


async def test_threads(client: Client) -> None:
    root = await client.post("We are looking.")
    second = await client.post("Found.", reply={"root": root, "parent": root})
    theirs = await client.town.be_customer("bluesky", name="Cy", handle="cy", text="Thanks", reply_to=second["uri"])
    thread = (await client.query("app.bsky.feed.getPostThread", uri=second["uri"])).body["thread"]
    assert thread["parent"]["post"]["uri"] == root["uri"]
    assert [each["post"]["uri"] for each in thread["replies"]] == [theirs["id"]]
    stale = {"uri": root["uri"], "cid": second["cid"]}
    got = await client.write("createRecord", record("x", reply={"root": root, "parent": stale}))
    assert "names no post" in got.body["message"]
    missing = await client.query("app.bsky.feed.getPostThread", uri="at://did:plc:x/app.bsky.feed.post/1")
    assert error(missing) == (400, "NotFound")
    feed = (await client.query("app.bsky.feed.getAuthorFeed", actor=client.did, limit="1")).body
    assert (feed["feed"][0]["reply"]["root"]["uri"], feed["cursor"]) == (root["uri"], "1")
    posts = (await client.query("app.bsky.feed.getPosts", uris=root["uri"])).body["posts"]
    assert posts[0]["replyCount"] == 1


async def test_notifications(client: Client) -> None:
    made = await client.post("We are looking.")
    be = client.town.be_customer
    await be("bluesky", name="Cy", handle="cy", followers=7, text="@acme.example down?")
    await be("bluesky", name="Cy", handle="cy", text="and now?", reply_to=made["uri"])
    await be("bluesky", name="Di", handle="di.example", text="look", quote=made["uri"])
    await be("bluesky", name="Di", handle="di.example", do="repost", id=made["uri"])
    await be("bluesky", name="Di", handle="di.example", text="nothing to do with it")
    name = "app.bsky.notification.listNotifications"
    found = (await client.query(name)).body["notifications"]
    assert [each["reason"] for each in found] == ["repost", "quote", "reply", "mention"]
    assert found[0]["record"]["subject"] == {"uri": made["uri"], "cid": made["cid"]}
    mention = found[-1]
    assert mention["author"]["handle"] == "cy.bsky.social"
    assert mention["record"]["facets"][0]["features"][0]["did"] == client.did
    assert (mention["isRead"], found[2]["reasonSubject"]) == (False, made["uri"])
    await client.do("app.bsky.notification.updateSeen", seenAt="2099-01-01T00:00:00Z")
    url = client.at(name) + "?reasons=mention&reasons=reply&limit=1"
    page = await client.town.call("GET", url, headers={"Authorization": f"Bearer {client.access}"})
    assert [each["isRead"] for each in page.body["notifications"]] == [True]
    # What comes meanwhile moves nothing.
    await be("bluesky", name="Ed", handle="ed", text="me too @acme.example")
    url += f"&cursor={page.body['cursor']}"
    following = await client.town.call("GET", url, headers={"Authorization": f"Bearer {client.access}"})
    assert [each["uri"] for each in following.body["notifications"]] == [mention["uri"]]


async def test_names(client: Client) -> None:
    await client.town.be_customer("bluesky", name="Cy", handle="cy", followers=7, text="hi")
    name = "com.atproto.identity.resolveHandle"
    did = (await client.query(name, handle="cy.bsky.social")).body["did"]
    assert did.startswith("did:plc:")
    assert len(did) == 32
    assert (await client.query("app.bsky.actor.getProfile", actor=did)).body["followersCount"] == 7
    assert error(await client.query(name, handle="nobody.example")) == (400, "InvalidRequest")


async def test_points_and_unknown_methods(client: Client) -> None:
    got = await client.write("putRecord", record("x"), rkey=KEY)
    assert (got.headers["ratelimit-limit"], got.headers["ratelimit-remaining"]) == ("5000", "4998")
    assert got.headers["ratelimit-policy"] == "5000;w=3600"
    assert error(await client.query("app.bsky.no.such")) == (501, "MethodNotImplemented")
    assert error(await client.query("com.atproto.repo.putRecord")) == (405, "InvalidRequest")
    assert (await client.town.call("GET", client.at("com.atproto.server.describeServer"))).status == 200


def test_record_keys_rise() -> None:
    keys = [make_tid(1_700_000_000 + number / 10, number) for number in range(50)]
    assert keys == sorted(keys)
    assert {len(key) for key in keys} == {13}
