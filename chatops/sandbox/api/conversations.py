"""conversations.* except reading: https://docs.slack.dev/reference/methods?family=conversations"""

import re

from chatops.sandbox.api.call import ApiError, Call
from chatops.sandbox.api.cursors import page_of
from chatops.sandbox.changes import ChannelListChanged
from chatops.sandbox.channels import Channel, Kind
from chatops.sandbox.messages import Message
from chatops.sandbox.wire import Json

NAME_MOST = 80
TOPIC_MOST = 250

TYPES: dict[str, tuple[Kind, str]] = {
    "public_channel": ("public", "channels:read"),
    "private_channel": ("private", "groups:read"),
    "im": ("im", "im:read"),
    "mpim": ("mpim", "mpim:read"),
}
READ_SCOPES: dict[Kind, str] = dict(TYPES.values())
WRITE_SCOPES: dict[Kind, tuple[str, ...]] = {
    "public": ("channels:manage",),
    "private": ("groups:write",),
    "im": ("im:write",),
    "mpim": ("mpim:write",),
}


def require_write(call: Call, channel: Channel, *narrow: str) -> None:
    """The scope to change this kind of Slack channel; `narrow` are smaller ones that do as well."""
    wide = WRITE_SCOPES[channel.kind]
    prefix = "channels" if channel.kind == "public" else "groups"
    call.require_scope(*wide, *(f"{prefix}:{scope}" for scope in narrow))


def _own_changeable(call: Call, *narrow: str) -> Channel:
    channel = call.visible_channel()
    if channel.is_im:
        raise ApiError("method_not_supported_for_channel_type")
    require_write(call, channel, *narrow)
    return call.own_channel()


def list_channels(call: Call) -> Json:
    types = call.names("types") or ["public_channel"]
    if any(name not in TYPES for name in types):
        raise ApiError("invalid_types")
    for name in types:
        call.require_scope(TYPES[name][1])
    kinds = {TYPES[name][0] for name in types}
    channels = [
        call.workspace.wire_channel(channel, call.bot_id) | _count(channel)
        for channel in call.workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind == "public" or channel.has(call.bot_id))
        and not (call.flag("exclude_archived") and channel.is_archived)
    ]
    page, cursor = page_of(call, channels, call.limit(100))
    return {"ok": True, "channels": page, "response_metadata": {"next_cursor": cursor}}


def _count(channel: Channel) -> Json:
    return {} if channel.is_im else {"num_members": len(channel.member_ids)}


def info(call: Call) -> Json:
    channel = call.visible_channel()
    call.require_scope(READ_SCOPES[channel.kind])
    wire = call.workspace.wire_channel(channel, call.bot_id)
    if call.flag("include_num_members"):
        wire |= _count(channel)
    if call.flag("include_locale"):
        wire["locale"] = "en-US"
    return {"ok": True, "channel": wire}


def join(call: Call) -> Json:
    channel = call.visible_channel()
    if channel.kind != "public":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.has(call.bot_id):
        extra: Json = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    else:
        extra = {}
        call.workspace.add_to_channel(channel, call.bot_id)
    return {"ok": True, "channel": call.workspace.wire_channel(channel, call.bot_id)} | extra


def require_good_name(call: Call, name: str) -> str:
    """https://docs.slack.dev/reference/methods/conversations.create#naming"""
    if not name:
        raise ApiError("invalid_name_required")
    if len(name) > NAME_MOST:
        raise ApiError("invalid_name_maxlength")
    if not re.search(r"\w", name):
        raise ApiError("invalid_name_punctuation")
    if re.search(r"[^\w-]", name) or name != name.lower():
        raise ApiError("invalid_name_specials")
    if any(channel.name == name for channel in call.workspace.channels.values()):
        raise ApiError("name_taken")
    return name


def create(call: Call) -> Json:
    kind: Kind = "private" if call.flag("is_private") else "public"
    call.require_scope(*WRITE_SCOPES[kind])
    name = require_good_name(call, call.text("name"))
    channel = call.workspace.create_channel(name, kind=kind, creator=call.bot_id)
    return {"ok": True, "channel": call.workspace.wire_channel(channel, call.bot_id)}


