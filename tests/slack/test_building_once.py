"""Building a message costs more than anything else about it: it is done once for what it shows."""

from dataclasses import replace
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from chatops.slack.gateway import BUILT_KEPT, SlackThread
from chatops.slack.homes import Homes
from chatops.slack.presenter import Built, Presenter
from chatops.usecases.slack_ports import ThreadMessage
from tests.builders import PEOPLE, Journal, open_journal, propose


class CountingPresenter:
    def __init__(self) -> None:
        self.built = 0

    def build(self, message: ThreadMessage) -> Built:
        self.built += 1
        return f"{message.incident.title}, {len(message.records)} {message.is_repeat}", []


def build_message(journal: Journal, **changes: Any) -> ThreadMessage:
    message = ThreadMessage(
        key="INC-1/2-2",
        kind="draft",
        channel="C1",
        thread_ts="1.0",
        incident=journal.incident,
        records=tuple(journal.records[1:2]),
        members={member.id: member for member in PEOPLE},
    )
    return replace(message, **changes)


@pytest.fixture
def presenter() -> CountingPresenter:
    return CountingPresenter()


@pytest.fixture
def turns() -> list[None]:
    return []


@pytest.fixture
def thread(presenter: CountingPresenter, turns: list[None]) -> SlackThread:
    async def wait_turn() -> None:
        turns.append(None)

    client = AsyncWebClient()
    homes = Homes(client, incidents_channel=None, dedicated=False)
    return SlackThread(client, homes, cast(Presenter, presenter), wait_turn)


async def test_the_same_card_is_built_once_also_from_another_read(
    thread: SlackThread, presenter: CountingPresenter, turns: list[None]
) -> None:
    first, again = (build_message(propose(open_journal())) for _ in range(2))
    assert first is not again
    digests = {await thread.digest(first), await thread.digest(again), await thread.digest(replace(again, ts="2.0"))}
    assert (len(digests), presenter.built, len(turns)) == (1, 1, 1)


async def test_whatever_it_shows_otherwise_is_built_anew(thread: SlackThread, presenter: CountingPresenter) -> None:
    journal = propose(open_journal())
    shown = [
        build_message(journal),
        build_message(journal, is_repeat=True),
        build_message(journal, records=()),
        build_message(propose(open_journal(title="Payments fail"))),
    ]
    assert len({await thread.digest(message) for message in shown}) == len(shown)
    assert presenter.built == len(shown)


async def test_only_the_last_ones_are_kept(thread: SlackThread, presenter: CountingPresenter) -> None:
    journal = propose(open_journal())
    for number in range(BUILT_KEPT + 1):
        await thread.digest(build_message(journal, key=f"INC-{number}/card"))
    await thread.digest(build_message(journal, key="INC-1/card"))
    assert presenter.built == BUILT_KEPT + 1
    await thread.digest(build_message(journal, key="INC-0/card"))
    assert presenter.built == BUILT_KEPT + 2
