"""Events: subscribed ones only, from where the bot is, repeated until they are answered."""

import aiohttp
import pytest

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox
from tests.sandbox.conftest import ALL_SCOPES, BUTTONS, Api, Recorder, Start, api_of, eventually, trial_manifest

INCIDENTS = "C01INCIDENTS"


@pytest.fixture
async def connected(sandbox: RunningSandbox, recorder: Recorder, api: Api) -> Recorder:
    await api("conversations.join", channel=INCIDENTS)
    sandbox.set_request_url(recorder.url)
    return recorder


async def test_messages_of_people(connected: Recorder, belle: Person) -> None:
    parent = await belle.post("incidents", "hello https://acme.example @joel")
    await belle.reply("incidents", parent, "approve")
    await belle.post("support", "the bot is not here")
    await eventually(lambda: len(connected.events("message")) == 2)
    first, second = sorted(connected.events("message"), key=lambda event: event["ts"])
    assert (first["channel_type"], first["user"], first["ts"]) == ("channel", "U01BELLE", parent)
    assert first["text"] == "hello <https://acme.example> <@U01JOEL>"
    assert first["blocks"][0]["type"] == "rich_text"
    assert (second["thread_ts"], second["parent_user_id"]) == (parent, "U01BELLE")


async def test_own_messages_carry_the_bot(connected: Recorder, api: Api) -> None:
    posted = await api("chat.postMessage", channel=INCIDENTS, text="card", blocks=BUTTONS)
    await api("chat.update", channel=INCIDENTS, ts=posted["ts"], text="changed")
    await api("chat.delete", channel=INCIDENTS, ts=posted["ts"])
    await eventually(lambda: len(connected.events("message")) == 3)
    by_kind = {event.get("subtype"): event for event in connected.events("message")}
    assert (by_kind[None]["bot_id"], by_kind[None]["user"]) == ("B01CHATOPS", "U01BOT")
    assert by_kind["message_changed"]["message"]["text"] == "changed"
    assert by_kind["message_changed"]["previous_message"]["text"] == "card"
    assert by_kind["message_deleted"]["deleted_ts"] == posted["ts"]


async def test_mentions_reactions_and_members(connected: Recorder, belle: Person, joel: Person) -> None:
    ts = await belle.post("incidents", "@chatops status")
    message = await joel.wait_for_message("incidents", containing="status")
    await joel.react(message, "white_check_mark")
    await joel.unreact(message, "white_check_mark")
    await joel.act("change_member", member="U01ANDY", deleted=True)
    await joel.act("add_member", real_name="Nina Berg")
    await belle.act("invite", channel=INCIDENTS, members=["U01GUS"])
    kinds = ("app_mention", "reaction_added", "reaction_removed", "user_change", "team_join", "member_joined_channel")
    await eventually(lambda: all(connected.events(kind) for kind in kinds))
    added = connected.events("reaction_added")[0]
    assert (added["item"], added["item_user"]) == ({"type": "message", "channel": INCIDENTS, "ts": ts}, "U01BELLE")
    assert connected.events("user_change")[0]["user"]["deleted"]
    assert connected.events("team_join")[0]["user"]["real_name"] == "Nina Berg"
    assert connected.events("member_joined_channel")[0]["inviter"] == "U01BELLE"


async def test_direct_messages(connected: Recorder, belle: Person) -> None:
    await belle.post("chatops", "hello")
    await eventually(lambda: connected.events("message"))
    assert connected.events("message")[0]["channel_type"] == "im"
    assert connected.events("app_mention") == []


