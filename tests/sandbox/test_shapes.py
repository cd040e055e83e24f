"""What we emit against samples of Slack's payloads: every key of ours is known there, with the same type."""

from typing import Any

import aiohttp
import pytest

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import BUTTONS, MODAL, Api, Recorder, eventually
from tests.sandbox.shared_data import needs_shared_data, read

pytestmark = needs_shared_data

INCIDENTS = "C01INCIDENTS"

# Maps and unions, whose inside the samples cannot show; and keys newer than the samples, each with its page.
OPEN = {"values", "state", "blocks", "elements", "event_payload", "options", "icons", "profile", "selected_option"}
NEWER = {
    "ok",
    "response_urls",  # https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
    "user_profile",
    "client_msg_id",
    "attachments",
    "cache_ts",
    "channel_type",  # https://docs.slack.dev/reference/events/message.channels
    "is_locked",
    "subscribed",
    "no_op",  # https://docs.slack.dev/reference/methods/conversations.open
    "already_open",
    "app_id",  # in the samples of chat.postMessage and history, for the same object
    "reply_users",  # likewise
    "root",  # in the samples of history and thread_broadcast, for the same object
    "is_user_deleted",  # in the sample of conversations.list, for the same object
}


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    if ours is None or theirs is None:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for key, value in ours.items():
            if value is None or key in OPEN or key in NEWER:
                continue
            if key not in theirs:
                found.append(f"{path}/{key}: not in the sample")
            else:
                found += differences(value, theirs[key], f"{path}/{key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list):
        return [d for item in ours for d in differences(item, theirs[0], f"{path}/0")] if theirs else []
    same = type(ours) is type(theirs) or (isinstance(ours, int | float) and isinstance(theirs, int | float))
    return [] if same else [f"{path}: {type(ours).__name__} instead of {type(theirs).__name__}"]


@pytest.fixture
async def connected(sandbox: RunningSandbox, recorder: Recorder, api: Api) -> Recorder:
    await api("conversations.join", channel=INCIDENTS)
    sandbox.set_request_url(recorder.url)
    return recorder


async def test_interactions(connected: Recorder, sandbox: RunningSandbox, api: Api, belle: Person) -> None:
    await belle.command("incidents", "/incident open")
    await api("chat.postMessage", channel=INCIDENTS, text="card", blocks=BUTTONS)
    await belle.click("Approve", in_channel="incidents")
    await belle.click("Withdraw", in_channel="incidents")
    message = await belle.wait_for_message("incidents", containing="Revision 1")
    await belle.shortcut("from_message", message)
    for _ in range(2):
        await api("views.open", trigger_id=sandbox.parts.triggers.issue("U01BELLE"), view=MODAL)
        await belle.fill({"Status": "Identified"})
        await belle.close()
    await api("views.open", trigger_id=sandbox.parts.triggers.issue("U01BELLE"), view=MODAL)
    await belle.fill({"Title": "Checkout"})
    await belle.submit()
    samples = {
        "block_actions": "BlockActionPayload",
        "view_submission": "ViewSubmissionPayload",
        "view_closed": "ViewClosedPayload",
        "message_action": "MessageShortcutPayload",
    }
    for kind, sample in samples.items():
        payloads = connected.payloads(kind)
        assert payloads, kind
        theirs = read(f"samples/{sample}.json")
        assert [difference for payload in payloads for difference in differences(payload, theirs)] == []
    command = connected.payloads("command")[0]
    assert set(command) - {"type"} <= set(read("samples/SlashCommandPayload.json"))


async def test_events(connected: Recorder, api: Api, belle: Person, joel: Person) -> None:
    parent = await belle.post("incidents", "@chatops hello")
    posted = await api("chat.postMessage", channel=INCIDENTS, text="x", thread_ts=parent, reply_broadcast=True)
    await api("chat.update", channel=INCIDENTS, ts=posted["ts"], text="y")
    await api("chat.delete", channel=INCIDENTS, ts=posted["ts"])
    message = await joel.wait_for_message("incidents", containing="hello")
    await joel.react(message, "eyes")
    await joel.unreact(message, "eyes")
    await belle.act("invite", channel=INCIDENTS, members=["U01GUS"])
    await belle.act("open_home")
    await eventually(lambda: len(connected.payloads("event_callback")) >= 9)
    envelope = {"context_team_id", "context_enterprise_id"}
    for payload in connected.payloads("event_callback"):
        sample = read(f"samples/events/{SAMPLES[payload['event'].get('subtype', payload['event']['type'])]}.json")
        if payload["event"].get("subtype") == "thread_broadcast":
            # This sample was written by a person; a bot's broadcast has a message's other keys too.
            sample["event"] |= read("samples/events/MessagePayload.json")["event"] | {"parent_user_id": ""}
        shown = {key: value for key, value in payload.items() if key not in envelope}
        assert (payload["event"], differences(shown, sample)) == (payload["event"], [])


SAMPLES = {
    "message": "MessagePayload",
    "thread_broadcast": "MessageThreadBroadcastPayload",
    "message_changed": "MessageChangedPayload",
    "message_deleted": "MessageDeletedPayload",
    "app_mention": "AppMentionPayload",
    "reaction_added": "ReactionAddedPayload",
    "reaction_removed": "ReactionRemovedPayload",
    "member_joined_channel": "MemberJoinedChannelPayload",
    "app_home_opened": "AppHomeOpenedPayload",
}


async def test_answers(
    connected: Recorder, sandbox: RunningSandbox, api: Api, belle: Person, session: aiohttp.ClientSession
) -> None:
    ts = await belle.post("incidents", "hello")
    item = {"channel": INCIDENTS, "timestamp": ts}
    card = await api("chat.postMessage", channel=INCIDENTS, text="card", thread_ts=ts, blocks=BUTTONS)
    calls: list[tuple[str, Json]] = [
        ("auth.test", {}),
        ("team.info", {}),
        ("bots.info", {"bot": "B01CHATOPS"}),
        ("chat.update", {"channel": INCIDENTS, "ts": card["ts"], "text": "changed"}),
        ("chat.postEphemeral", {"channel": INCIDENTS, "user": "U01BELLE", "text": "x"}),
        ("chat.getPermalink", {"channel": INCIDENTS, "message_ts": ts}),
        ("conversations.list", {}),
        ("conversations.info", {"channel": INCIDENTS, "include_num_members": True}),
        ("conversations.create", {"name": "war-room", "is_private": True}),
        ("conversations.open", {"users": "U01JOEL", "return_im": True}),
        ("conversations.members", {"channel": INCIDENTS}),
        ("conversations.history", {"channel": INCIDENTS}),
        ("conversations.replies", {"channel": INCIDENTS, "ts": ts}),
        ("conversations.setTopic", {"channel": INCIDENTS, "topic": "x"}),
        ("users.list", {}),
        ("users.info", {"user": "U01BELLE"}),
        ("users.lookupByEmail", {"email": "belle@acme.example"}),
        ("users.profile.get", {"user": "U01BELLE"}),
        ("usergroups.list", {"include_users": True, "include_count": True}),
        ("usergroups.users.list", {"usergroup": "S01COMMS"}),
        ("reactions.add", {**item, "name": "eyes"}),
        ("reactions.get", item),
        ("views.open", {"trigger_id": sandbox.parts.triggers.issue("U01BELLE"), "view": MODAL}),
        ("views.publish", {"user_id": "U01BELLE", "view": {"type": "home", "blocks": []}}),
        ("files.getUploadURLExternal", {"filename": "a.txt", "length": 1}),
        ("bookmarks.add", {"channel_id": INCIDENTS, "title": "t", "type": "link", "link": "https://a.example"}),
        ("chat.delete", {"channel": INCIDENTS, "ts": card["ts"]}),
    ]
    assert differences(card, read("samples/api/chat.postMessage.json")) == []
    for method, arguments in calls:
        answer = await api(method, **arguments)
        assert answer["ok"], (method, answer)
        known = {"response_metadata": {"messages": [""], "warnings": [""], "next_cursor": ""}, "warning": ""}
        sample = read(f"samples/api/{method}.json") | known
        if method in ("chat.update", "reactions.get"):
            # These samples' messages were in no thread; those of the history were.
            sample["message"] |= read("samples/api/conversations.history.json")["messages"][0]
        assert (method, differences(answer, sample)) == (method, [])
