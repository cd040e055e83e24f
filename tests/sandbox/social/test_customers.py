"""Customers: who may write what, and how it is shown."""

import aiohttp
import pytest

from chatops.sandbox.social.world import Social
from chatops.sandbox.wire import Json
from tests.sandbox.social.conftest import Town


async def refused(town: Town, network: str, **wish: object) -> str:
    got = await town.call("POST", f"{town.site_url}/social/{network}/customer", json=wish)
    assert (got.status, got.body["ok"]) == (400, False)
    return str(got.body["error"])


async def posts(town: Town, network: str) -> list[Json]:
    got = await town.call("GET", f"{town.site_url}/social/{network}/posts")
    found: list[Json] = got.body["posts"]
    return found


async def test_everything_a_customer_does(town: Town) -> None:
    first = await town.be_customer("x", name="Ann Lee", followers=12, text="@acme down?")
    assert first["account"] == {
        "id": first["account"]["id"],
        "handle": "annlee",
        "name": "Ann Lee",
        "followers": 12,
        "is_ours": False,
    }
    assert first["mentions_us"] is True
    edited = await town.be_customer("x", do="edit", id=first["id"], text="@acme still down?")
    assert [version["text"] for version in edited["versions"]] == ["@acme down?", "@acme still down?"]
    repost = await town.be_customer("x", do="repost", name="Bob", id=first["id"])
    quote = await town.be_customer("x", name="Cy", text="look", quote=first["id"])
    deleted = await town.be_customer("x", do="delete", id=first["id"])
    assert deleted["deleted_at"]
    listed = await posts(town, "x")
    assert [(each["id"], bool(each["deleted_at"])) for each in listed] == [
        (first["id"], True),
        (repost["id"], False),
        (quote["id"], False),
    ]
    assert (listed[1]["reposted_id"], listed[2]["quoted_id"]) == (first["id"], first["id"])
    assert listed[1]["mentions_us"] is False


async def test_refusals_are_for_people(town: Town) -> None:
    ours = town.social.x.feed.add(town.social.x.feed.ours, "Our words")
    for wish, words in (
        ({"text": "x"}, "Say who writes"),
        ({"name": "A", "text": " "}, "Write something"),
        ({"name": "A", "text": "x" * 281}, "X takes 280 characters; this has 281."),
        ({"name": "A", "handle": "a b", "text": "x"}, "A handle has letters"),
        ({"name": "A", "handle": "@Acme", "text": "x"}, "our own account"),
        ({"name": "A", "text": "x", "followers": -1}, "`followers` is a number"),
        ({"name": "A", "text": "x", "reply_to": "9"}, "not on X, or no longer"),
        ({"do": "edit", "id": ours.id, "text": "mine"}, "only what customers wrote"),
        ({"do": "delete", "id": ours.id}, "only what customers wrote"),
        ({"do": "buy"}, "`do` is one of: post, edit, delete, repost."),
    ):
        assert words in await refused(town, "x", **wish)
    assert "there are: x, facebook" in await refused(town, "myspace", name="A", text="x")
    assert "customers cannot write" in await refused(town, "teams", name="A", text="x")


async def test_only_json_is_taken(town: Town) -> None:
    url = f"{town.site_url}/social/x/customer"
    assert (await town.call("POST", url, data={"name": "A", "text": "x"})).status == 415
    for body in ("{", "[]"):
        got = await town.call("POST", url, data=body, headers={"Content-Type": "application/json"})
        assert got.status == 400
    assert (await town.call("GET", f"{town.site_url}/social/myspace/posts")).status == 404
    assert (await town.call("GET", f"{town.site_url}/social/myspace/api")).status == 404


async def test_in_python_too(town: Town) -> None:
    social: Social = town.social
    ours = social.mastodon.feed.add(social.mastodon.feed.ours, "We are looking.")
    made = social.customers.post("mastodon", "thanks", name="Ann", handle="ann@far.example", reply_to=ours.id)
    assert (made.text, made.root) == ("@acme thanks", ours)


async def test_an_open_page_hears_of_changes(town: Town) -> None:
    async with town.session.ws_connect(f"{town.site_url}/social/live") as live:
        made = await town.be_customer("bluesky", name="Cy", text="hello")
        news = await live.receive_json(timeout=2)
    assert news == {"network": "bluesky", "id": made["id"], "is_ours": False}
    assert isinstance(live, aiohttp.ClientWebSocketResponse)


@pytest.mark.parametrize("name", ["facebook", "mastodon", "bluesky", "telegram", "discord"])
async def test_mentions_on_every_network(town: Town, name: str) -> None:
    handle = town.social.networks[name].feed.ours.handle
    asked = await town.be_customer(name, name="Ann", text=f"@{handle} hello")
    other = await town.be_customer(name, name="Ann", text=f"@{handle}x is another")
    assert (asked["mentions_us"], other["mentions_us"]) == (True, name == "telegram")


def test_addresses_and_secrets(town: Town) -> None:
    social = town.social
    assert social.list_base_urls()["discord"] == f"{town.site_url}/social/discord/api/v10"
    assert social.list_outlet_settings()["statuspage"]["base_url"].endswith("/social/statuspage/v1")
    assert "teams" not in social.list_outlet_settings()
    secrets = social.list_secrets()
    assert secrets["TEAMS_WORKFLOW_URL"].startswith(f"{town.site_url}/social/teams/workflows/")
    assert all(secrets.values())
