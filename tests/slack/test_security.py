"""Only Slack is heard: a request without its fresh signature is refused, and leaves nothing behind."""

import json
import logging
import time
from urllib.parse import urlencode

import pytest

from chatops.domain.records import IncidentOpened, RevisionProposed
from chatops.sandbox.http_transport import sign
from chatops.slack.transport import UNSIGNED
from tests.slack.house import WORKSPACE, House, Plan

COMMAND = urlencode(
    {
        "team_id": WORKSPACE,
        "user_id": "U01BELLE",
        "channel_id": "C01INCIDENTS",
        "command": "/incident",
        "text": "remind 20m INC-1",
        "trigger_id": "1.2.3",
        "api_app_id": "A01CHATOPS",
    }
)


@pytest.fixture
def plan() -> Plan:
    return Plan()


async def send(house: House, body: str, headers: dict[str, str], content_type: str = "") -> int:
    kind = content_type or "application/x-www-form-urlencoded"
    url = f"{house.bot_url}/slack/events"
    async with house.session.post(url, data=body, headers={"Content-Type": kind, **headers}) as response:
        return response.status


def signed(house: House, body: str, *, age_seconds: int = 0, secret: str | None = None) -> dict[str, str]:
    at = int(time.time()) - age_seconds
    signature = sign(secret or house.sandbox.settings.signing_secret, at, body)
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": signature}


async def test_what_slack_did_not_sign_just_now_is_refused_and_changes_nothing(house: House) -> None:
    await house.open(house.belle)
    before = await house.kinds(1)
    good = signed(house, COMMAND)
    assert await send(house, COMMAND, {}) == 401
    assert await send(house, COMMAND, signed(house, COMMAND, secret="guessed")) == 401
    assert await send(house, COMMAND, signed(house, COMMAND, age_seconds=360)) == 401
    assert await send(house, COMMAND, signed(house, COMMAND, age_seconds=-360)) == 401
    assert await send(house, COMMAND.replace("20m", "90m"), good) == 401
    assert await send(house, COMMAND, {**good, "X-Slack-Signature": "v0="}) == 401
    assert await send(house, COMMAND, {**good, "X-Slack-Request-Timestamp": "soon"}) == 401
    event = json.dumps({"type": "event_callback", "team_id": WORKSPACE, "event_id": "E1", "event": {"type": "message"}})
    assert await send(house, event, {}, "application/json") == 401
    assert await house.kinds(1) == before
    assert await send(house, COMMAND, good) == 200
    assert await house.kinds(1) == [*before, "reminder_moved"]
    assert await send(house, COMMAND, good) == 200, "a replay within the five minutes gets the same answer"
    assert await house.kinds(1) == [*before, "reminder_moved"]


async def test_what_is_refused_is_told_to_the_operator_without_its_words(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "chatops.slack.transport"):
        assert await send(house, COMMAND, signed(house, COMMAND, secret="guessed")) == 401
        assert await send(house, "%ff", {**signed(house, COMMAND), "X-Slack-Signature": "é"}) == 401
    assert [record.getMessage() for record in caplog.records] == [UNSIGNED] * 2


async def test_another_workspace_is_not_served(house: House) -> None:
    await house.open(house.belle)
    body = COMMAND.replace(WORKSPACE, "T99OTHER")
    await send(house, body, signed(house, body))
    assert "reminder_moved" not in await house.kinds(1)
    assert "AuthorizeResult" in house.errors.pop(), "Bolt logs it, and tells the person to install the app"


async def test_slacks_question_about_the_request_url_is_answered(house: House) -> None:
    assert await house.sandbox.verify_request_url()


async def test_nonsense_that_is_signed_does_no_harm(house: House) -> None:
    for body in ("", "payload=%7B", "payload=%5B%5D", "a=b", "%00%ff"):
        assert await send(house, body, signed(house, body)) < 500
        assert await send(house, body, {}) in (400, 401)
    assert await house.numbers() == []
    assert all("AuthorizeResult" in error for error in house.errors)
    house.errors.clear()


async def test_half_a_character_is_left_out_and_the_rest_is_kept(house: House) -> None:
    """JSON can carry one, UTF-8 cannot."""
    values = {
        "title": {"input": {"type": "plain_text_input", "value": "Card \ud83dpayments"}},
        "impact": {"input": {"type": "static_select", "selected_option": {"value": "minor"}}},
        "first_words": {"input": {"type": "plain_text_input", "value": "Some are \ude00 declined."}},
    }
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "open_incident",
        "private_metadata": json.dumps({"slack_channel": "C01INCIDENTS"}),
        "blocks": [{"type": "input", "block_id": name} for name in values],
        "state": {"values": values},
    }
    person = {"id": "U01BELLE", "team_id": WORKSPACE}
    payload = {
        "type": "view_submission",
        "team": {"id": WORKSPACE},
        "user": person,
        "trigger_id": "1.2.3",
        "view": view,
    }
    body = urlencode({"payload": json.dumps(payload)})
    assert await send(house, body, signed(house, body)) == 200
    opened, proposed = await house.records(1)
    assert isinstance(opened.data, IncidentOpened)
    assert opened.data.title == "Card payments"
    assert isinstance(proposed.data, RevisionProposed)
    assert proposed.data.sections.what_happened == "Some are  declined."
