"""A real Bolt app against the sandbox, over signed HTTP and over Socket Mode."""

import aiohttp
import pytest

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import Api, eventually
from tests.sandbox.trial_app import running_app


@pytest.mark.parametrize("socket", [False, True], ids=["http", "socket"])
async def test_from_command_to_button(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, belle: Person, joel: Person, api: Api, socket: bool
) -> None:
    heard: list[Json] = []
    async with running_app(sandbox, session, heard, socket=socket):
        assert (await belle.state())["app"]["connected"]
        assert await belle.command("incidents", "/incident open") == {"ok": True, "app": "ok"}
        await belle.wait_for_view("Open an incident")
        await belle.fill({"Title": "forbidden", "Impact": "Critical"})
        assert await belle.submit() == {"Title": "Another title, please"}
        await belle.fill({"Title": "Down", "Components": ["API"], "Commander": "Joel", "Private": True})
        assert await belle.submit() == {}
        assert await belle.view() is None

        values = heard[0]
        assert values["title"]["value"] == {"type": "plain_text_input", "value": "Down"}
        assert values["impact"]["value"]["selected_option"]["value"] == "critical"
        assert [option["value"] for option in values["components"]["value"]["selected_options"]] == ["api"]
        assert values["commander"]["value"]["selected_user"] == "U01JOEL"
        assert [option["value"] for option in values["private"]["value"]["selected_options"]] == ["yes"]

        card = await joel.wait_for_message("incidents", containing="Revision 1")
        await joel.click("Approve", in_channel="incidents", containing="Revision 1")
        approved = await belle.wait_for_message("incidents", containing="Approved")
        assert approved["ts"] == card["ts"]
        thanks = await joel.wait_for_message("incidents", containing="Thank you")
        assert thanks["ephemeral"]
        assert all("Thank you" not in belle.text_of(message) for message in await belle.messages("incidents"))

        history = await api("conversations.history", channel="C01INCIDENTS", include_all_metadata=True)
        assert history["messages"][0]["metadata"]["event_payload"] == {"title": "Down"}
    assert sandbox.violations.kinds() == []


@pytest.mark.parametrize("socket", [False, True], ids=["http", "socket"])
async def test_events_reach_the_app(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, belle: Person, api: Api, socket: bool
) -> None:
    heard: list[Json] = []
    async with running_app(sandbox, session, heard, socket=socket):
        await api("conversations.join", channel="C01INCIDENTS")
        await belle.post("incidents", "@chatops help <now>")
        await eventually(lambda: heard)
        assert heard[0]["text"] == "<@U01BOT> help &lt;now&gt;"
        await belle.wait_for_home("No open incidents")
    assert sandbox.violations.kinds() == []
