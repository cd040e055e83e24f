"""The partner who takes webhooks: what arrives is checked and shown, and misbehaviour comes on request."""

import asyncio
import base64
import hashlib
import hmac
import time

import aiohttp
import pytest

from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json

KEY = b"sandbox-webhook-secret-key"
BODY = '{"data":{"text":"<script>alert(1)</script> – Störung"}}'


def signed(body: str = BODY, *, key: bytes = KEY, at: float = 0, webhook_id: str = "msg_1") -> dict[str, str]:
    timestamp = str(int(at or time.time()))
    digest = hmac.new(key, f"{webhook_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1a,other v1,{base64.b64encode(digest).decode()}",
    }


class Poster:
    """Posts as an app would, and reads what the partner kept."""

    def __init__(self, sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
        self.base, self._session = sandbox.base_url, session

    async def post(self, headers: dict[str, str], body: str = BODY) -> tuple[int, str | None]:
        timeout = aiohttp.ClientTimeout(total=0.5)
        url = f"{self.base}/webhooks/partners"
        async with self._session.post(url, data=body.encode(), headers=headers, timeout=timeout) as response:
            return response.status, response.headers.get("Retry-After")

    async def behave(self, wish: object, status: int = 200) -> Json:
        async with self._session.post(f"{self.base}/webhooks/partners/behave", json=wish) as response:
            assert response.status == status
            answer: Json = await response.json()
            return answer

    async def read(self) -> list[Json]:
        async with self._session.get(f"{self.base}/webhooks/messages") as response:
            messages: list[Json] = (await response.json())["messages"]
            return messages

    async def read_page(self) -> str:
        async with self._session.get(f"{self.base}/webhooks") as response:
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            return await response.text()


@pytest.fixture
def poster(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Poster:
    return Poster(sandbox, session)


async def test_what_arrives_is_checked_and_shown(poster: Poster) -> None:
    assert "No webhook yet" in await poster.read_page()
    assert await poster.post(signed()) == (204, None)
    (message,) = await poster.read()
    assert (message["name"], message["webhook_id"], message["body"]) == ("partners", "msg_1", BODY)
    assert (message["is_verified"], message["is_repeat"], message["behaviour"]) == (True, False, "take")
    assert message["json"]["data"]["text"].endswith("Störung")
    assert ["webhook-id", "msg_1"] in message["headers"]
    page = await poster.read_page()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "signature verified" in page


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(key=b"another key"),
        signed(BODY + " "),
        signed(at=time.time() - 3600),
        signed(at=time.time() + 3600),
        signed() | {"webhook-id": "msg_2"},
        signed() | {"webhook-signature": "v1,not base64"},
        signed() | {"webhook-timestamp": "now"},
        signed() | {"webhook-timestamp": "9" * 30},
    ],
)
async def test_what_does_not_verify_is_kept_and_said_so(poster: Poster, headers: dict[str, str]) -> None:
    await poster.post(headers)
    assert [message["is_verified"] for message in await poster.read()] == [False]
    assert "NOT verified" in await poster.read_page()


async def test_a_repeat_is_marked(poster: Poster) -> None:
    for webhook_id in ("msg_1", "msg_2", "msg_1"):
        await poster.post(signed(webhook_id=webhook_id))
    assert [message["is_repeat"] for message in await poster.read()] == [True, False, False]
    assert "repeat of the same webhook-id" in await poster.read_page()


async def test_it_says_no_as_often_as_told(poster: Poster) -> None:
    told = await poster.behave({"behave": "429", "remaining": 2, "retry_after": 7})
    assert told == {"ok": True, "behave": "429", "remaining": 2, "seconds": 2.0, "retry_after": "7"}
    answers = [await poster.post(signed()) for _ in range(3)]
    assert answers == [(429, "7"), (429, "7"), (204, None)]
    for status in (410, 500, 503):
        await poster.behave({"behave": str(status)})
        assert [await poster.post(signed()) for _ in range(2)] == [(status, None)] * 2
    assert len(await poster.read()) == 9


async def test_it_hangs_drops_and_dawdles(poster: Poster) -> None:
    await poster.behave({"behave": "drop"})
    with pytest.raises(aiohttp.ClientConnectionError):
        await poster.post(signed())
    await poster.behave({"behave": "never"})
    with pytest.raises(TimeoutError):
        await poster.post(signed())
    await poster.behave({"behave": "slow", "seconds": 0.1})
    began = time.monotonic()
    assert await poster.post(signed()) == (204, None)
    assert time.monotonic() - began >= 0.1
    await poster.behave({"behave": "take"})
    assert await poster.post(signed()) == (204, None)
    assert [message["behaviour"] for message in await poster.read()] == ["take", "slow", "never", "drop"]


async def test_it_answers_endlessly(poster: Poster, session: aiohttp.ClientSession) -> None:
    await poster.behave({"behave": "endless"})
    async with session.post(f"{poster.base}/webhooks/partners", data=BODY) as response:
        assert response.status == 200
        assert len(await response.content.readexactly(500_000)) == 500_000
        response.close()
    await asyncio.sleep(0.05)
    assert len(await poster.read()) == 1


@pytest.mark.parametrize(
    "wish", [{}, {"behave": "dance"}, {"behave": ["500"]}, ["500"], {"behave": "500", "remaining": "x"}]
)
async def test_a_wish_nobody_understands_changes_nothing(poster: Poster, wish: object) -> None:
    assert (await poster.behave(wish, status=400))["ok"] is False
    assert await poster.post(signed()) == (204, None)


async def test_only_json_changes_behaviour(poster: Poster, session: aiohttp.ClientSession) -> None:
    async with session.post(f"{poster.base}/webhooks/partners/behave", data="behave=500") as response:
        assert response.status == 415
