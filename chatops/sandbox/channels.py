"""Slack channels and direct messages: who is in them and what was said there."""

from dataclasses import dataclass, field
from typing import Literal

from chatops.sandbox.messages import Message
from chatops.sandbox.wire import Json

Kind = Literal["public", "private", "im", "mpim"]

CHANNEL_TYPES: dict[Kind, str] = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}
"""https://docs.slack.dev/reference/events/message: `channel_type` by kind."""


@dataclass(kw_only=True)
class Channel:
    id: str
    name: str
    kind: Kind
    creator: str
    created: int
    member_ids: list[str] = field(default_factory=list)
    topic: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    purpose: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    is_archived: bool = False
    is_general: bool = False
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, dict[str, Message]] = field(default_factory=dict)
    """The replies by their parent's ts: kept apart, because every message shown asks for its thread's counts."""
    ephemerals: dict[str, Message] = field(default_factory=dict)
    pinned: list[str] = field(default_factory=list)
    bookmarks: list[Json] = field(default_factory=list)
    read_up_to: dict[str, str] = field(default_factory=dict)

    @property
    def is_im(self) -> bool:
        return self.kind == "im"

    @property
    def is_private(self) -> bool:
        return self.kind != "public"

    @property
    def channel_type(self) -> str:
        return CHANNEL_TYPES[self.kind]

    def has(self, member_id: str) -> bool:
        return member_id in self.member_ids

    def other_than(self, member_id: str) -> str:
        """The other side of a direct message; oneself in a message to oneself."""
        return next((other for other in self.member_ids if other != member_id), member_id)

    def find(self, ts: str, *, seen_by: str | None = None) -> Message | None:
        """A posted message, or an ephemeral one that this member sees."""
        ephemeral = self.ephemerals.get(ts)
        if ephemeral is not None and seen_by is not None and ephemeral.seen_only_by == seen_by:
            return ephemeral
        return self.messages.get(ts)

    def replies(self, thread_ts: str) -> list[Message]:
        return list(self.threads.get(thread_ts, {}).values())

    def add(self, message: Message) -> None:
        self.messages[message.ts] = message
        if message.is_reply and message.thread_ts is not None:
            self.threads.setdefault(message.thread_ts, {})[message.ts] = message

    def remove(self, message: Message) -> None:
        del self.messages[message.ts]
        if message.is_reply and message.thread_ts is not None:
            del self.threads[message.thread_ts][message.ts]

    def main_line(self) -> list[Message]:
        """What stands in the channel itself: no replies, unless also sent to the channel."""
        return [message for message in self.messages.values() if not message.is_reply or message.broadcast]

    def seen(self, member_id: str, thread_ts: str | None = None) -> list[Message]:
        """What this member reads in the channel or in one thread, ephemeral messages included, oldest first."""
        if thread_ts is None:
            shown = self.main_line()
        else:
            parent = self.messages.get(thread_ts)
            shown = [*([parent] if parent else []), *self.replies(thread_ts)]
        own = [
            message
            for message in self.ephemerals.values()
            if message.seen_only_by == member_id and message.thread_ts == thread_ts
        ]
        return sorted([*shown, *own], key=lambda message: message.ts)

    def thread_numbers(self, message: Message) -> Json:
        """The counts Slack shows on a parent, and the parent's author on a reply."""
        if message.is_reply and message.thread_ts is not None:
            parent = self.messages.get(message.thread_ts)
            return {"parent_user_id": parent.member_id} if parent else {}
        replies = self.replies(message.ts)
        if not replies:
            return {}
        writers = list(dict.fromkeys(reply.member_id for reply in replies))
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(writers),
            "latest_reply": replies[-1].ts,
            "reply_users": writers,
            "is_locked": False,
            "subscribed": False,
        }

    def unread(self, member_id: str) -> int:
        read_up_to = self.read_up_to.get(member_id, "")
        return sum(1 for message in self.main_line() if message.ts > read_up_to and message.member_id != member_id)


def wire_channel(channel: Channel, *, team_id: str, viewer: str) -> Json:
    """https://docs.slack.dev/reference/objects/conversation-object"""
    if channel.is_im:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_archived": channel.is_archived,
            "is_im": True,
            "is_org_shared": False,
            "user": channel.other_than(viewer),
            "is_user_deleted": False,
            "priority": 0,
            "context_team_id": team_id,
            "updated": channel.created * 1000,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "previous_names": list(channel.previous_names),
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.is_private,
        "is_member": channel.has(viewer),
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "is_shared": False,
        "is_org_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "shared_team_ids": [team_id],
        "context_team_id": team_id,
        "created": channel.created,
        "updated": channel.created * 1000,
        "creator": channel.creator,
        "unlinked": 0,
        "topic": dict(channel.topic),
        "purpose": dict(channel.purpose),
    }
