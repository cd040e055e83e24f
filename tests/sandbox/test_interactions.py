"""Commands, clicks, shortcuts and response URLs, as the app receives them."""

import hashlib
import hmac

import aiohttp
import pytest

from chatops.sandbox.http_transport import sign
from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import BUTTONS, Api, Recorder, Start, trial_manifest

INCIDENTS = "C01INCIDENTS"


@pytest.fixture
async def connected(sandbox: RunningSandbox, recorder: Recorder, api: Api) -> Recorder:
    await api("conversations.join", channel=INCIDENTS)
    sandbox.set_request_url(recorder.url)
    return recorder


async def test_command_payload_is_signed_and_escaped(connected: Recorder, belle: Person) -> None:
    await belle.command("incidents", "/incident assign @joel #general <b> @comms")
    payload, headers = connected.received[0]
    assert payload["text"] == "assign <@U01JOEL|joel> <#C01GENERAL|general> &lt;b&gt; <!subteam^S01COMMS|@comms>"
    assert payload["channel_name"] == "incidents"
    assert int(headers["X-Slack-Request-Timestamp"])
    assert headers["X-Slack-Signature"].startswith("v0=")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_signature_is_slacks() -> None:
    """Against the formula of Slack's documentation, computed apart."""
    expected = "v0=" + hmac.new(b"secret", b"v0:1531420618:token=x&a=b", hashlib.sha256).hexdigest()
    assert sign("secret", 1531420618, "token=x&a=b") == expected


async def test_without_should_escape_names_stay(
    start: Start, session: aiohttp.ClientSession, recorder: Recorder
) -> None:
    sandbox = await start(manifest=trial_manifest(should_escape=False), app_request_url=recorder.url)
    await Person(sandbox.base_url, "Belle", session).command("incidents", "/incident assign @joel <b>")
    assert recorder.received[0][0]["text"] == "assign @joel &lt;b&gt;"


@pytest.mark.parametrize(
    ("answer", "shown", "private"),
    [
        ("plain words", "plain words", True),
        ({"text": "for you"}, "for you", True),
        ({"text": "for all", "response_type": "in_channel"}, "for all", False),
        ({"text": "card", "blocks": BUTTONS}, "Revision 1", True),
    ],
)
async def test_command_answers(connected: Recorder, belle: Person, answer: object, shown: str, private: bool) -> None:
    connected.answers = [(200, answer)]
    await belle.command("incidents", "/incident status")
    message = (await belle.messages("incidents"))[-1]
    assert shown in belle.text_of(message)
    assert message.get("ephemeral", False) is private


async def test_empty_answer_shows_nothing(connected: Recorder, belle: Person) -> None:
    await belle.command("incidents", "/incident status")
    assert await belle.messages("incidents") == []


@pytest.mark.parametrize(
    ("status", "code"), [(500, "http_service_error"), (404, "http_client_error")], ids=["500", "404"]
)
async def test_failed_commands(connected: Recorder, belle: Person, status: int, code: str) -> None:
    connected.answers = [(status, None)]
    await belle.command("incidents", "/incident status")
    assert (await belle.messages("incidents"))[-1]["text"] == f'/incident failed with the error "{code}"'


async def test_late_command(start: Start, session: aiohttp.ClientSession, recorder: Recorder) -> None:
    sandbox = await start(app_request_url=recorder.url, ack_seconds=0.05)
    recorder.delay_seconds = 0.3
    belle = Person(sandbox.base_url, "Belle", session)
    await belle.command("incidents", "/incident status")
    assert (await belle.messages("incidents"))[-1]["text"] == '/incident failed with the error "operation_timeout"'
    assert sandbox.violations.kinds() == ["late_ack"]
    async with session.get(f"{sandbox.base_url}/sandbox/violations") as response:
        assert (await response.json())["violations"][0]["where"] == "/incident"


async def test_command_without_app(belle: Person) -> None:
    await belle.command("incidents", "/incident status")
    assert "dispatch_failed" in (await belle.messages("incidents"))[-1]["text"]
    with pytest.raises(CannotDo, match="not a valid command"):
        await belle.command("incidents", "/unknown")


async def test_bad_command_answer_is_a_violation(connected: Recorder, sandbox: RunningSandbox, belle: Person) -> None:
    connected.answers = [(200, {"text": "x", "blocks": [{"type": "marquee"}]})]
    await belle.command("incidents", "/incident status")
    assert sandbox.violations.kinds() == ["invalid_blocks"]


async def post_card(api: Api, **more: object) -> str:
    answer = await api("chat.postMessage", channel=INCIDENTS, text="card", blocks=BUTTONS, **more)
    return str(answer["ts"])


async def test_click_payload(connected: Recorder, belle: Person, api: Api) -> None:
    parent = await belle.post("incidents", "thread")
    ts = await post_card(api, thread_ts=parent)
    await belle.click("Approve", in_channel="incidents", containing="Revision 1")
    payload = connected.payloads("block_actions")[0]
    assert payload["container"] == {
        "type": "message", "message_ts": ts, "channel_id": INCIDENTS, "is_ephemeral": False, "thread_ts": parent,
    }  # fmt: skip
    assert payload["message"]["ts"] == ts
    assert payload["user"]["username"] == "belle"
    action = payload["actions"][0]
    assert (action["type"], action["block_id"], action["action_id"], action["value"]) == (
        "button",
        "buttons",
        "approve",
        "7",
    )


