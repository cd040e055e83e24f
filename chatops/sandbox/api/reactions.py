"""reactions.* and pins.add: https://docs.slack.dev/reference/methods?family=reactions"""

import re

from chatops.sandbox.api.call import ApiError, Call
from chatops.sandbox.channels import Channel
from chatops.sandbox.messages import Message
from chatops.sandbox.wire import Json, is_timestamp

EMOJI_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def require_emoji(name: str) -> str:
    bare = name.strip(":")
    if not EMOJI_NAME.fullmatch(bare):
        raise ApiError("invalid_name")
    return bare


def _item(call: Call) -> tuple[Channel, Message]:
    timestamp = call.text("timestamp")
    if not call.text("channel") or not timestamp:
        raise ApiError("no_item_specified")
    channel = call.visible_channel()
    if not is_timestamp(timestamp):
        raise ApiError("bad_timestamp")
    message = channel.messages.get(timestamp)
    if message is None:
        raise ApiError("message_not_found")
    return channel, message


def add(call: Call) -> Json:
    name = require_emoji(call.text("name"))
    channel, message = _item(call)
    if channel.is_archived:
        raise ApiError("is_archived")
    if not call.workspace.react(channel, message, call.bot_id, name):
        raise ApiError("already_reacted")
    return {"ok": True}


def remove(call: Call) -> Json:
    name = require_emoji(call.text("name"))
    channel, message = _item(call)
    if not call.workspace.unreact(channel, message, call.bot_id, name):
        raise ApiError("no_reaction")
    return {"ok": True}


def get(call: Call) -> Json:
    channel, message = _item(call)
    wire = call.workspace.wire_message(channel, message)
    return {"ok": True, "type": "message", "channel": channel.id, "message": wire}


def pin(call: Call) -> Json:
    channel, message = _item(call)
    if not channel.has(call.bot_id):
        raise ApiError("not_in_channel")
    if message.ts in channel.pinned:
        raise ApiError("already_pinned")
    channel.pinned.append(message.ts)
    return {"ok": True}
