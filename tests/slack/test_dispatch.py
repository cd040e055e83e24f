"""Every button, form, shortcut and event that we have finds its function; what only resembles one finds none."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from chatops.slack.app import SlackEdge, build_app
from chatops.slack.buttons import BUTTONS, find_press, press_pick
from chatops.slack.events import EVENTS
from chatops.slack.shortcuts import SHORTCUTS
from chatops.slack.submissions import SUBMISSIONS
from chatops.usecases.ports import Identity

TEAM = "T1"
PERSON = {"id": "U1", "team_id": TEAM}


@pytest.fixture
def app() -> AsyncApp:
    """Without a desk: whoever is called fails on it, which Bolt answers with 500."""
    identity = Identity(workspace=TEAM, bot_id="B1", bot_slack_id="U0", team_name="Acme")
    client = AsyncWebClient()
    nobody: Any = None
    edge = SlackEdge(
        desk=nobody,
        client=client,
        bot_token="xoxb-1",
        identities={TEAM: identity},
    )
    return build_app(edge)


def build_bodies(name: str) -> dict[str, dict[str, Any]]:
    head = {"team": {"id": TEAM}, "user": PERSON, "trigger_id": "1.2"}
    view = {"callback_id": name, "type": "modal", "id": "V1", "blocks": [], "state": {"values": {}}}
    action = {"action_id": name, "block_id": "b", "type": "button", "value": ""}
    event = {"type": name, "user": "U1", "channel": "C1"}
    return {
        "button": {**head, "type": "block_actions", "actions": [action], "container": {"message_ts": "1.0"}},
        "form": {**head, "type": "view_submission", "view": view},
        "shortcut": {**head, "type": "shortcut", "callback_id": name},
        "event": {"type": "event_callback", "team_id": TEAM, "event_id": "E1", "event": event},
    }


KNOWN = {
    "button": [*BUTTONS, "pick:update:12"],
    "form": list(SUBMISSIONS),
    "shortcut": list(SHORTCUTS),
    "event": list(EVENTS),
}


async def is_heard(app: AsyncApp, kind: str, name: str) -> bool:
    response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=build_bodies(name)[kind]))
    return response.status != 404


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in KNOWN.items() for name in names])
async def test_a_name_is_heard_as_its_own_kind_only(app: AsyncApp, kind: str, name: str) -> None:
    assert await is_heard(app, kind, name)
    for near in (f"{name}_", f"_{name}", name[:-1], f"{name}\n", "reaction_added_by_nobody"):
        if near not in KNOWN[kind] and not (kind == "button" and near.startswith("pick:")):
            assert not await is_heard(app, kind, near), near


def test_a_button_of_the_picker_is_any_that_has_no_name_of_its_own() -> None:
    assert find_press("pick:update:12") is press_pick
    assert all(find_press(name) is press for name, press in BUTTONS.items())
