"""Telegram: the channel, its group, direct messages, and the error texts of its bot server."""

from typing import Any

import pytest

from chatops.sandbox.social.telegram import CHANNEL_ID, GROUP_ID
from tests.sandbox.social.conftest import Got, Town

CHANNEL = "@acme_status"


async def result(town: Town, name: str, **arguments: Any) -> Any:
    got = await town.telegram(name, **arguments)
    assert got.body["ok"], got.body
    return got.body["result"]


def description(got: Got) -> tuple[int, str]:
    assert got.body["ok"] is False
    assert got.body["error_code"] == got.status
    return got.status, got.body["description"]


async def test_send_edit_delete(town: Town) -> None:
    sent = await result(town, "sendMessage", chat_id=CHANNEL, text="We are looking.")
    assert (sent["chat"]["id"], sent["chat"]["username"], sent["text"]) == (
        CHANNEL_ID,
        "acme_status",
        "We are looking.",
    )
    place = {"chat_id": CHANNEL_ID, "message_id": sent["message_id"]}
    assert (await result(town, "editMessageText", text="Found.", **place))["edit_date"]
    same = await town.telegram("editMessageText", text="Found.", **place)
    assert description(same)[1].startswith("Bad Request: message is not modified")
    assert await result(town, "deleteMessage", **place) is True
    again = await town.telegram("deleteMessage", **place)
    assert description(again) == (400, "Bad Request: message to delete not found")


async def test_forms_and_get(town: Town) -> None:
    base = town.at("telegram", f"/bot{town.social.settings.telegram_bot_token}")
    first = await town.call("POST", base + "/sendMessage", data={"chat_id": CHANNEL, "text": "By form"})
    number = first.body["result"]["message_id"]
    form = {"chat_id": CHANNEL, "text": "Below", "reply_parameters": f'{{"message_id": {number}}}'}
    below = await town.call("POST", base + "/sendMessage", data=form)
    assert below.body["result"]["reply_to_message"]["text"] == "By form"
    me = await town.call("GET", base + "/getMe")
    assert me.body["result"]["is_bot"] is True


async def test_what_customers_write_comes_as_updates(town: Town) -> None:
    sent = await result(town, "sendMessage", chat_id=CHANNEL, text="We are looking.")
    be = town.be_customer
    answer = await be("telegram", name="Dee", handle="dee", text="Still down", reply_to=str(sent["message_id"]))
    await be("telegram", name="Dee", handle="dee", text="Hello bot")
    await be("telegram", do="edit", id=answer["id"], text="Still very down")
    updates = await result(town, "getUpdates")
    assert [next(iter(set(each) - {"update_id"})) for each in updates] == ["message", "message", "edited_message"]
    in_group, direct = updates[0]["message"], updates[1]["message"]
    assert (in_group["chat"]["id"], in_group["from"]["username"]) == (GROUP_ID, "dee")
    copied = in_group["reply_to_message"]
    assert (copied["is_automatic_forward"], copied["forward_origin"]["message_id"]) == (True, sent["message_id"])
    assert direct["chat"]["type"] == "private"
    reply = {"reply_parameters": {"message_id": in_group["message_id"]}}
    sorry = await result(town, "sendMessage", chat_id=GROUP_ID, text="Sorry", **reply)
    assert sorry["reply_to_message"]["text"] == "Still very down"
    assert (await result(town, "sendMessage", chat_id=direct["chat"]["id"], text="Hi"))["chat"]["first_name"] == "Dee"
    rest = await result(town, "getUpdates", offset=updates[1]["update_id"], allowed_updates=["message"])
    assert [each["message"]["text"] for each in rest] == ["Hello bot"]
    assert len(await result(town, "getUpdates")) == 2


async def test_forwarding_reads_back(town: Town) -> None:
    await town.be_customer("telegram", name="Staff", text="here I am")
    chat_id = (await result(town, "getUpdates"))[0]["message"]["chat"]["id"]
    sent = await result(town, "sendMessage", chat_id=CHANNEL, text="We are looking.")
    probe = {"chat_id": chat_id, "from_chat_id": CHANNEL}
    found = await result(town, "forwardMessage", message_id=sent["message_id"], **probe)
    assert (found["text"], found["forward_origin"]["message_id"]) == ("We are looking.", sent["message_id"])
    missing = await town.telegram("forwardMessage", message_id=99, **probe)
    assert description(missing) == (400, "Bad Request: message to forward not found")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"chat_id": CHANNEL, "text": " "}, (400, "Bad Request: message text is empty")),
        ({"chat_id": CHANNEL, "text": "👍" * 2049}, (400, "Bad Request: message is too long")),
        ({"text": "x"}, (400, "Bad Request: chat_id is empty")),
        ({"chat_id": "@other", "text": "x"}, (400, "Bad Request: chat not found")),
        (
            {"chat_id": CHANNEL, "text": "x", "reply_parameters": {"message_id": 9}},
            (400, "Bad Request: message to be replied not found"),
        ),
        (
            {"chat_id": CHANNEL, "text": "x", "reply_parameters": "{"},
            (400, "Bad Request: can't parse reply parameters JSON object"),
        ),
        ({"chat_id": CHANNEL, "text": "x", "token": "1:wrong"}, (401, "Unauthorized")),
        ({"chat_id": CHANNEL, "text": "x", "token": "wrong"}, (404, "Not Found")),
    ],
)
async def test_refusals(town: Town, arguments: dict[str, Any], expected: tuple[int, str]) -> None:
    assert description(await town.telegram("sendMessage", **arguments)) == expected


async def test_html_counts_without_its_tags(town: Town) -> None:
    text = "<b>" + "x" * 4096 + "</b>"
    assert (await result(town, "sendMessage", chat_id=CHANNEL, text=text, parse_mode="HTML"))["text"] == "x" * 4096
    assert description(await town.telegram("sendMessage", chat_id=CHANNEL, text=text))[1].endswith("too long")


async def test_others_words_cannot_be_edited(town: Town) -> None:
    await town.be_customer("telegram", name="Dee", text="hello")
    message = (await result(town, "getUpdates"))[0]["message"]
    place = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
    got = await town.telegram("editMessageText", text="x", **place)
    assert description(got) == (400, "Bad Request: message can't be edited")


async def test_twenty_a_minute_and_unknown_methods(town: Town) -> None:
    for number in range(20):
        await result(town, "sendMessage", chat_id=CHANNEL, text=f"No {number}")
    over = await town.telegram("sendMessage", chat_id=CHANNEL, text="x")
    seconds = over.body["parameters"]["retry_after"]
    assert description(over) == (429, f"Too Many Requests: retry after {seconds}")
    assert over.headers["retry-after"] == str(seconds)
    assert (await result(town, "getChat", chat_id=CHANNEL))["linked_chat_id"] == GROUP_ID
    assert description(await town.telegram("noSuch")) == (404, "Not Found")
