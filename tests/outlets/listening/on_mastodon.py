"""Customers of the sandbox's Mastodon, and our listener there."""

import json
from datetime import UTC, datetime, timedelta

from chatops.domain.ids import OutletKey
from chatops.domain.mention import Mention
from chatops.outlets import mastodon
from chatops.outlets.http import Http
from chatops.outlets.listening.mastodon import MastodonListener
from chatops.sandbox.social.customers import Customers
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.usecases.mention_ports import ReplyPosting
from tests.outlets.http_servers import answer, serve
from tests.outlets.listening.answering import build_posting, hear_all
from tests.outlets.stand_ins import StandIn

TOKEN = SocialSettings().mastodon_token
MINUTE = timedelta(minutes=1)
ACCOUNT = answer(200, body=b'{"id": "1", "acct": "acme"}')
STATUS = {
    "id": "5",
    "url": "https://m.example/@cy/5",
    "created_at": "2026-11-23T03:00:00.000Z",
    "content": "<p>down?</p>",
    "visibility": "public",
    "account": {"id": "7", "acct": "cy@m.example", "display_name": "Cy", "followers_count": 12},
}


def build(http: Http, server: StandIn | str, **more: object) -> MastodonListener:
    base_url = server if isinstance(server, str) else server.base_url
    read = mastodon.Settings.model_validate({"base_url": base_url, "token": TOKEN, **more})
    spec = mastodon.build_spec(read, key=OutletKey("mastodon"), label="Mastodon")
    return (
        MastodonListener(read, spec, http)
        if isinstance(server, str)
        else MastodonListener(read, spec, http, server.now)
    )


def be_customer(server: StandIn) -> Customers:
    return Customers({"mastodon": server.network})


def ask(server: StandIn, text: str = "@acme is it down?", *, name: str = "Cy", **more: object) -> Post:
    return be_customer(server).post("mastodon", text, name=name, **more)  # type: ignore[arg-type]


async def hear(listener: MastodonListener, server: StandIn, cursor: str | None = None) -> list[Mention]:
    return list((await hear_all(listener, cursor, server.now() - 60 * MINUTE)).mentions)


def write_ours(server: StandIn, text: str = "We are looking.", parent: Post | None = None) -> Post:
    return server.network.feed.add(server.network.feed.ours, text, parent=parent)


def wrap(status: object, **more: object) -> dict[str, object]:
    account = STATUS["account"]
    return {
        "id": "9",
        "type": "mention",
        "created_at": STATUS["created_at"],
        "account": account,
        "status": status,
    } | more


async def first_mention(http: Http) -> Mention:
    body = json.dumps([wrap(STATUS)]).encode()
    async with serve(ACCOUNT, answer(200, body=body), answer(200, body=b"[]")) as place:
        listener = build(http, f"http://127.0.0.1:{place.port}")
        return (await listener.listen(None, since=datetime(2026, 11, 23, tzinfo=UTC))).mentions[0]


async def make_posting(http: Http, server: StandIn, words: str = "@cy We are on it.") -> tuple[Post, ReplyPosting]:
    post = ask(server)
    mention = next(each for each in await hear(build(http, server), server) if each.id == post.id)
    return post, build_posting(mention, words)