async def test_only_what_was_asked_for(start: Start, session: aiohttp.ClientSession, recorder: Recorder) -> None:
    without_scope = [scope for scope in ALL_SCOPES if scope != "reactions:read"]
    manifest = trial_manifest(without_scope, events=["reaction_added", "app_mention"])
    sandbox = await start(manifest=manifest, app_request_url=recorder.url)
    await api_of(sandbox, session)("conversations.join", channel=INCIDENTS)
    belle = Person(sandbox.base_url, "Belle", session)
    await belle.post("incidents", "plain")
    message = await belle.wait_for_message("incidents", containing="plain")
    await belle.react(message, "eyes")
    await belle.post("incidents", "@chatops")
    await eventually(lambda: recorder.events("app_mention"))
    assert len(recorder.payloads("event_callback")) == 1


async def test_retries_with_the_same_id(start: Start, session: aiohttp.ClientSession, recorder: Recorder) -> None:
    sandbox = await start(manifest=trial_manifest(events=["app_mention"]), app_request_url=recorder.url, time_scale=0.0)
    await api_of(sandbox, session)("conversations.join", channel=INCIDENTS)
    recorder.answers = [(500, None), (503, None), (500, None), (200, None)]
    await Person(sandbox.base_url, "Belle", session).post("incidents", "@chatops")
    await eventually(lambda: sandbox.events.delivered)
    assert len({payload["event_id"] for payload, _ in recorder.received}) == 1
    numbers = [headers.get("X-Slack-Retry-Num") for _, headers in recorder.received]
    assert numbers == [None, "1", "2", "3"]
    assert recorder.received[1][1]["X-Slack-Retry-Reason"] == "http_error"


async def test_an_app_may_ask_for_no_more_retries(
    start: Start, session: aiohttp.ClientSession, recorder: Recorder
) -> None:
    sandbox = await start(manifest=trial_manifest(events=["app_mention"]), app_request_url=recorder.url, time_scale=0.0)
    await api_of(sandbox, session)("conversations.join", channel=INCIDENTS)
    belle = Person(sandbox.base_url, "Belle", session)
    recorder.no_retry = True
    recorder.answers = [(500, None)]
    await belle.post("incidents", "@chatops once")
    await eventually(lambda: recorder.received)
    recorder.no_retry = False
    await belle.post("incidents", "@chatops again")
    await eventually(lambda: sandbox.events.delivered)
    assert ["once" in payload["event"]["text"] for payload, _ in recorder.received] == [True, False]


async def test_a_slow_app_is_told_why_it_hears_again(
    start: Start, session: aiohttp.ClientSession, recorder: Recorder
) -> None:
    sandbox = await start(
        manifest=trial_manifest(events=["app_mention"]), app_request_url=recorder.url, time_scale=0.0, ack_seconds=0.1
    )
    await api_of(sandbox, session)("conversations.join", channel=INCIDENTS)
    recorder.delay_seconds = 0.3
    await Person(sandbox.base_url, "Belle", session).post("incidents", "@chatops")
    await eventually(lambda: len(recorder.received) == 4)
    reasons = [headers.get("X-Slack-Retry-Reason") for _, headers in recorder.received]
    assert reasons == [None, "http_timeout", "http_timeout", "http_timeout"]
    assert set(sandbox.violations.kinds()) == {"late_ack"}


async def test_interactions_are_not_retried(start: Start, session: aiohttp.ClientSession, recorder: Recorder) -> None:
    sandbox = await start(app_request_url=recorder.url, time_scale=0.0)
    recorder.answers = [(500, None)]
    await Person(sandbox.base_url, "Belle", session).shortcut("Open an incident")
    assert len(recorder.received) == 1


async def test_event_envelope(connected: Recorder, belle: Person) -> None:
    await belle.post("incidents", "x")
    await eventually(lambda: connected.received)
    payload = connected.received[0][0]
    assert payload["event_id"].startswith("Ev")
    assert payload["authorizations"][0]["user_id"] == "U01BOT"


async def test_url_verification(sandbox: RunningSandbox, recorder: Recorder) -> None:
    assert not await sandbox.verify_request_url()
    sandbox.set_request_url(recorder.url)
    assert await sandbox.verify_request_url()
