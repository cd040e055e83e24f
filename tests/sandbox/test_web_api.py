"""The Web API: Slack's error codes, scopes, limits and shapes, method by method."""

import math

import aiohttp
import pytest
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import BUTTONS, Api, Start, api_of, trial_manifest

INCIDENTS = "C01INCIDENTS"


@pytest.fixture
async def joined(api: Api) -> Api:
    await api("conversations.join", channel=INCIDENTS)
    return api


async def error_of(api: Api, method: str, **arguments: object) -> str:
    answer = await api(method, **arguments)
    assert answer["ok"] is False, answer
    return str(answer["error"])


async def test_who_may_call(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    async with session.post(sandbox.api_url + "auth.test") as response:
        assert (await response.json())["error"] == "not_authed"
    assert await error_of(api_of(sandbox, session, "xoxb-other"), "auth.test") == "invalid_auth"
    assert await error_of(api_of(sandbox, session, "xapp-sandbox-app"), "auth.test") == "not_allowed_token_type"
    assert await error_of(api_of(sandbox, session), "apps.connections.open") == "not_allowed_token_type"
    assert await error_of(api_of(sandbox, session), "chat.shout") == "unknown_method"
    assert {"not_allowed_token", "unknown_method"} <= set(sandbox.violations.kinds())


async def test_identity_and_scopes_header(sandbox: RunningSandbox, session: aiohttp.ClientSession, api: Api) -> None:
    me = await api("auth.test")
    assert (me["team_id"], me["user_id"], me["bot_id"]) == ("T01ACME", "U01BOT", "B01CHATOPS")
    async with session.get(sandbox.api_url + "auth.test", params={"token": "xoxb-sandbox-bot"}) as response:
        assert "chat:write" in response.headers["X-OAuth-Scopes"].split(",")


async def test_scopes_come_from_the_manifest(start: Start, session: aiohttp.ClientSession) -> None:
    sandbox = await start(manifest=trial_manifest(scopes=["channels:read", "channels:join", "im:write"]))
    api = api_of(sandbox, session)
    answer = await api("chat.postMessage", channel=INCIDENTS, text="hello")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert answer["provided"] == "channels:join,channels:read,im:write"
    assert (await api("conversations.list", types="public_channel,private_channel"))["needed"] == "groups:read"
    assert (await api("conversations.create", name="war-room"))["needed"] == "channels:manage"
    assert (await api("conversations.open", users="U01JOEL"))["ok"]
    assert sandbox.violations.kinds() == ["missing_scope"] * 3


async def test_arguments(api: Api, sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    missing = await api("chat.postMessage", text="hello")
    assert missing["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]
    unknown = await api("chat.postMessage", channel=INCIDENTS, text="hello", colour="red")
    assert unknown["response_metadata"]["messages"] == ["[ERROR] unrecognized argument: colour"]
    assert await error_of(api, "conversations.list", limit="many") == "invalid_arguments"
    assert await error_of(api, "conversations.create") == "invalid_name_required"
    headers = {"Authorization": "Bearer xoxb-sandbox-bot", "Content-Type": "application/json"}
    for body, error in (("{", "invalid_json"), ("[]", "json_not_object")):
        async with session.post(sandbox.api_url + "auth.test", data=body, headers=headers) as response:
            assert (await response.json())["error"] == error
    async with session.post(sandbox.api_url + "auth.test", data="{}", headers=headers) as response:
        assert (await response.json())["warning"] == "missing_charset"


async def test_posting(api: Api) -> None:
    assert await error_of(api, "chat.postMessage", channel="C0NOWHERE", text="x") == "channel_not_found"
    assert await error_of(api, "chat.postMessage", channel=INCIDENTS, text="x") == "not_in_channel"
    assert (await api("conversations.join", channel=INCIDENTS))["channel"]["is_member"]
    assert "already_in_channel" in (await api("conversations.join", channel=INCIDENTS))["warning"]
    assert await error_of(api, "chat.postMessage", channel=INCIDENTS, text=" ") == "no_text"
    posted = await api("chat.postMessage", channel="#incidents", text="a & <b> &lt;c&gt;")
    assert posted["message"]["text"] == "a & <b> &lt;c&gt;"
    assert posted["message"]["bot_id"] == "B01CHATOPS"
    long = await api("chat.postMessage", channel=INCIDENTS, text="x" * 40_001)
    assert (long["warning"], len(long["message"]["text"])) == ("message_truncated", 40_000)
    assert (
        await error_of(api, "chat.postMessage", channel=INCIDENTS, text="x", thread_ts="1.0")
        == "cannot_reply_to_message"
    )
    conflict = await error_of(api, "chat.postMessage", channel=INCIDENTS, text="x", markdown_text="y")
    assert conflict == "markdown_text_conflict"
    assert (await api("chat.postMessage", channel="U01JOEL", text="hi"))["channel"].startswith("D")


async def test_blocks_are_checked_and_get_ids(joined: Api, sandbox: RunningSandbox) -> None:
    posted = await joined("chat.postMessage", channel=INCIDENTS, blocks=[{"type": "divider"}, *BUTTONS])
    assert posted["message"]["blocks"][0]["block_id"]
    assert posted["message"]["blocks"][1]["text"]["verbatim"] is False
    assert (
        await error_of(joined, "chat.postMessage", channel=INCIDENTS, blocks={"type": "divider"})
        == "invalid_blocks_format"
    )
    bad = await joined(
        "chat.postMessage", channel=INCIDENTS, blocks=[{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]
    )
    assert bad["error"] == "invalid_blocks"
    assert bad["response_metadata"]["messages"] == [
        "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"
    ]
    assert sandbox.violations.kinds() == ["invalid_blocks"] * 2


async def test_update_and_delete(joined: Api, belle: Person) -> None:
    posted = await joined(
        "chat.postMessage",
        channel=INCIDENTS,
        text="one",
        blocks=BUTTONS,
        metadata={"event_type": "a", "event_payload": {}},
    )
    where = {"channel": INCIDENTS, "ts": posted["ts"]}
    same = await joined("chat.update", **where, metadata={"event_type": "b", "event_payload": {"n": 1}})
    assert (same["text"], len(same["message"]["blocks"])) == ("one", 2)
    assert same["message"]["metadata"]["event_type"] == "b"
    plain = await joined("chat.update", **where, text="two")
    assert "blocks" not in plain["message"]
    assert plain["message"]["edited"]["user"] == "U01BOT"
    assert await error_of(joined, "chat.update", **where) == "no_text"
    assert await error_of(joined, "chat.update", **where, text="x" * 40_001) == "msg_too_long"
    assert await error_of(joined, "chat.update", channel=INCIDENTS, ts="1.0", text="x") == "message_not_found"
    others = await belle.post("incidents", "mine")
    assert await error_of(joined, "chat.update", channel=INCIDENTS, ts=others, text="x") == "cant_update_message"
    assert await error_of(joined, "chat.delete", channel=INCIDENTS, ts=others) == "cant_delete_message"
    assert (await joined("chat.delete", **where))["ok"]
    assert await error_of(joined, "chat.delete", **where) == "message_not_found"


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("{", "invalid_metadata_format"),
        ({"event_type": 1, "event_payload": {}}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {"a": "b" * 20_000}}, "metadata_too_large"),
    ],
)
async def test_bad_metadata(joined: Api, metadata: object, error: str) -> None:
    assert await error_of(joined, "chat.postMessage", channel=INCIDENTS, text="x", metadata=metadata) == error


async def test_threads_and_history(joined: Api, belle: Person) -> None:
    parent = await belle.post("incidents", "parent")
    metadata = {"event_type": "line", "event_payload": {"seq": 1}}
    reply = await joined("chat.postMessage", channel=INCIDENTS, text="r1", thread_ts=parent, metadata=metadata)
    deeper = await joined("chat.postMessage", channel=INCIDENTS, text="r2", thread_ts=reply["ts"])
    assert deeper["message"]["thread_ts"] == parent
    shown = await joined("chat.postMessage", channel=INCIDENTS, text="r3", thread_ts=parent, reply_broadcast=True)
    replies = await joined("conversations.replies", channel=INCIDENTS, ts=parent)
    assert [m["text"] for m in replies["messages"]] == ["parent", "r1", "r2", "r3"]
    assert replies["messages"][0]["reply_count"] == 3
    assert "metadata" not in replies["messages"][1]
    full = await joined("conversations.replies", channel=INCIDENTS, ts=parent, include_all_metadata=True, oldest=parent)
    assert full["messages"][1]["metadata"] == metadata
    history = await joined("conversations.history", channel=INCIDENTS, limit=1)
    assert (history["messages"][0]["text"], history["has_more"]) == ("r3", True)
    cursor = history["response_metadata"]["next_cursor"]
    assert (await joined("conversations.history", channel=INCIDENTS, cursor=cursor))["messages"][0]["ts"] == parent
    after = await joined("conversations.history", channel=INCIDENTS, oldest=parent)
    assert [m["ts"] for m in after["messages"]] == [shown["ts"]]
    assert await error_of(joined, "conversations.history", channel=INCIDENTS, cursor="%%") == "invalid_cursor"
    assert await error_of(joined, "conversations.history", channel=INCIDENTS, oldest="x") == "invalid_ts_oldest"
    assert await error_of(joined, "conversations.replies", channel=INCIDENTS, ts="1.0") == "thread_not_found"
    link = await joined("chat.getPermalink", channel=INCIDENTS, message_ts=reply["ts"])
    assert f"thread_ts={parent}" in link["permalink"]


async def test_ephemeral(joined: Api, belle: Person, joel: Person) -> None:
    assert (
        await error_of(joined, "chat.postEphemeral", channel=INCIDENTS, user="U01GUS", text="x")
        == "user_not_in_channel"
    )
    sent = await joined("chat.postEphemeral", channel=INCIDENTS, user="U01BELLE", text="only you")
    assert (await belle.messages("incidents"))[-1]["ts"] == sent["message_ts"]
    assert await joel.messages("incidents") == []
    assert (await joined("conversations.history", channel=INCIDENTS))["messages"] == []


async def test_channels(api: Api, sandbox: RunningSandbox) -> None:
    created = await api("conversations.create", name="inc-1", is_private=True)
    channel = created["channel"]["id"]
    assert created["channel"]["is_private"]
    names = ["inc-1", "With Space", "x" * 81, "---", ""]
    errors = [await error_of(api, "conversations.create", name=name) for name in names]
    assert errors == [
        "name_taken",
        "invalid_name_specials",
        "invalid_name_maxlength",
        "invalid_name_punctuation",
        "invalid_name_required",
    ]
    invited = await api("conversations.invite", channel=channel, users="U01JOEL,U01BELLE")
    assert invited["ok"]
    again = await api("conversations.invite", channel=channel, users="U01JOEL")
    assert (again["error"], again["errors"][0]["user"]) == ("already_in_channel", "U01JOEL")
    assert await error_of(api, "conversations.invite", channel=channel, users="U01BOT") == "cant_invite_self"
    assert await error_of(api, "conversations.invite", channel=INCIDENTS, users="U01GUS") == "not_in_channel"
    assert (await api("conversations.members", channel=channel))["members"] == ["U01BOT", "U01JOEL", "U01BELLE"]
    assert (await api("conversations.setTopic", channel=channel, topic="hot"))["channel"]["topic"]["value"] == "hot"
    assert (await api("conversations.setPurpose", channel=channel, purpose="p"))["channel"]["purpose"]["value"] == "p"
    assert await error_of(api, "conversations.setTopic", channel=channel, topic="x" * 251) == "too_long"
    assert (await api("conversations.rename", channel=channel, name="inc-2"))["channel"]["previous_names"] == ["inc-1"]
    listed = await api("conversations.list", types="private_channel")
    assert [c["name"] for c in listed["channels"]] == ["inc-2"]
    assert (await api("conversations.info", channel=channel, include_num_members=True))["channel"]["num_members"] == 3
    assert (await api("conversations.archive", channel=channel))["ok"]
    assert await error_of(api, "conversations.archive", channel=channel) == "already_archived"
    assert await error_of(api, "chat.postMessage", channel=channel, text="x") == "is_archived"
    assert await error_of(api, "conversations.archive", channel="C01GENERAL") == "cant_archive_general"
    assert sandbox.workspace.channels[channel].is_archived


async def test_private_channels_are_hidden(api: Api, belle: Person) -> None:
    made = await belle.act("create_channel", name="secret", is_private=True)
    assert await error_of(api, "conversations.info", channel=made["channel"]) == "channel_not_found"
    assert await error_of(api, "chat.postMessage", channel=made["channel"], text="x") == "channel_not_found"
    assert (await api("conversations.list", types="private_channel"))["channels"] == []


async def test_people(api: Api) -> None:
    first = await api("users.list", limit=3)
    rest = await api("users.list", cursor=first["response_metadata"]["next_cursor"])
    names = [member["name"] for member in first["members"] + rest["members"]]
    assert names == ["belle", "joel", "andy", "sunil", "carolyn", "gus", "chatops", "slackbot"]
    gus = (await api("users.info", user="U01GUS"))["user"]
    assert gus["is_restricted"]
    assert (await api("users.info", user="U01JOEL"))["user"]["is_admin"]
    assert (await api("users.lookupByEmail", email="belle@acme.example"))["user"]["id"] == "U01BELLE"
    assert await error_of(api, "users.lookupByEmail", email="nobody@acme.example") == "users_not_found"
    assert await error_of(api, "users.info", user="U0") == "user_not_found"
    assert (await api("users.profile.get", user="U01ANDY"))["profile"]["display_name"] == "andy"
    groups = await api("usergroups.list", include_users=True)
    assert groups["usergroups"][0]["handle"] == "comms"
    users = await api("usergroups.users.list", usergroup="S01COMMS")
    assert users["users"] == groups["usergroups"][0]["users"]


async def test_email_needs_its_scope(start: Start, session: aiohttp.ClientSession) -> None:
    api = api_of(await start(manifest=trial_manifest(scopes=["users:read"])), session)
    assert "email" not in (await api("users.info", user="U01BELLE"))["user"]["profile"]


async def test_reactions_pins_bookmarks(joined: Api, belle: Person) -> None:
    ts = await belle.post("incidents", "look")
    item = {"channel": INCIDENTS, "timestamp": ts}
    assert (await joined("reactions.add", **item, name="eyes"))["ok"]
    assert await error_of(joined, "reactions.add", **item, name="eyes") == "already_reacted"
    assert await error_of(joined, "reactions.add", **item, name="No Emoji") == "invalid_name"
    reactions = (await joined("reactions.get", **item))["message"]["reactions"]
    assert reactions == [{"name": "eyes", "users": ["U01BOT"], "count": 1}]
    assert (await joined("reactions.remove", **item, name="eyes"))["ok"]
    assert await error_of(joined, "reactions.remove", **item, name="eyes") == "no_reaction"
    assert (
        await error_of(joined, "reactions.add", channel=INCIDENTS, timestamp="1.0", name="eyes") == "message_not_found"
    )
    assert (await joined("pins.add", **item))["ok"]
    assert await error_of(joined, "pins.add", **item) == "already_pinned"
    link = {"channel_id": INCIDENTS, "title": "Page", "type": "link", "link": "https://status.example"}
    assert (await joined("bookmarks.add", **link))["bookmark"]["link"] == "https://status.example"
    assert await error_of(joined, "bookmarks.add", **(link | {"link": "x"})) == "invalid_link"


async def test_uploading(joined: Api, session: aiohttp.ClientSession, belle: Person) -> None:
    parent = await belle.post("incidents", "export please")
    announced = await joined("files.getUploadURLExternal", filename="timeline.md", length=5)
    files = [{"id": announced["file_id"], "title": "Timeline"}]
    assert await error_of(joined, "files.completeUploadExternal", files=files) == "file_not_found"
    async with session.post(announced["upload_url"], data=b"hell") as response:
        assert response.status == 400
    async with session.post(announced["upload_url"], data=b"hello") as response:
        assert response.status == 200
    done = await joined(
        "files.completeUploadExternal", files=files, channel_id=INCIDENTS, thread_ts=parent, initial_comment="here"
    )
    shared = (await belle.thread("incidents", parent))[-1]
    assert shared["files"][0]["name"] == "timeline.md"
    async with session.get(done["files"][0]["url_private"]) as response:
        assert await response.read() == b"hello"
        assert response.headers["Content-Disposition"].startswith("attachment")
    assert (await joined("files.info", file=announced["file_id"]))["file"]["title"] == "Timeline"


async def test_strict_limits_answer_429(start: Start, session: aiohttp.ClientSession) -> None:
    sandbox = await start(strict_rate_limits=True)
    api = api_of(sandbox, session)
    await api("conversations.join", channel=INCIDENTS)
    answers = [await api("chat.postMessage", channel=INCIDENTS, text=str(n)) for n in range(7)]
    assert [answer["ok"] for answer in answers] == [True] * 5 + [False] * 2
    assert answers[-1]["error"] == "ratelimited"
    headers = {"Authorization": "Bearer xoxb-sandbox-bot"}
    async with session.post(
        sandbox.api_url + "chat.postMessage", json={"channel": INCIDENTS, "text": "x"}, headers=headers
    ) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")


@pytest.mark.parametrize(
    ("method", "arguments", "per_minute"),
    [("users.list", {}, 20), ("conversations.info", {"channel": INCIDENTS}, 50), ("users.info", {"user": "U0"}, 100)],
    ids=["tier 2", "tier 3", "tier 4"],
)
async def test_each_tier_has_its_limit(
    start: Start, session: aiohttp.ClientSession, method: str, arguments: Json, per_minute: int
) -> None:
    sandbox = await start(strict_rate_limits=True, smtp_port=None)
    api = api_of(sandbox, session)
    for _ in range(per_minute):
        assert (await api(method, **arguments)).get("error") != "ratelimited"
    headers = {"Authorization": "Bearer xoxb-sandbox-bot"}
    async with session.post(sandbox.api_url + method, data=arguments, headers=headers) as response:
        assert (response.status, int(response.headers["Retry-After"])) == (429, math.ceil(60 / per_minute))
    assert (await api("auth.test"))["ok"], "a limit is of one method"


async def test_slack_sdk_waits_as_long_as_it_is_told(start: Start, session: aiohttp.ClientSession) -> None:
    sandbox = await start(strict_rate_limits=True, smtp_port=None)
    client = AsyncWebClient(token="xoxb-sandbox-bot", base_url=sandbox.api_url, session=session)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    await client.conversations_join(channel=INCIDENTS)
    for number in range(6):
        await client.chat_postMessage(channel=INCIDENTS, text=str(number))
    history = await client.conversations_history(channel=INCIDENTS)
    assert [message["text"] for message in history["messages"]][::-1] == ["0", "1", "2", "3", "4", "5"]


async def test_home_needs_to_be_enabled(start: Start, session: aiohttp.ClientSession) -> None:
    manifest: Json = trial_manifest()
    manifest["features"]["app_home"]["home_tab_enabled"] = False
    api = api_of(await start(manifest=manifest), session)
    assert (
        await error_of(api, "views.publish", user_id="U01BELLE", view={"type": "home", "blocks": []}) == "not_enabled"
    )


async def test_team_and_bot(api: Api) -> None:
    assert (await api("team.info"))["team"]["domain"] == "acme"
    assert (await api("bots.info", bot="B01CHATOPS"))["bot"]["user_id"] == "U01BOT"
    assert (await api("api.test", error="my_error"))["error"] == "my_error"
    assert (await api("api.test", foo="bar"))["args"] == {"foo": "bar"}
