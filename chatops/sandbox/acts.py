"""What a person does on the page: one function per `do` of POST /sandbox/act."""

from collections.abc import Awaitable, Callable

from chatops.sandbox import clicks, commands, submissions
from chatops.sandbox.changes import HomeOpened, MemberAdded, MemberUpdated
from chatops.sandbox.channels import Channel
from chatops.sandbox.faults import Fault
from chatops.sandbox.members import Member
from chatops.sandbox.messages import Message
from chatops.sandbox.parts import Parts
from chatops.sandbox.typed_text import to_mrkdwn, to_rich_text
from chatops.sandbox.wire import Json, Refused, new_id

Act = Callable[[Parts, Member, Json], Awaitable[Json]]


def _channel(parts: Parts, me: Member, request: Json, key: str = "channel") -> Channel:
    channel = parts.workspace.find_channel(str(request.get(key, "")))
    if channel is None or not parts.workspace.may_see(channel, me.id):
        raise Refused(f"{me.first_name} cannot see the Slack channel {request.get(key)}.")
    return channel


def _own_channel(parts: Parts, me: Member, request: Json) -> Channel:
    channel = _channel(parts, me, request)
    if not channel.has(me.id):
        raise Refused(f"{me.first_name} is not in #{channel.name}.")
    return channel


def _message(channel: Channel, me: Member, request: Json, *, own: bool = False) -> Message:
    message = channel.find(str(request.get("ts", "")), seen_by=me.id)
    if message is None:
        raise Refused("That message is gone.")
    if own and message.member_id != me.id:
        raise Refused("Only one's own messages can be changed.")
    return message


async def post(parts: Parts, me: Member, request: Json) -> Json:
    channel = _own_channel(parts, me, request)
    typed = str(request.get("text", ""))
    if not typed.strip():
        raise Refused("An empty message cannot be sent.")
    find = parts.workspace.find_mention
    message = Message(
        ts="",
        member_id=me.id,
        text=to_mrkdwn(typed, find),
        blocks=[to_rich_text(typed, find)],
        thread_ts=request.get("thread_ts") or None,
        broadcast=bool(request.get("broadcast") and request.get("thread_ts")),
        client_msg_id=new_id("", 16).lower(),
    )
    return {"ts": parts.workspace.post(channel, message).ts}


async def edit(parts: Parts, me: Member, request: Json) -> Json:
    channel = _own_channel(parts, me, request)
    message = _message(channel, me, request, own=True)
    typed = str(request.get("text", ""))
    find = parts.workspace.find_mention

    def change(edited: Message) -> None:
        edited.text = to_mrkdwn(typed, find)
        edited.blocks = [to_rich_text(typed, find)]
        edited.edited = {"user": me.id, "ts": parts.workspace.timestamps.next()}

    parts.workspace.edit(channel, message, change)
    return {}


async def delete(parts: Parts, me: Member, request: Json) -> Json:
    channel = _own_channel(parts, me, request)
    message = channel.find(str(request.get("ts", "")), seen_by=me.id)
    if message is None:
        raise Refused("That message is gone.")
    if message.member_id != me.id and not message.is_ephemeral and not me.is_admin:
        raise Refused("Only one's own messages can be deleted.")
    parts.workspace.delete(channel, message)
    return {}


async def command(parts: Parts, me: Member, request: Json) -> Json:
    return await commands.run_command(parts, me, _channel(parts, me, request), str(request.get("text", "")))


async def click(parts: Parts, me: Member, request: Json) -> Json:
    container: Json = request.get("container") or {}
    if "view_id" not in container:
        channel_id, ts = str(container.get("channel")), str(container.get("ts"))
        return await clicks.click_in_message(parts, me, channel_id, ts, request)
    view = parts.workspace.views.find(str(container["view_id"]))
    if view is None:
        raise Refused("That view is not open.")
    return await clicks.click_in_view(parts, me, view, request)


async def submit(parts: Parts, me: Member, request: Json) -> Json:
    return await submissions.submit(parts, me, str(request.get("view_id")), request.get("values") or {})


async def close_view(parts: Parts, me: Member, request: Json) -> Json:
    return await submissions.close(
        parts,
        me,
        str(request.get("view_id")),
        is_cleared=bool(request.get("is_cleared")),
        values=request.get("values") or {},
    )


async def react(parts: Parts, me: Member, request: Json) -> Json:
    channel = _channel(parts, me, request)
    name = str(request.get("name", "")).strip(":")
    parts.workspace.react(channel, _posted(channel, me, request), me.id, name)
    return {}


async def unreact(parts: Parts, me: Member, request: Json) -> Json:
    channel = _channel(parts, me, request)
    name = str(request.get("name", "")).strip(":")
    parts.workspace.unreact(channel, _posted(channel, me, request), me.id, name)
    return {}


