"""Fault switches: every network fails in its own words, for as many calls as was asked."""

from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from chatops.sandbox.social.switches import SWITCHES, Switch
from chatops.sandbox.wire import Refused
from tests.sandbox.social.conftest import Got, Town
from tests.sandbox.social.test_bluesky import Client, record
from tests.sandbox.social.test_teams import TEXT, card

Send = Callable[[Town, str], Awaitable[Got]]


async def send_x(town: Town, text: str) -> Got:
    return await town.x("POST", "/2/tweets", {"text": text})


async def send_facebook(town: Town, text: str) -> Got:
    return await town.facebook("POST", "/me/feed", json={"message": text})


async def send_mastodon(town: Town, text: str) -> Got:
    return await town.mastodon("POST", "/api/v1/statuses", json={"status": text})


async def send_bluesky(town: Town, text: str) -> Got:
    client = Client(town)
    client.access = town.social.bluesky._sessions.make_pair()["accessJwt"]
    return await client.write("putRecord", record(text), rkey="3jzfcijpj2z2a")


async def send_telegram(town: Town, text: str) -> Got:
    return await town.telegram("sendMessage", chat_id="@acme_status", text=text)


async def send_discord(town: Town, text: str) -> Got:
    return await town.discord("POST", "/channels/1180000000000000001/messages", json={"content": text})


async def send_teams(town: Town, text: str) -> Got:
    return await town.call("POST", town.social.teams_url, json=card(TEXT | {"text": text}))


async def send_statuspage(town: Town, text: str) -> Got:
    return await town.statuspage("POST", "/incidents", json={"incident": {"name": text, "body": text}})


SENDS: dict[str, Send] = {
    "x": send_x,
    "facebook": send_facebook,
    "mastodon": send_mastodon,
    "bluesky": send_bluesky,
    "telegram": send_telegram,
    "discord": send_discord,
    "teams": send_teams,
    "statuspage": send_statuspage,
}
every_network = pytest.mark.parametrize("name", SENDS)
WAIT_HEADERS = {
    "x": "x-rate-limit-reset",
    "facebook": "x-business-use-case-usage",
    "mastodon": "x-ratelimit-reset",
    "bluesky": "ratelimit-reset",
}


def switch_on(town: Town, name: str, fault: str, times: int | None = 1) -> None:
    town.social.networks[name].switches.switch_on(fault, times=times)


@every_network
async def test_too_many(town: Town, name: str) -> None:
    switch_on(town, name, "429")
    refused = await SENDS[name](town, "Hello")
    assert refused.status == (400 if name == "facebook" else 429)
    assert refused.headers[WAIT_HEADERS.get(name, "retry-after")]
    assert town.social.list_posts(name) == []
    assert (await SENDS[name](town, "Hello")).status < 300


@every_network
async def test_internal_error(town: Town, name: str) -> None:
    switch_on(town, name, "500", times=2)
    assert [(await SENDS[name](town, "Hello")).status for _ in range(3)][:2] == [500, 500]
    assert any(post.account.is_ours for post in town.social.list_posts(name))


@every_network
async def test_revoked(town: Town, name: str) -> None:
    switch_on(town, name, "revoked")
    assert (await SENDS[name](town, "Hello")).status in (400, 401)
    assert (await SENDS[name](town, "Hello")).status < 300


@every_network
@pytest.mark.parametrize(("fault", "has_effect"), [("drop", True), ("down", False)])
async def test_no_answer(town: Town, name: str, fault: str, has_effect: bool) -> None:
    switch_on(town, name, fault)
    with pytest.raises(aiohttp.ClientError):
        await SENDS[name](town, "Hello")
    assert bool(town.social.list_posts(name)) is has_effect
    assert town.social.networks[name].switches.wire()[fault]["on"] is False


@pytest.mark.parametrize(("fault", "has_effect"), [("late", True), ("timeout", False)])
async def test_silence(town: Town, fault: str, has_effect: bool) -> None:
    switch_on(town, "mastodon", fault)
    with pytest.raises(TimeoutError):
        await town.mastodon("POST", "/api/v1/statuses", json={"status": "x"}, timeout=aiohttp.ClientTimeout(total=0.1))
    assert bool(town.social.list_posts("mastodon")) is has_effect


async def test_a_dropped_answer_leaves_reading_alone(town: Town) -> None:
    switch_on(town, "mastodon", "drop")
    assert (await town.mastodon("GET", "/api/v1/notifications")).status == 200
    with pytest.raises(aiohttp.ClientError):
        await send_mastodon(town, "Hello")


async def test_some_calls_only(town: Town) -> None:
    switch = Switch(call="GET */notifications", retry_after_seconds=7)
    town.social.mastodon.switches.switch_on("429", switch)
    assert (await send_mastodon(town, "Hello")).status == 200
    assert (await town.mastodon("GET", "/api/v1/notifications")).status == 429
    town.social.mastodon.switches.switch_off("429")
    assert (await town.mastodon("GET", "/api/v1/notifications")).status == 200


@every_network
async def test_a_body_that_is_no_json(town: Town, name: str) -> None:
    url = town.social.teams_url if name == "teams" else town.at(name, "/anything")
    got = await town.call("POST", url, data="{", headers={"Content-Type": "application/json"})
    assert got.status == 400


def test_unknown_faults_and_networks(town: Town) -> None:
    with pytest.raises(Refused, match="there are: 429"):
        town.social.set_fault({"network": "x", "name": "earthquake"})
    with pytest.raises(Refused, match="no network"):
        town.social.set_fault({"network": "myspace", "name": "429"})
    town.social.set_fault({"network": "*", "name": "500"})
    assert all(faults["500"]["on"] for faults in town.social.wire_faults().values())
    town.social.set_fault({"network": "*", "name": "clear"})
    assert not any(faults[name]["on"] for faults in town.social.wire_faults().values() for name in SWITCHES)
