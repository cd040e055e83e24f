"""The page's API: what each person sees and may do, and what is pushed to an open page."""

import aiohttp
import pytest

from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import Api, Start


@pytest.fixture
def gus(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Person:
    return Person(sandbox.base_url, "Gus", session)


async def test_state(start: Start, session: aiohttp.ClientSession) -> None:
    sandbox = await start(links=[{"label": "Public page", "url": "http://127.0.0.1:1"}])
    state = await Person(sandbox.base_url, "Joel", session).state()
    assert set(state) == {
        "team", "me", "members", "channels", "commands", "shortcuts", "app", "links", "faults", "social_faults",
    }  # fmt: skip
    assert state["me"] == "U01JOEL"
    assert state["app"] == {"name": "chatops", "bot_member_id": "U01BOT", "connected": False, "home_enabled": True}
    joel = next(member for member in state["members"] if member["id"] == "U01JOEL")
    assert {"id", "name", "real_name", "title", "is_bot", "is_guest", "is_admin", "color"} <= set(joel)
    assert joel["is_admin"]
    assert [channel["name"] for channel in state["channels"]] == ["general", "incidents", "mentions", "support"]
    assert state["links"][0]["label"] == "Public page"
    assert set(state["faults"]) == {"429", "500", "slow", "drop", "down", "twice"}


async def test_unknown_people_are_refused(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    for who in ("U0", "U01BOT"):
        async with session.get(f"{sandbox.base_url}/sandbox/state?as={who}") as response:
            assert response.status == 400
    with pytest.raises(CannotDo, match="nobody is called Zed"):
        await Person(sandbox.base_url, "Zed", session).state()


async def test_guests_see_their_channels_only(gus: Person, belle: Person) -> None:
    assert [channel["name"] for channel in (await gus.state())["channels"]] == ["support"]
    with pytest.raises(CannotDo, match="sees no Slack channel"):
        await gus.messages("incidents")
    with pytest.raises(CannotDo, match="cannot see"):
        await gus.act("command", channel="C01INCIDENTS", text="/incident list")
    with pytest.raises(CannotDo, match="Guests cannot create"):
        await gus.act("create_channel", name="mine")


async def test_private_channels(belle: Person, joel: Person) -> None:
    made = await belle.act("create_channel", name="Breach Room", is_private=True)
    assert "breach-room" not in [channel["name"] for channel in (await joel.state())["channels"]]
    await belle.act("invite", channel=made["channel"], members=["U01JOEL"])
    await joel.post("breach-room", "here")
    await joel.act("leave", channel=made["channel"])
    with pytest.raises(CannotDo):
        await joel.post("breach-room", "again")


async def test_messages_are_ones_own_to_change(belle: Person, joel: Person) -> None:
    ts = await belle.post("general", "helo")
    with pytest.raises(CannotDo, match="own messages"):
        await joel.act("edit", channel="C01GENERAL", ts=ts, text="ha")
    await belle.act("edit", channel="C01GENERAL", ts=ts, text="hello")
    message = (await joel.messages("general"))[-1]
    assert (message["text"], message["edited"]["user"]) == ("hello", "U01BELLE")
    await belle.act("delete", channel="C01GENERAL", ts=ts)
    assert await joel.messages("general") == []
    with pytest.raises(CannotDo, match="empty message"):
        await belle.post("general", " ")


async def test_unread_counts(belle: Person, joel: Person) -> None:
    await belle.post("general", "news")

    async def unread() -> int:
        return next(
            int(channel["unread"]) for channel in (await joel.state())["channels"] if channel["name"] == "general"
        )

    assert await unread() == 1
    await joel.messages("general")
    assert await unread() == 0


async def test_live_pushes(sandbox: RunningSandbox, session: aiohttp.ClientSession, belle: Person, api: Api) -> None:
    async with (
        session.ws_connect(f"{sandbox.base_url}/sandbox/live?as=U01JOEL") as joel,
        session.ws_connect(f"{sandbox.base_url}/sandbox/live?as=U01GUS") as gus,
    ):
        ts = await belle.post("incidents", "news")
        posted = await joel.receive_json(timeout=2)
        assert (posted["type"], posted["message"]["ts"]) == ("message", ts)
        message = (await belle.messages("incidents"))[-1]
        await belle.react(message, "eyes")
        reaction = await joel.receive_json(timeout=2)
        assert (reaction["type"], reaction["reactions"][0]["users"]) == ("reaction", ["U01BELLE"])
        await belle.reply("incidents", ts, "more")
        assert (await joel.receive_json(timeout=2))["message"]["text"] == "more"
        parent = await joel.receive_json(timeout=2)
        assert (parent["type"], parent["message"]["reply_count"]) == ("message_changed", 1)
        await belle.post("support", "for guests too")
        assert (await gus.receive_json(timeout=2))["message"]["text"] == "for guests too"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{}", {"Content-Type": "text/plain"}, 415),
        ("{", {"Content-Type": "application/json"}, 400),
        ("[]", {"Content-Type": "application/json"}, 400),
        ('{"do": "fly"}', {"Content-Type": "application/json"}, 400),
        ('{"do": "post"}', {"Content-Type": "application/json"}, 400),
    ],
)
async def test_broken_acts(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, body: str, headers: dict[str, str], status: int
) -> None:
    async with session.post(f"{sandbox.base_url}/sandbox/act", data=body, headers=headers) as response:
        answer: Json = await response.json()
        assert (response.status, answer["ok"]) == (status, False)


async def test_permalinks_lead_to_the_page(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    url = f"{sandbox.base_url}/archives/C01INCIDENTS/p1700000000000100"
    async with session.get(url, allow_redirects=False) as response:
        assert response.headers["Location"] == "/?channel=C01INCIDENTS&ts=1700000000.000100&thread_ts="
