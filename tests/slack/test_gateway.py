"""The gateway's own rules, without Slack: what shows customers keeps a pace, and nothing else waits for it."""

from typing import Any

import pytest
from slack_sdk.models.blocks import SectionBlock

from chatops.domain.errors import NotSent
from chatops.slack.gateway import CUSTOMERS_EVERY_SECONDS, SlackThread
from chatops.usecases.slack_ports import ThreadMessage
from tests.builders import open_journal
from tests.slack.views.customers import build_board


class Answered:
    """Slack's answer, as slack_sdk wraps it."""

    def __init__(self) -> None:
        self.data = {"ok": True, "ts": "1.0"}
        self.headers: dict[str, str] = {}


class Client:
    """Counts what is sent."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def chat_update(self, **arguments: Any) -> Answered:
        self.calls.append(f"update {arguments['ts']}")
        return Answered()

    async def chat_postMessage(self, **arguments: Any) -> Answered:  # noqa: N802 - slack_sdk's name
        self.calls.append("post")
        return Answered()


class Screens:
    def build(self, message: ThreadMessage) -> tuple[str, list[SectionBlock]]:
        return message.key, [SectionBlock(text=message.key)]


class Places:
    def is_own(self, incident: object) -> bool:
        return False


def message(key: str, *, of_customers: bool, ts: str | None = "1.0") -> ThreadMessage:
    incident = open_journal().incident
    about = build_board() if of_customers else None
    kind = "board" if of_customers else "incident"
    return ThreadMessage(key=key, kind=kind, channel="C1", thread_ts=None, ts=ts, incident=incident, about=about)


@pytest.fixture
def client() -> Client:
    return Client()


async def take_turn() -> None:
    """Nobody else is at it."""


@pytest.fixture
def gateway(client: Client) -> SlackThread:
    return SlackThread(client, Places(), Screens(), take_turn)  # type: ignore[arg-type]


async def test_what_shows_customers_keeps_a_pace_however_often_it_changes(gateway: SlackThread, client: Client) -> None:
    await gateway.refresh(message("board", of_customers=True))
    with pytest.raises(NotSent) as told:
        await gateway.refresh(message("card", of_customers=True, ts="2.0"))
    assert told.value.retry_after is not None
    assert 0 < told.value.retry_after.total_seconds() <= CUSTOMERS_EVERY_SECONDS
    with pytest.raises(NotSent):
        await gateway.post(message("new card", of_customers=True, ts=None))
    assert client.calls == ["update 1.0"]


async def test_nothing_else_waits_for_customers(gateway: SlackThread, client: Client) -> None:
    await gateway.refresh(message("board", of_customers=True))
    await gateway.refresh(message("incident", of_customers=False, ts="3.0"))
    assert await gateway.post(message("line", of_customers=False, ts=None)) == "1.0"
    assert client.calls == ["update 1.0", "update 3.0", "post"]