def invite(call: Call) -> Json:
    channel = _own_changeable(call, "write.invites")
    wanted = call.names("users")
    if not wanted:
        raise ApiError("no_user")
    problems = {member_id: _cannot_invite(call, channel, member_id) for member_id in wanted}
    errors = [{"ok": False, "error": code, "user": member_id} for member_id, code in problems.items() if code]
    if errors and not (call.flag("force") and len(errors) < len(wanted)):
        raise ApiError(str(errors[0]["error"]), errors=errors)
    for member_id, code in problems.items():
        if code is None:
            call.workspace.add_to_channel(channel, member_id, inviter=call.bot_id)
    answer: Json = {"ok": True, "channel": call.workspace.wire_channel(channel, call.bot_id)}
    return answer | ({"errors": errors} if errors else {})


def _cannot_invite(call: Call, channel: Channel, member_id: str) -> str | None:
    member = call.workspace.members.get(member_id)
    if member is None or member.deleted:
        return "user_not_found"
    if member_id == call.bot_id:
        return "cant_invite_self"
    return "already_in_channel" if channel.has(member_id) else None


def open_conversation(call: Call) -> Json:
    if call.text("channel"):
        channel = call.visible_channel()
        if channel.kind not in ("im", "mpim"):
            raise ApiError("method_not_supported_for_channel_type")
        return _opened(call, channel, already_open=True)
    wanted = call.names("users")
    if not wanted:
        raise ApiError("users_list_not_supplied")
    if len(wanted) > 8:
        raise ApiError("too_many_users")
    call.require_scope("im:write" if len(wanted) == 1 else "mpim:write")
    for member_id in wanted:
        member = call.workspace.members.get(member_id)
        if member is None:
            raise ApiError("user_not_found")
        if member.deleted:
            raise ApiError("user_disabled")
    channel, already_open = call.workspace.open_im([*wanted, call.bot_id])
    return _opened(call, channel, already_open=already_open)


def _opened(call: Call, channel: Channel, *, already_open: bool) -> Json:
    whole = call.workspace.wire_channel(channel, call.bot_id)
    answer: Json = {"ok": True, "channel": whole if call.flag("return_im") else {"id": channel.id}}
    return answer | ({"no_op": True, "already_open": True} if already_open else {})


def members(call: Call) -> Json:
    channel = call.visible_channel()
    call.require_scope(READ_SCOPES[channel.kind])
    page, cursor = page_of(call, channel.member_ids, call.limit(100))
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}


def set_topic(call: Call) -> Json:
    return _describe(call, "topic")


def set_purpose(call: Call) -> Json:
    return _describe(call, "purpose")


def _describe(call: Call, what: str) -> Json:
    channel = _own_changeable(call, "write.topic")
    value = call.text(what)
    if len(value) > TOPIC_MOST:
        raise ApiError("too_long")
    described = {"value": value, "creator": call.bot_id, "last_set": int(call.workspace.clock())}
    setattr(channel, what, described)
    note = Message(
        ts="", member_id=call.bot_id, text=f"set the channel {what}: {value}", subtype=f"channel_{what}", by_app=True
    )
    call.workspace.post(channel, note)
    return {"ok": True, "channel": call.workspace.wire_channel(channel, call.bot_id)}


def archive(call: Call) -> Json:
    channel = call.visible_channel()
    if channel.is_im:
        raise ApiError("method_not_supported_for_channel_type")
    require_write(call, channel)
    if channel.is_archived:
        raise ApiError("already_archived")
    if channel.is_general:
        raise ApiError("cant_archive_general")
    if not channel.has(call.bot_id):
        raise ApiError("not_in_channel")
    channel.is_archived = True
    call.workspace.tell(ChannelListChanged())
    return {"ok": True}


def rename(call: Call) -> Json:
    channel = _own_changeable(call)
    if channel.creator != call.bot_id:
        # Only the creator, or an admin, may rename; a bot is never an admin.
        raise ApiError("not_authorized")
    name = require_good_name(call, call.text("name"))
    channel.previous_names.insert(0, channel.name)
    channel.name = name
    call.workspace.tell(ChannelListChanged())
    return {"ok": True, "channel": call.workspace.wire_channel(channel, call.bot_id)}
