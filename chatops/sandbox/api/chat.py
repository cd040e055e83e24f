"""chat.*: https://docs.slack.dev/reference/methods?family=chat"""

import json
from dataclasses import dataclass

from chatops.sandbox.api.call import ApiError, Call, invalid_arguments
from chatops.sandbox.blockkit.normal import normalise_blocks
from chatops.sandbox.blockkit.surfaces import MESSAGE_TEXT_MOST, blocks_text_chars, check_message_blocks
from chatops.sandbox.channels import Channel
from chatops.sandbox.messages import Message
from chatops.sandbox.wire import Json

TEXT_MOST = 40_000
"""https://docs.slack.dev/changelog/2018-truncating-really-long-messages: longer texts are cut."""
MARKDOWN_TEXT_MOST = 12_000
METADATA_BYTES_MOST = 16_000
ATTACHMENTS_MOST = 100


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says."""

    text: str
    blocks: list[Json] | None
    attachments: list[Json] | None
    truncated: bool = False


def post_message(call: Call) -> Json:
    channel = _channel_to_post_in(call)
    words = read_words(call)
    thread_ts = _thread(call, channel)
    posted = call.workspace.post(
        channel,
        Message(
            ts="",
            member_id=call.bot_id,
            text=words.text,
            blocks=words.blocks or [],
            attachments=words.attachments or [],
            thread_ts=thread_ts,
            by_app=True,
            username=call.text("username") or None,
            metadata=read_metadata(call),
            broadcast=call.flag("reply_broadcast") and thread_ts is not None,
        ),
    )
    message = call.workspace.wire_message(channel, posted, with_metadata=True)
    answer: Json = {"ok": True, "channel": channel.id, "ts": posted.ts, "message": message}
    if words.truncated:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def _channel_to_post_in(call: Call) -> Channel:
    """By id or name; a member's id means the direct message with them."""
    given = call.text("channel")
    if given in call.workspace.members:
        if not call.parts.manifest.messages_tab_enabled:
            raise ApiError("messages_tab_disabled")
        return call.workspace.open_im([given, call.bot_id])[0]
    channel = call.visible_channel(by_name=True)
    if channel.is_archived:
        raise ApiError("is_archived")
    may_post_anywhere = channel.kind == "public" and "chat:write.public" in call.parts.manifest.scopes
    if not channel.has(call.bot_id) and not may_post_anywhere:
        raise ApiError("not_in_channel")
    if channel.is_im and not call.parts.manifest.messages_tab_enabled:
        raise ApiError("messages_tab_disabled")
    return channel


def _thread(call: Call, channel: Channel) -> str | None:
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    if channel.messages.get(thread_ts) is None:
        raise ApiError("cannot_reply_to_message")
    return thread_ts


def read_words(call: Call, *, too_long: str | None = None) -> Words:
    """Text, blocks and attachments; `too_long` is the error where Slack refuses what it elsewhere cuts."""
    text, markdown = call.text("text"), call.text("markdown_text")
    blocks = _read_list(call, "blocks", ApiError("invalid_blocks_format"))
    attachments = _read_list(
        call, "attachments", invalid_arguments("[ERROR] must be an array [json-pointer:/attachments]")
    )
    if markdown:
        if text or blocks:
            raise ApiError("markdown_text_conflict")
        blocks = [{"type": "markdown", "text": markdown}]
    if blocks is not None:
        _require_good_blocks(blocks)
    if attachments is not None and len(attachments) > ATTACHMENTS_MOST:
        raise ApiError("too_many_attachments")
    if not text.strip() and not blocks and not attachments:
        raise ApiError("no_text")
    if len(text) > TEXT_MOST and too_long is not None:
        raise ApiError(too_long)
    normal = normalise_blocks(blocks) if blocks is not None else None
    return Words(text[:TEXT_MOST], normal, attachments, truncated=len(text) > TEXT_MOST)


def _read_list(call: Call, name: str, error: ApiError) -> list[Json] | None:
    if call.arguments.get(name) in (None, ""):
        return None
    value = call.structure(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise error
    return value


def _require_good_blocks(blocks: list[Json]) -> None:
    objections = check_message_blocks(blocks)
    if objections:
        bare = [message.removeprefix("[ERROR] ") for message in objections]
        raise ApiError("invalid_blocks", errors=bare, response_metadata={"messages": objections})
    if blocks_text_chars(blocks) > MESSAGE_TEXT_MOST:
        raise ApiError("msg_blocks_too_long")


def read_metadata(call: Call) -> Json | None:
    """https://docs.slack.dev/messaging/message-metadata"""
    if call.arguments.get("metadata") in (None, ""):
        return None
    metadata = call.structure("metadata")
    if not isinstance(metadata, dict):
        raise ApiError("invalid_metadata_format")
    if metadata == {}:
        return {}
    payload = metadata.get("event_payload")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(payload, dict):
        raise ApiError("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES_MOST:
        raise ApiError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": payload}


def update(call: Call) -> Json:
    channel = call.visible_channel(by_name=False)
    message = channel.messages.get(call.text("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if message.member_id != call.bot_id or not message.by_app:
        raise ApiError("cant_update_message")
    words = _changed_words(call, message)
    metadata = read_metadata(call)

    def change(edited: Message) -> None:
        edited.text = words.text
        edited.blocks = words.blocks or []
        edited.attachments = words.attachments or []
        edited.inputs.clear()
        if metadata is not None:
            edited.metadata = metadata or None
        if not edited.blocks:
            edited.edited = {"user": call.bot_id, "ts": call.workspace.timestamps.next()}

    call.workspace.edit(channel, message, change)
    wire = call.workspace.wire_message(channel, message, with_metadata=True)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "text": message.text, "message": wire}


def _changed_words(call: Call, message: Message) -> Words:
    """Blocks stay only when neither text nor blocks are given; text alone removes them."""
    given = any(
        call.arguments.get(name) not in (None, "") for name in ("text", "blocks", "markdown_text", "attachments")
    )
    if not given:
        if call.arguments.get("metadata") is None:
            raise ApiError("no_text")
        return Words(message.text, message.blocks, message.attachments)
    return read_words(call, too_long="msg_too_long")


def delete(call: Call) -> Json:
    channel = call.visible_channel()
    message = channel.messages.get(call.text("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if message.member_id != call.bot_id:
        raise ApiError("cant_delete_message")
    call.workspace.delete(channel, message)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> Json:
    channel = call.own_channel(by_name=True)
    member_id = call.text("user")
    if not channel.has(member_id):
        raise ApiError("user_not_in_channel")
    words = read_words(call, too_long="msg_too_long")
    posted = call.workspace.post(
        channel,
        Message(
            ts="",
            member_id=call.bot_id,
            text=words.text,
            blocks=words.blocks or [],
            attachments=words.attachments or [],
            thread_ts=_thread(call, channel),
            by_app=True,
            seen_only_by=member_id,
        ),
    )
    return {"ok": True, "message_ts": posted.ts}


def get_permalink(call: Call) -> Json:
    channel = call.visible_channel()
    message = channel.messages.get(call.text("message_ts"))
    if message is None:
        raise ApiError("message_not_found")
    link = f"{call.workspace.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}
