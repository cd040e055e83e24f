"""Customers of the sandbox's Bluesky, and our listener there."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chatops.domain.ids import OutletKey
from chatops.domain.mention import Mention
from chatops.outlets import bluesky
from chatops.outlets.http import Http
from chatops.outlets.listening.bluesky import BlueskyListener
from chatops.sandbox.social.customers import Customers
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.usecases.mention_ports import ReplyPosting
from tests.outlets.http_servers import answer, serve
from tests.outlets.listening.answering import build_posting, hear_all
from tests.outlets.settling import build_posting as build_update
from tests.outlets.stand_ins import StandIn

PASSWORD = SocialSettings().bluesky_app_password
MINUTE = timedelta(minutes=1)
SESSION = answer(200, body=b'{"did": "did:plc:us", "accessJwt": "a", "refreshJwt": "r"}')
LONG_AGO = datetime(2026, 11, 23, tzinfo=UTC)
VIEW = {
    "uri": "at://did:plc:cy/app.bsky.feed.post/3k1",
    "cid": "bafy1",
    "author": {"did": "did:plc:cy", "handle": "cy.example", "displayName": "Cy"},
    "reason": "mention",
    "record": {"$type": "app.bsky.feed.post", "text": "@acme.example down?", "createdAt": "1970-01-01T00:00:00Z"},
    "indexedAt": "2026-11-23T03:00:00.000Z",
}


def choose(base_url: str, **more: object) -> bluesky.Settings:
    return bluesky.Settings.model_validate(
        {"base_url": base_url, "handle": "acme.example", "app_password": PASSWORD, **more}
    )


def build(http: Http, server: StandIn | int, **more: object) -> BlueskyListener:
    base_url = f"http://127.0.0.1:{server}" if isinstance(server, int) else server.base_url
    read = choose(base_url, **more)
    return BlueskyListener(read, bluesky.build_spec(read, key=OutletKey("bluesky"), label="Bluesky"), http)


def be_customer(pds: StandIn) -> Customers:
    return Customers({"bluesky": pds.network})


def ask(pds: StandIn, text: str = "@acme.example is it down?", *, name: str = "Cy", **more: object) -> Post:
    return be_customer(pds).post("bluesky", text, name=name, **more)  # type: ignore[arg-type]


async def hear(listener: BlueskyListener, pds: StandIn, cursor: str | None = None) -> list[Mention]:
    return list((await hear_all(listener, cursor, pds.now() - 60 * MINUTE)).mentions)


async def publish(http: Http, pds: StandIn, words: str = "We are looking.", earlier: tuple[str, ...] = ()) -> Post:
    read = choose(pds.base_url)
    outlet = bluesky.build(read, key=OutletKey("bluesky"), label="Bluesky", http=http)
    assert outlet
    await outlet.send(build_update(words, earlier=earlier))
    return pds.posts[-1]


async def answer_by_hand(http: Http, pds: StandIn, post: Post, words: str) -> Post:
    """In the network's own app, or by another chatops: under a key that is not ours."""
    mention = next(each for each in await hear(build(http, pds), pds) if each.id == post.id)
    await build(http, pds).reply(replace(build_posting(mention, words), key="by hand"))
    return pds.posts[-1]


async def first_mention(http: Http) -> Mention:
    body = json.dumps({"notifications": [VIEW]}).encode()
    async with serve(SESSION, answer(200, body=body)) as place:
        return (await build(http, place.port).listen(None, since=LONG_AGO)).mentions[0]


async def make_posting(http: Http, pds: StandIn, words: str = "We are on it.") -> tuple[Post, ReplyPosting]:
    post = ask(pds)
    mention = next(each for each in await hear(build(http, pds), pds) if each.id == post.id)
    return post, build_posting(mention, words)
