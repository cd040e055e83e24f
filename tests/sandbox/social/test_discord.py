"""Discord: messages of a bot with nonces, messages of a webhook, limits per channel."""

from typing import Any

import pytest

from tests.sandbox.social.conftest import Found, Got, Town

CHANNEL = "/channels/1180000000000000001"
MESSAGES = f"{CHANNEL}/messages"


@pytest.fixture
async def town(found: Found) -> Town:
    return await found(allowance_factor=10)


async def post(town: Town, content: str, **more: Any) -> Got:
    return await town.discord("POST", MESSAGES, json={"content": content} | more)


async def test_a_nonce_makes_one_message(town: Town) -> None:
    first = await post(town, "Hello", nonce="n1", enforce_nonce=True)
    again = await post(town, "Hello", nonce="n1", enforce_nonce=True)
    assert first.body["id"] == again.body["id"]
    assert again.body["nonce"] == "n1"
    assert (await post(town, "Hello", nonce="n1")).body["id"] != first.body["id"]
    town.clock.ahead = 301
    assert (await post(town, "Hello", nonce="n1", enforce_nonce=True)).body["id"] != first.body["id"]
    long = await post(town, "Hello", nonce="n" * 26)
    assert (long.status, long.body["code"]) == (400, 50035)


async def test_replies_edits_deletes(town: Town) -> None:
    first = (await post(town, "We are looking.")).body
    theirs = await town.be_customer("discord", name="Fay", text="@acme hello?", reply_to=first["id"])
    ours = (await post(town, "Hi", message_reference={"message_id": theirs["id"]})).body
    assert ours["referenced_message"]["content"] == "<@1180000000000000003> hello?"
    assert ours["referenced_message"]["mentions"][0]["bot"] is True
    edited = (await town.discord("PATCH", f"{MESSAGES}/{first['id']}", json={"content": "Found."})).body
    assert (edited["content"], bool(edited["edited_timestamp"])) == ("Found.", True)
    for method, code in (("PATCH", 50005), ("DELETE", 50013)):
        got = await town.discord(method, f"{MESSAGES}/{theirs['id']}", json={"content": "x"})
        assert (got.status, got.body["code"]) == (403, code)
    assert (await town.discord("DELETE", f"{MESSAGES}/{first['id']}")).status == 204
    gone = await town.discord("GET", f"{MESSAGES}/{first['id']}")
    assert (gone.status, gone.body) == (404, {"message": "Unknown Message", "code": 10008})
    assert (await town.discord("POST", f"{MESSAGES}/{ours['id']}/crosspost")).body["flags"] == 1


async def test_reading(town: Town) -> None:
    ids = [(await post(town, f"No {number}")).body["id"] for number in range(4)]
    newest = await town.discord("GET", MESSAGES, params={"limit": "2"})
    assert [each["id"] for each in newest.body] == [ids[3], ids[2]]
    after = await town.discord("GET", MESSAGES, params={"limit": "2", "after": ids[0]})
    assert [each["id"] for each in after.body] == [ids[2], ids[1]]
    before = await town.discord("GET", MESSAGES, params={"before": ids[1]})
    assert [each["id"] for each in before.body] == [ids[0]]
    assert (await town.discord("GET", "/users/@me")).body["bot"] is True
    assert (await town.discord("GET", CHANNEL)).body["name"] == "status"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"content": ""}, 400, 50006),
        ({"content": 5}, 400, 50035),
        ({"content": "x" * 2001}, 400, 50035),
        ({"content": "x", "message_reference": {"message_id": "5"}}, 400, 50035),
    ],
)
async def test_refusals(town: Town, body: dict[str, Any], status: int, code: int) -> None:
    got = await town.discord("POST", MESSAGES, json=body)
    assert (got.status, got.body["code"]) == (status, code)


async def test_tokens_and_paths(town: Town) -> None:
    bad = await town.discord("GET", "/users/@me", auth="Bot bad")
    assert (bad.status, bad.body) == (401, {"message": "401: Unauthorized", "code": 0})
    other = await town.discord("GET", "/channels/5/messages")
    assert (other.status, other.body["code"]) == (404, 10003)
    assert (await town.discord("GET", "/nothing")).body == {"message": "404: Not Found", "code": 0}
    assert (await town.discord("PUT", MESSAGES)).status == 405
    broken = await town.discord("POST", MESSAGES, data="{", auth="x")
    assert broken.body["code"] == 50109


async def test_the_webhook(town: Town) -> None:
    url = town.social.discord_webhook_url
    silent = await town.call("POST", url, json={"content": "One"})
    assert (silent.status, silent.body) == (204, "")
    made = (await town.call("POST", url + "?wait=true", json={"content": "Two"})).body
    assert made["webhook_id"] == town.social.settings.discord_webhook_id
    edited = await town.call("PATCH", f"{url}/messages/{made['id']}", json={"content": "Three"})
    assert edited.body["content"] == "Three"
    bots = (await post(town, "By the bot")).body["id"]
    assert (await town.call("PATCH", f"{url}/messages/{bots}", json={"content": "x"})).status == 404
    assert (await town.call("DELETE", f"{url}/messages/{made['id']}")).status == 204
    assert (await town.call("GET", url)).body["type"] == 1
    assert (await town.call("GET", url + "x")).body["code"] == 50027
    assert (await town.call("GET", url.replace("webhooks/1", "webhooks/2"))).body["code"] == 10015


async def test_limits(found: Found) -> None:
    town = await found()
    answers = [await post(town, f"No {number}") for number in range(6)]
    assert answers[0].headers["x-ratelimit-remaining"] == "4"
    over = answers[-1]
    assert (over.status, set(over.body)) == (429, {"message", "retry_after", "global"})
    assert 0 < over.body["retry_after"] <= 5
    assert over.headers["retry-after"]