async def test_menus_keep_what_each_person_chose(connected: Recorder, belle: Person, joel: Person, api: Api) -> None:
    await post_card(api)
    await belle.click("Withdraw", in_channel="incidents")
    await belle.click("Major", in_channel="incidents")
    await joel.click("Approve", in_channel="incidents")
    withdraw, major, approve = connected.payloads("block_actions")
    assert withdraw["actions"][0]["selected_option"]["value"] == "withdraw"
    chosen = major["state"]["values"]["buttons"]["impact"]["selected_option"]
    assert chosen["value"] == "major"
    assert approve["state"]["values"]["buttons"]["impact"]["selected_option"] is None


async def test_clicks_that_are_not_there(connected: Recorder, belle: Person, api: Api) -> None:
    ts = await post_card(api)
    place = {"container": {"channel": INCIDENTS, "ts": ts}, "block_id": "buttons"}
    for wish in (
        {"action_id": "missing"},
        {"action_id": "approve", "value": "8"},
        {"action_id": "more", "selected_option": {"value": "publish"}},
        {"action_id": "more"},
    ):
        with pytest.raises(CannotDo):
            await belle.act("click", **place, **wish)
    with pytest.raises(CannotDo, match="gone"):
        await belle.act("click", container={"channel": INCIDENTS, "ts": "1.0"}, block_id="buttons", action_id="approve")
    assert connected.payloads("block_actions") == []


async def test_ephemeral_click_and_its_response_url(
    connected: Recorder, belle: Person, joel: Person, api: Api, session: aiohttp.ClientSession
) -> None:
    await api("chat.postEphemeral", channel=INCIDENTS, user="U01BELLE", text="card", blocks=BUTTONS)
    with pytest.raises(CannotDo, match="nothing to click"):
        await joel.click("Approve", in_channel="incidents", timeout_seconds=0.05)
    await belle.click("Approve", in_channel="incidents")
    payload = connected.payloads("block_actions")[0]
    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    await answer_by_url(session, payload["response_url"], {"replace_original": True, "text": "done"})
    assert [message["text"] for message in await belle.messages("incidents")] == ["done"]
    await answer_by_url(session, payload["response_url"], {"delete_original": True})
    assert await belle.messages("incidents") == []


async def answer_by_url(session: aiohttp.ClientSession, url: str, answer: Json) -> tuple[int, str]:
    async with session.post(url, json=answer) as response:
        return response.status, await response.text()


async def test_response_url_serves_five_times(
    connected: Recorder, sandbox: RunningSandbox, belle: Person, session: aiohttp.ClientSession
) -> None:
    await belle.command("support", "/incident status")
    url = connected.received[0][0]["response_url"]
    assert (await answer_by_url(session, url, {}))[0] == 400
    assert (await answer_by_url(session, url, {"txt": "x"}))[0] == 400
    for number in range(5):
        assert await answer_by_url(session, url, {"text": str(number), "response_type": "in_channel"}) == (200, "ok")
    status, text = await answer_by_url(session, url, {"text": "6"})
    assert (status, "used_url" in text) == (404, True)
    assert [message["text"] for message in await belle.messages("support")] == ["0", "1", "2", "3", "4"]
    assert sandbox.violations.kinds() == ["invalid_arguments"] * 2


async def test_response_url_expires(start: Start, session: aiohttp.ClientSession, recorder: Recorder) -> None:
    now = [1_000_000.0]
    sandbox = await start(app_request_url=recorder.url, clock=lambda: now[0])
    await Person(sandbox.base_url, "Belle", session).command("support", "/incident status")
    now[0] += 30 * 60 + 1
    status, text = await answer_by_url(session, recorder.received[0][0]["response_url"], {"text": "x"})
    assert (status, "expired_url" in text) == (404, True)


async def test_shortcuts(connected: Recorder, belle: Person) -> None:
    await belle.shortcut("Open an incident")
    assert connected.payloads("shortcut")[0]["callback_id"] == "open_incident"
    ts = await belle.post("incidents", "customers cannot pay")
    message = await belle.wait_for_message("incidents", containing="cannot pay")
    await belle.shortcut("Open incident from message", message)
    payload = connected.payloads("message_action")[0]
    assert (payload["message_ts"], payload["message"]["text"]) == (ts, "customers cannot pay")
    with pytest.raises(CannotDo, match="no global shortcut"):
        await belle.shortcut("Sing")


async def test_buttons_of_a_silent_app_give_a_notice(
    start: Start, session: aiohttp.ClientSession, recorder: Recorder
) -> None:
    sandbox = await start()
    belle = Person(sandbox.base_url, "Belle", session)
    async with session.ws_connect(f"{sandbox.base_url}/sandbox/live?as=U01BELLE") as live:
        await belle.shortcut("Open an incident")
        notice = await live.receive_json(timeout=2)
    assert notice["type"] == "notice"
    assert "trouble connecting" in notice["text"]
