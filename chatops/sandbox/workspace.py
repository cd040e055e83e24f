"""The workspace: its members, channels, messages, views and files, and who is told when they change."""

import time
from collections.abc import Callable
from dataclasses import replace

from chatops.sandbox.changes import (
    Change,
    ChannelListChanged,
    Deleted,
    Edited,
    EphemeralGone,
    EphemeralShown,
    Joined,
    Posted,
    Reacted,
)
from chatops.sandbox.channels import Channel, Kind, wire_channel
from chatops.sandbox.manifest import Manifest
from chatops.sandbox.members import Member, seed_bot, seed_people, seed_slackbot, wire_member
from chatops.sandbox.messages import Message, wire_message
from chatops.sandbox.uploads import Uploads
from chatops.sandbox.views import AppIdentity, View, Views, wire_view
from chatops.sandbox.wire import Clock, Json, Timestamps, new_id

TEAM_ID = "T01ACME"
COMMS_GROUP_ID = "S01COMMS"


class Workspace:
    """State in memory; every change goes through here and is told to the listeners, in order."""

    def __init__(self, manifest: Manifest, clock: Clock = time.time) -> None:
        self.clock = clock
        self.timestamps = Timestamps(clock)
        self.team = {"id": TEAM_ID, "name": "Acme", "domain": "acme"}
        self.base_url = ""
        bot = seed_bot(manifest.bot_name)
        self.identity = AppIdentity(
            app_id="A01CHATOPS", bot_id="B01CHATOPS", bot_member_id=bot.id, team_id=TEAM_ID, name=manifest.bot_name
        )
        self.members = {member.id: member for member in [*seed_people(), bot, seed_slackbot()]}
        self.usergroups = [_seed_comms_group(int(clock()))]
        self.channels = {channel.id: channel for channel in self._seed_channels()}
        self.views = Views(clock)
        self.uploads = Uploads(clock)
        self._listeners: list[Callable[[Change], None]] = []

    # Members -------------------------------------------------------------------------------------------------

    @property
    def bot(self) -> Member:
        return self.members[self.identity.bot_member_id]

    def people(self) -> list[Member]:
        return [member for member in self.members.values() if not member.is_bot and member.id != "USLACKBOT"]

    def wire_member(self, member: Member, *, show_email: bool = True) -> Json:
        app = self.identity
        return wire_member(member, team_id=app.team_id, bot_id=app.bot_id, app_id=app.app_id, show_email=show_email)

    # Channels ------------------------------------------------------------------------------------------------

    def _seed_channels(self) -> list[Channel]:
        now = int(self.clock())
        everyone = [member.id for member in seed_people()]
        staff = [member.id for member in seed_people() if not member.is_guest]
        make = _ChannelSeed(creator="U01JOEL", created=now)
        return [
            make.channel("C01GENERAL", "general", staff, "Company-wide announcements", is_general=True),
            make.channel("C01INCIDENTS", "incidents", staff, "Incidents and their cards"),
            make.channel("C01MENTIONS", "mentions", staff, "Customers who write, and who answers them"),
            make.channel("C01SUPPORT", "support", everyone, "Customers' questions"),
        ]

    def find_channel(self, name_or_id: str) -> Channel | None:
        """By id, or by name with or without `#`."""
        by_id = self.channels.get(name_or_id)
        if by_id is not None:
            return by_id
        name = name_or_id.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == name and not c.is_im), None)

    def may_see(self, channel: Channel, member_id: str) -> bool:
        """Members see what they are in; everyone but guests sees public Slack channels."""
        if channel.has(member_id):
            return True
        member = self.members[member_id]
        return channel.kind == "public" and not member.is_guest

    def wire_channel(self, channel: Channel, viewer: str) -> Json:
        return wire_channel(channel, team_id=self.identity.team_id, viewer=viewer)

    def create_channel(self, name: str, *, kind: Kind, creator: str) -> Channel:
        channel = Channel(id=new_id("C"), name=name, kind=kind, creator=creator, created=int(self.clock()))
        self.channels[channel.id] = channel
        self.add_to_channel(channel, creator)
        return channel

    def open_im(self, member_ids: list[str]) -> tuple[Channel, bool]:
        """The direct message between these members, and whether it was there already."""
        wanted = sorted(set(member_ids))
        for channel in self.channels.values():
            if channel.kind in ("im", "mpim") and sorted(channel.member_ids) == wanted:
                return channel, True
        kind: Kind = "im" if len(wanted) <= 2 else "mpim"
        name = "" if kind == "im" else "mpdm-" + "--".join(self.members[m].name for m in wanted) + "-1"
        channel = Channel(
            id=new_id("D" if kind == "im" else "G"),
            name=name,
            kind=kind,
            creator=wanted[0],
            created=int(self.clock()),
            member_ids=wanted,
        )
        self.channels[channel.id] = channel
        self.tell(ChannelListChanged())
        return channel, False

    def add_to_channel(self, channel: Channel, member_id: str, inviter: str | None = None) -> None:
        if not channel.has(member_id):
            channel.member_ids.append(member_id)
            self.tell(Joined(channel, member_id, inviter))
        self.tell(ChannelListChanged())

    def remove_from_channel(self, channel: Channel, member_id: str) -> None:
        channel.member_ids.remove(member_id)
        self.tell(ChannelListChanged())

    # Messages ------------------------------------------------------------------------------------------------

    def post(self, channel: Channel, message: Message) -> Message:
        """Give the message its timestamp and its place, and tell."""
        placed = replace(message, ts=self.timestamps.next())
        if placed.thread_ts is not None:
            placed.thread_ts = self._thread_root(channel, placed.thread_ts)
        if placed.is_ephemeral:
            channel.ephemerals[placed.ts] = placed
            self.tell(EphemeralShown(channel, placed))
        else:
            channel.add(placed)
            self.tell(Posted(channel, placed))
        return placed

    def _thread_root(self, channel: Channel, thread_ts: str) -> str:
        """A reply to a reply belongs to the thread's parent, as in Slack."""
        parent = channel.messages.get(thread_ts)
        return parent.thread_ts if parent is not None and parent.thread_ts is not None else thread_ts

    def edit(self, channel: Channel, message: Message, change: Callable[[Message], None]) -> None:
        previous = self.wire_message(channel, message)
        change(message)
        if message.is_ephemeral:
            self.tell(EphemeralShown(channel, message))
        else:
            self.tell(Edited(channel, message, previous))

    def delete(self, channel: Channel, message: Message) -> None:
        if message.is_ephemeral:
            del channel.ephemerals[message.ts]
            self.tell(EphemeralGone(channel, message))
            return
        previous = self.wire_message(channel, message)
        channel.remove(message)
        self.tell(Deleted(channel, message.ts, previous))

    def react(self, channel: Channel, message: Message, member_id: str, name: str) -> bool:
        """False when the reaction was there already."""
        members = message.reactions.setdefault(name, [])
        if member_id in members:
            return False
        members.append(member_id)
        self.tell(Reacted(channel, message, member_id, name, added=True))
        return True

    def unreact(self, channel: Channel, message: Message, member_id: str, name: str) -> bool:
        """False when there was no such reaction."""
        members = message.reactions.get(name, [])
        if member_id not in members:
            return False
        members.remove(member_id)
        if not members:
            del message.reactions[name]
        self.tell(Reacted(channel, message, member_id, name, added=False))
        return True

    def wire_message(self, channel: Channel, message: Message, *, with_metadata: bool = False) -> Json:
        wire = wire_message(
            message,
            team_id=self.identity.team_id,
            app_identity=self.identity.on_messages(),
            with_metadata=with_metadata,
        )
        root = channel.messages.get(message.thread_ts or "") if message.broadcast else None
        if root is not None:
            wire["root"] = self.wire_message(channel, root)
        return wire | channel.thread_numbers(message)

    def find_mention(self, word: str) -> str | None:
        """The id behind `@belle`, `@comms` or `#general`."""
        name = word[1:].lower()
        if word.startswith("#"):
            return next((c.id for c in self.channels.values() if c.name == name and c.kind == "public"), None)
        group = next((group["id"] for group in self.usergroups if group["handle"] == name), None)
        return group or next((member.id for member in self.members.values() if member.name == name), None)

    # Views ---------------------------------------------------------------------------------------------------

    def wire_view(self, view: View) -> Json:
        return wire_view(view, self.identity)

    # Listeners -----------------------------------------------------------------------------------------------

    def listen(self, listener: Callable[[Change], None]) -> None:
        self._listeners.append(listener)

    def tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)


class _ChannelSeed:
    def __init__(self, creator: str, created: int) -> None:
        self.creator = creator
        self.created = created

    def channel(
        self, channel_id: str, name: str, member_ids: list[str], purpose: str, *, is_general: bool = False
    ) -> Channel:
        return Channel(
            id=channel_id,
            name=name,
            kind="public",
            creator=self.creator,
            created=self.created,
            member_ids=list(member_ids),
            is_general=is_general,
            purpose={"value": purpose, "creator": self.creator, "last_set": self.created},
        )


def _seed_comms_group(now: int) -> Json:
    """https://docs.slack.dev/reference/objects/usergroup-object"""
    users = ["U01BELLE", "U01ANDY"]
    return {
        "id": COMMS_GROUP_ID,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": "Comms",
        "description": "People who write to customers",
        "handle": "comms",
        "is_external": False,
        "date_create": now,
        "date_update": now,
        "date_delete": 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "U01JOEL",
        "updated_by": "U01JOEL",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "users": users,
        "user_count": len(users),
        "channel_count": 0,
    }
