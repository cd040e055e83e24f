"""What changed in the workspace: one value per change, for the page and for the app's events."""

from dataclasses import dataclass

from chatops.sandbox.channels import Channel
from chatops.sandbox.members import Member
from chatops.sandbox.messages import Message
from chatops.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Posted:
    channel: Channel
    message: Message


@dataclass(frozen=True, slots=True)
class Edited:
    channel: Channel
    message: Message
    previous: Json


@dataclass(frozen=True, slots=True)
class Deleted:
    channel: Channel
    ts: str
    previous: Json


@dataclass(frozen=True, slots=True)
class EphemeralShown:
    channel: Channel
    message: Message


@dataclass(frozen=True, slots=True)
class EphemeralGone:
    channel: Channel
    message: Message


@dataclass(frozen=True, slots=True)
class Reacted:
    channel: Channel
    message: Message
    member_id: str
    name: str
    added: bool


@dataclass(frozen=True, slots=True)
class ModalChanged:
    member_id: str


@dataclass(frozen=True, slots=True)
class HomeChanged:
    member_id: str


@dataclass(frozen=True, slots=True)
class HomeOpened:
    member_id: str


@dataclass(frozen=True, slots=True)
class ChannelListChanged:
    pass


@dataclass(frozen=True, slots=True)
class Joined:
    channel: Channel
    member_id: str
    inviter: str | None


@dataclass(frozen=True, slots=True)
class MemberAdded:
    member: Member


@dataclass(frozen=True, slots=True)
class MemberUpdated:
    member: Member


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something the client tells one person outside any message, such as a lost connection."""

    member_id: str
    text: str


@dataclass(frozen=True, slots=True)
class MailArrived:
    mail_id: str


Change = (
    Posted
    | Edited
    | Deleted
    | EphemeralShown
    | EphemeralGone
    | Reacted
    | ModalChanged
    | HomeChanged
    | HomeOpened
    | ChannelListChanged
    | Joined
    | MemberAdded
    | MemberUpdated
    | Noticed
    | MailArrived
)
