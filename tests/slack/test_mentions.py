"""Answering customers in Slack, from the card to the frozen reply, with several people at it at once."""

import pytest

from chatops.domain.policy import MentionPolicy
from chatops.sandbox.wire import Json
from tests.slack.customers import MENTIONS, conversation_records, hear
from tests.slack.house import Case, House, Plan, Transport, eventually


@pytest.fixture
def transport() -> Transport:
    """How Slack reaches us makes no difference here."""
    return "http"


@pytest.fixture
def plan(transport: Transport) -> Plan:
    return Plan(transport=transport, answering=MentionPolicy())


async def card_of(house: House, name: str) -> Json:
    """The card of this customer's conversation in the Slack channel for customers."""
    return await house.belle.wait_for_message(MENTIONS, containing=f"{name} Fox on Fediverse")


async def board_of(house: House, case: Case) -> Json:
    return await house.belle.wait_for_message(MENTIONS, containing=f"Customers · {case.name}")


def labels_of(message: Json) -> list[str]:
    blocks = [block for block in message["blocks"] if block["type"] == "actions"]
    return [each["text"]["text"] for block in blocks for each in block["elements"]]


async def kinds(house: House, number: int, last: str) -> list[str]:
    """The kinds of records of a conversation, once its last one is there."""

    async def look() -> list[str] | None:
        found = [record.kind for record in await conversation_records(house.bot, number)]
        return found if last in found else None

    return await eventually(look, f"no {last} in conversation {number}")


async def test_a_customer_is_claimed_answered_and_the_card_shrinks(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    await hear(house.bot, [house.network.write("Lena", "Is my <password> *safe*?")])
    card = await card_of(house, "Lena")
    text = await house.shows(card, "Lena Fox", "@lena", "Fediverse", "1,200 followers", "Waiting since")
    assert "Is my <password> *safe*?" in text
    assert labels_of(card) == ["Claim", "Reply", "No reply needed", "Escalate"]

    await belle.click("Claim", message=card)
    await house.shows(card, "Belle", "is on it")
    await andy.click("Reply", message=card)
    assert "Belle" in await house.told(andy, "has claimed this one until", MENTIONS)
    assert await andy.view() is None

    await belle.click("Reply", message=card)
    view = await belle.wait_for_view("Reply to mention")
    shown = belle.text_of(view)
    assert "Is my <password> *safe*?" in shown
    assert "Nothing is published yet" in shown
    assert "Do not say" in shown
    assert "At most 500 characters" in shown
    await belle.fill({"Reply": "Your password is safe."})
    assert await belle.submit() == {}
    assert await kinds(house, 1, "reply_sent") == [
        "conversation_opened",
        "conversation_claimed",
        "conversation_claimed",
        "reply_written",
        "reply_sent",
    ]
    [posting] = house.network.sent
    assert posting.words == "@lena Your password is safe. — Belle"
    text = await house.shows(card, "answered", "Your password is safe. — Belle", without=["Waiting since"])
    current = house.message(card["channel"], card["ts"])
    assert current is not None
    assert labels_of(current) == []
    assert len(current["blocks"]) == 1
    await house.check_thread(case)