def _posted(channel: Channel, me: Member, request: Json) -> Message:
    message = _message(channel, me, request)
    if message.is_ephemeral:
        raise Refused("One cannot react to a message only visible to oneself.")
    return message


async def shortcut(parts: Parts, me: Member, request: Json) -> Json:
    channel = _channel(parts, me, request) if request.get("channel") else None
    ts = str(request["ts"]) if request.get("ts") else None
    return await commands.run_shortcut(parts, me, str(request.get("callback_id")), channel, ts)


async def open_im(parts: Parts, me: Member, request: Json) -> Json:
    member = parts.workspace.members.get(str(request.get("member")))
    if member is None:
        raise Refused("There is no such member.")
    channel, _ = parts.workspace.open_im([me.id, member.id])
    return {"channel": channel.id}


async def join(parts: Parts, me: Member, request: Json) -> Json:
    channel = _channel(parts, me, request)
    if channel.kind != "public" or me.is_guest:
        raise Refused("That Slack channel is by invitation.")
    parts.workspace.add_to_channel(channel, me.id)
    return {}


async def leave(parts: Parts, me: Member, request: Json) -> Json:
    parts.workspace.remove_from_channel(_own_channel(parts, me, request), me.id)
    return {}


async def invite(parts: Parts, me: Member, request: Json) -> Json:
    channel = _own_channel(parts, me, request)
    for member_id in request.get("members") or []:
        if member_id not in parts.workspace.members:
            raise Refused(f"There is no member {member_id}.")
        parts.workspace.add_to_channel(channel, member_id, inviter=me.id)
    return {}


async def create_channel(parts: Parts, me: Member, request: Json) -> Json:
    name = str(request.get("name", "")).lower().strip().replace(" ", "-").removeprefix("#")
    if not name or me.is_guest:
        raise Refused("A name is needed." if not name else "Guests cannot create Slack channels.")
    if parts.workspace.find_channel(name) is not None:
        raise Refused(f"#{name} exists already.")
    kind = "private" if request.get("is_private") else "public"
    channel = parts.workspace.create_channel(name, kind="private" if kind == "private" else "public", creator=me.id)
    return {"channel": channel.id}


async def open_home(parts: Parts, me: Member, request: Json) -> Json:
    del request
    parts.workspace.tell(HomeOpened(me.id))
    return {}


async def change_member(parts: Parts, me: Member, request: Json) -> Json:
    """An administrator's work, for tests: admin flag, guest, deactivation, name, e-mail."""
    del me
    member = parts.workspace.members.get(str(request.get("member")))
    if member is None:
        raise Refused("There is no such member.")
    for key in ("is_admin", "is_guest", "deleted", "real_name", "title", "email"):
        if key in request:
            setattr(member, key, request[key])
    member.updated = int(parts.workspace.clock())
    parts.workspace.tell(MemberUpdated(member))
    return {}


async def add_member(parts: Parts, me: Member, request: Json) -> Json:
    """Someone new joins the workspace."""
    del me
    real_name = str(request.get("real_name", "")).strip()
    if not real_name:
        raise Refused("A name is needed.")
    name = real_name.split()[0].lower()
    email = request.get("email") or f"{name}@acme.example"
    member = Member(id=new_id("U"), name=name, real_name=real_name, title="", color="2b6cb0", email=email)
    parts.workspace.members[member.id] = member
    parts.workspace.tell(MemberAdded(member))
    return {"member": member.id}


async def fault(parts: Parts, me: Member, request: Json) -> Json:
    """`name` is a switch or `clear`; `on: false` turns it off; with a `network` it is one of the social networks'."""
    del me
    if request.get("network"):
        return parts.social.set_fault(request)
    name = str(request.get("name", ""))
    if name in ("clear", "none"):
        parts.faults.clear()
    elif not request.get("on", True):
        parts.faults.switch_off(name)
    else:
        count = request.get("count")
        parts.faults.switch_on(
            name,
            Fault(
                method=str(request.get("method") or "*"),
                remaining=int(count) if count else None,
                retry_after_seconds=int(request.get("retry_after") or 1),
                seconds=float(request.get("seconds") or 2),
            ),
        )
    if parts.faults.is_on("down"):
        parts.socket_mode.drop_all()
    return {"faults": parts.faults.wire()}


ACTS: dict[str, Act] = {
    "post": post,
    "edit": edit,
    "delete": delete,
    "command": command,
    "click": click,
    "submit": submit,
    "close_view": close_view,
    "react": react,
    "unreact": unreact,
    "shortcut": shortcut,
    "open_im": open_im,
    "join": join,
    "leave": leave,
    "invite": invite,
    "create_channel": create_channel,
    "open_home": open_home,
    "change_member": change_member,
    "add_member": add_member,
    "fault": fault,
}
