"""Messages: what was posted, by whom, with its thread, reactions and hidden metadata."""

import copy
from dataclasses import dataclass, field

from chatops.sandbox.wire import Json


@dataclass(kw_only=True)
class Message:
    ts: str
    member_id: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str | None = None
    by_app: bool = False
    username: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    broadcast: bool = False
    seen_only_by: str | None = None
    client_msg_id: str | None = None
    files: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    inputs: dict[str, Json] = field(default_factory=dict)
    """What each member has chosen in this message's selects: member id → state values."""

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def is_ephemeral(self) -> bool:
        return self.seen_only_by is not None

    def wire_reactions(self) -> list[Json]:
        return [
            {"name": name, "users": list(members), "count": len(members)} for name, members in self.reactions.items()
        ]


def wire_message(message: Message, *, team_id: str, app_identity: Json, with_metadata: bool = False) -> Json:
    """https://docs.slack.dev/reference/events/message — without the thread's numbers, which the channel adds."""
    wire: Json = {"type": "message", "user": message.member_id, "ts": message.ts, "text": message.text}
    wire["team"] = team_id
    if message.by_app:
        wire |= copy.deepcopy(app_identity)
    optional: Json = {
        "subtype": message.subtype or ("thread_broadcast" if message.broadcast else None),
        "username": message.username,
        "client_msg_id": message.client_msg_id,
        "thread_ts": message.thread_ts,
        "edited": message.edited,
        "blocks": copy.deepcopy(message.blocks),
        "attachments": copy.deepcopy(message.attachments),
        "files": copy.deepcopy(message.files),
        "reactions": message.wire_reactions(),
        "metadata": copy.deepcopy(message.metadata) if with_metadata else None,
    }
    wire |= {key: value for key, value in optional.items() if value}
    if message.is_ephemeral:
        wire["ephemeral"] = True
    return wire
