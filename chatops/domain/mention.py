"""What a customer wrote to us on a network, as it was read there, and what follows from reading it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chatops.domain.ids import ConversationId, IncidentNumber, OutletKey


class MentionKind(StrEnum):
    """How a post concerns us."""

    MENTION = "mention"
    REPLY = "reply"
    COMMENT = "comment"
    MESSAGE = "message"
    MAIL = "mail"
    QUOTE = "quote"
    REPOST = "repost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote it. `id` is the network's own and stays when the handle changes; mail has the address for all."""

    id: str
    handle: str
    name: str = ""
    followers: int | None = None

    @property
    def shown(self) -> str:
        return self.name or self.handle or "somebody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One post as an outlet read it.

    `thread` is what the network says joins posts to one conversation (a root post, a mail thread), where it says so;
    `parent` the post it answers, `about` the one it quotes or reposts: all remote ids. `is_ours`: our own account
    wrote it, perhaps from the network's own app.
    """

    id: str
    author: Author
    text: str
    posted_at: datetime
    kind: MentionKind = MentionKind.MENTION
    url: str | None = None
    thread: str | None = None
    parent: str | None = None
    about: str | None = None
    subject: str | None = None
    is_ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMention:
    """A mention as the ledger holds it. `seq` counts all mentions; text, url and author are empty where erased."""

    seq: int
    outlet: OutletKey
    remote_id: str
    conversation: ConversationId
    incident: IncidentNumber
    kind: MentionKind
    text: str
    url: str | None
    parent: str | None
    posted_at: datetime
    seen_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    subject: str | None = None
    is_echo: bool = False
    """It only spreads what somebody else wrote: it is counted, and nobody waits for an answer to it."""

    @property
    def is_live(self) -> bool:
        return self.deleted_at is None

    @property
    def is_erased(self) -> bool:
        return self.remote_id.startswith(_HIDDEN)


def digest_text(text: str) -> str:
    """Of what a customer's post says, so that a later look can tell whether it was changed."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:32]


_HIDDEN = "erased "


def hide_id(outlet: str, remote_id: str) -> str:
    """What stands for a post's id once it was erased: it tells the post again, and leads to nobody."""
    if remote_id.startswith(_HIDDEN):
        return remote_id
    return _HIDDEN + hashlib.sha256(f"{outlet}\0{remote_id}".encode()).hexdigest()
