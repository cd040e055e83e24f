"""Fault switches: each does what it says, for the methods and times it was set for."""

import aiohttp
import pytest

from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.server import RunningSandbox
from tests.sandbox.conftest import BUTTONS, Api, Recorder

INCIDENTS = "C01INCIDENTS"


async def test_too_many_and_internal_error(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, api: Api, belle: Person
) -> None:
    await api("conversations.join", channel=INCIDENTS)
    await belle.act("fault", name="429", method="chat.*", count=1, retry_after=7)
    headers = {"Authorization": "Bearer xoxb-sandbox-bot"}
    url, body = sandbox.api_url + "chat.postMessage", {"channel": INCIDENTS, "text": "x"}
    assert (await api("auth.test"))["ok"]
    async with session.post(url, json=body, headers=headers) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
    assert (await belle.state())["faults"]["429"]["on"] is False
    await belle.act("fault", name="500", count=1)
    async with session.post(url, json=body, headers=headers) as response:
        assert response.status == 500
    assert await belle.messages("incidents") == []
    assert (await api("chat.postMessage", channel=INCIDENTS, text="x"))["ok"]


async def test_drop_happens_all_the_same(api: Api, belle: Person) -> None:
    await api("conversations.join", channel=INCIDENTS)
    await belle.act("fault", name="drop", method="chat.postMessage", count=1)
    with pytest.raises(aiohttp.ClientError):
        await api("chat.postMessage", channel=INCIDENTS, text="it arrived")
    assert [message["text"] for message in await belle.messages("incidents")] == ["it arrived"]


async def test_down_until_cleared(api: Api, belle: Person) -> None:
    await belle.act("fault", name="down")
    with pytest.raises(aiohttp.ClientError):
        await api("auth.test")
    assert (await belle.state())["faults"]["down"]["on"]
    await belle.act("fault", name="clear")
    assert (await api("auth.test"))["ok"]


async def test_slow(api: Api, belle: Person, session: aiohttp.ClientSession) -> None:
    await belle.act("fault", name="slow", method="auth.test", seconds=5)
    with pytest.raises(TimeoutError):
        await session.post(belle._base_url + "/api/auth.test", timeout=aiohttp.ClientTimeout(total=0.1))
    await belle.act("fault", name="slow", on=False)
    assert (await api("auth.test"))["ok"]


async def test_twice(sandbox: RunningSandbox, recorder: Recorder, api: Api, belle: Person) -> None:
    await api("conversations.join", channel=INCIDENTS)
    await api("chat.postMessage", channel=INCIDENTS, text="card", blocks=BUTTONS)
    sandbox.set_request_url(recorder.url)
    await belle.act("fault", name="twice")
    await belle.command("incidents", "/incident status")
    await belle.click("Approve", in_channel="incidents")
    commands = [payload for payload, _ in recorder.received if payload["type"] == "command"]
    clicks = recorder.payloads("block_actions")
    assert len(commands) == len(clicks) == 2
    assert commands[0]["trigger_id"] == commands[1]["trigger_id"]
    assert clicks[0]["actions"] == clicks[1]["actions"]


async def test_unknown_fault(belle: Person) -> None:
    with pytest.raises(CannotDo, match="there are: 429, 500"):
        await belle.act("fault", name="earthquake")
