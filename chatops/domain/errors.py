"""Every error of ours. Its text is for the person who reads it: what was wrong, what to do.

ChatopsError
├── NotAllowed     the person may not do this
│   └── UnknownMember   Slack has not told us yet who it is
├── IllegalMove    not in this state (approve a withdrawn draft, resolve twice)
├── NotFound       no such incident, draft, update
├── Conflict       somebody else was first; carries nothing away from the loser
├── BadInput       what was typed cannot be used; names the field where there is one
├── BadSettings    the start is refused
├── BrokenChain    the log does not verify
├── UnreadableRecord   a record of a kind that only a newer version knows
├── StorageFull    nothing was saved: the disk is full
└── NotSent, Refused, Uncertain   the three unhappy outcomes of a delivery
"""

from datetime import timedelta


class ChatopsError(Exception):
    """Anything chatops says no to; `str(error)` is shown to a person."""


class NotAllowed(ChatopsError):
    """The person may not do this."""


class UnknownMember(NotAllowed):
    """Nobody with this Slack id is in the members table yet."""

    def __init__(self, slack_id: str) -> None:
        super().__init__("I do not know you yet and am asking Slack who you are. Please try again in a few seconds.")
        self.slack_id = slack_id


class IllegalMove(ChatopsError):
    """Not possible in the present state."""


class NotFound(ChatopsError):
    """It does not exist, or not for this person."""


class Conflict(ChatopsError):
    """Somebody else was first."""


class BadInput(ChatopsError):
    """What was typed cannot be used; `field` is the name of the form's field, where there is one."""

    def __init__(self, text: str, *, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field


class BadSettings(ChatopsError):
    """The start is refused: one readable line says which setting is wrong."""


class BrokenChain(ChatopsError):
    """The hash chain breaks at `stream`, `seq`."""

    def __init__(self, text: str, *, stream: str, seq: int) -> None:
        super().__init__(text)
        self.stream = stream
        self.seq = seq


class UnreadableRecord(ChatopsError):
    """A record is whole, but of a kind that this version does not know; never skipped."""


class StorageFull(ChatopsError):
    """Nothing was saved: the disk of the database is full."""


class DeliveryError(ChatopsError):
    """Not delivered, for certain or perhaps."""


class NotSent(DeliveryError):
    """Certainly not sent: safe to try again, not before `retry_after` where the network named a pause.

    `needs_person`: trying again will not help by itself, because a token is no longer good or lacks a permission.
    """

    def __init__(self, text: str, *, retry_after: timedelta | None = None, needs_person: bool = False) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.needs_person = needs_person


class Refused(DeliveryError):
    """Never will be sent as it is."""


class Uncertain(DeliveryError):
    """It may have been sent: look it up, or ask a person; never send again blindly."""
