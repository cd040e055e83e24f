"""Reading Slack channels and threads: conversations.history and conversations.replies."""

from chatops.sandbox.api.call import ApiError, Call
from chatops.sandbox.api.cursors import page_of
from chatops.sandbox.channels import Channel, Kind
from chatops.sandbox.messages import Message
from chatops.sandbox.wire import Json

SCOPES: dict[Kind, str] = {
    "public": "channels:history",
    "private": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}


def history(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.history: newest first."""
    channel = _readable(call)
    if not channel.has(call.bot_id):
        raise ApiError("not_in_channel")
    chosen = _within(call, channel.main_line())[::-1]
    answer = _page(call, channel, chosen)
    return answer | {"pin_count": len(channel.pinned), "channel_actions_ts": None, "channel_actions_count": 0}


def replies(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.replies: the parent, then oldest first."""
    channel = _readable(call)
    if not channel.has(call.bot_id):
        raise ApiError("channel_not_found")
    asked = channel.messages.get(call.text("ts"))
    if asked is None:
        raise ApiError("thread_not_found")
    if asked.is_reply:
        return _page(call, channel, [asked])
    return _page(call, channel, [asked, *_within(call, channel.replies(asked.ts))])


def _readable(call: Call) -> Channel:
    channel = call.visible_channel()
    call.require_scope(SCOPES[channel.kind])
    return channel


def _within(call: Call, messages: list[Message]) -> list[Message]:
    oldest = call.timestamp("oldest", "invalid_ts_oldest")
    latest = call.timestamp("latest", "invalid_ts_latest")
    inclusive = call.flag("inclusive")

    def fits(message: Message) -> bool:
        ts = float(message.ts)
        after = oldest is None or ts > float(oldest) or (inclusive and message.ts == oldest)
        before = latest is None or ts < float(latest) or (inclusive and message.ts == latest)
        return after and before

    return [message for message in messages if fits(message)]


def _page(call: Call, channel: Channel, messages: list[Message]) -> Json:
    # The documentation names no error for a bad limit here, so it is bounded without a word.
    limit = min(max(int(call.text("limit", "100") or 100), 1), 999)
    page, cursor = page_of(call, messages, limit)
    answer: Json = {
        "ok": True,
        "messages": [_wire(call, channel, message) for message in page],
        "has_more": bool(cursor),
    }
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _wire(call: Call, channel: Channel, message: Message) -> Json:
    return call.workspace.wire_message(channel, message, with_metadata=_shows_metadata(call, message))


def _shows_metadata(call: Call, message: Message) -> bool:
    if call.flag("include_all_metadata"):
        return True
    wanted = call.structure("metadata_keys_to_include")
    if wanted is None:
        return False
    if not isinstance(wanted, list):
        raise ApiError("invalid_metadata_filter_keys")
    return message.metadata is not None and message.metadata.get("event_type") in wanted
