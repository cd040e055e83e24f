"""Socket Mode: tickets, hello, envelopes, acknowledgements, and which transport is taken."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox
from tests.sandbox.conftest import Api, Recorder, Start, api_of, eventually

Socket = aiohttp.ClientWebSocketResponse


@pytest.fixture
def app_api(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Api:
    return api_of(sandbox, session, "xapp-sandbox-app")


@pytest.fixture
async def socket(app_api: Api, session: aiohttp.ClientSession) -> AsyncIterator[Socket]:
    async with session.ws_connect((await app_api("apps.connections.open"))["url"]) as opened:
        hello = await opened.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        yield opened


async def test_a_ticket_serves_once(app_api: Api, session: aiohttp.ClientSession) -> None:
    url = (await app_api("apps.connections.open"))["url"]
    async with session.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_command_with_payload(socket: Socket, belle: Person, sandbox: RunningSandbox) -> None:
    async with aiohttp.ClientSession() as other:
        task_person = Person(sandbox.base_url, "Belle", other)
        command = asyncio.create_task(task_person.command("incidents", "/incident status"))
        envelope = await socket.receive_json(timeout=2)
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert envelope["payload"]["command"] == "/incident"
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "all fine"}})
        await command
    assert (await belle.messages("incidents"))[-1]["text"] == "all fine"


async def test_socket_is_taken_before_http(
    socket: Socket, sandbox: RunningSandbox, recorder: Recorder, belle: Person
) -> None:
    sandbox.set_request_url(recorder.url)
    command = asyncio.create_task(belle.command("incidents", "/incident status"))
    envelope = await socket.receive_json(timeout=2)
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    await command
    await socket.close()
    await eventually(lambda: not sandbox.parts.socket_mode.is_connected)
    await belle.command("incidents", "/incident status")
    assert len(recorder.received) == 1


async def test_a_silent_socket_times_out(start: Start, session: aiohttp.ClientSession) -> None:
    sandbox = await start(ack_seconds=0.05)
    url = (await api_of(sandbox, session, "xapp-sandbox-app")("apps.connections.open"))["url"]
    belle = Person(sandbox.base_url, "Belle", session)
    async with session.ws_connect(url):
        await eventually(lambda: sandbox.parts.socket_mode.is_connected)
        await belle.command("incidents", "/incident status")
    assert "operation_timeout" in (await belle.messages("incidents"))[-1]["text"]


async def test_events_carry_their_retry(start: Start, session: aiohttp.ClientSession) -> None:
    sandbox = await start(ack_seconds=0.05, time_scale=0.0)
    await api_of(sandbox, session)("conversations.join", channel="C01INCIDENTS")
    url = (await api_of(sandbox, session, "xapp-sandbox-app")("apps.connections.open"))["url"]
    async with session.ws_connect(url) as socket:
        await socket.receive_json()
        await Person(sandbox.base_url, "Belle", session).post("incidents", "hello")
        first = await socket.receive_json(timeout=2)
        again = await socket.receive_json(timeout=2)
        await socket.send_json({"envelope_id": again["envelope_id"]})
    assert (first["retry_attempt"], again["retry_attempt"], again["retry_reason"]) == (0, 1, "http_timeout")
    assert first["payload"]["event_id"] == again["payload"]["event_id"]


async def test_at_most_ten_connections(app_api: Api, session: aiohttp.ClientSession) -> None:
    sockets = [await session.ws_connect((await app_api("apps.connections.open"))["url"]) for _ in range(11)]
    assert (await sockets[10].receive_json())["reason"] == "too_many_websockets"
    for socket in sockets:
        await socket.close()


async def test_disconnect_asks_to_reconnect(socket: Socket, sandbox: RunningSandbox) -> None:
    await sandbox.parts.socket_mode.disconnect_all("refresh_requested")
    assert (await socket.receive_json())["reason"] == "refresh_requested"


async def test_down_cuts_the_socket(socket: Socket, belle: Person, app_api: Api) -> None:
    await belle.act("fault", name="down")
    assert (await socket.receive(timeout=2)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
