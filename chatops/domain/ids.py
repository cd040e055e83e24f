"""Names for the identifiers that travel through the house, so that the type checker keeps them apart."""

import re
from typing import NewType

from chatops.domain.errors import BadInput

IncidentNumber = NewType("IncidentNumber", int)
MemberId = NewType("MemberId", str)
OutletKey = NewType("OutletKey", str)
Stream = NewType("Stream", str)
ConversationId = NewType("ConversationId", int)

CHATOPS = MemberId("chatops")
"""The actor of what the clock or the worker does, not a person."""

PAGE = OutletKey("page")

_INCIDENT = re.compile(r"inc-?([0-9]{1,9})", re.IGNORECASE)
_LIKE_AN_INCIDENT = re.compile(r"inc-?[0-9]+", re.IGNORECASE)


def format_incident(number: int) -> str:
    """`12` → `INC-12`."""
    return f"INC-{number}"


def parse_incident(text: str) -> IncidentNumber:
    """`INC-12`, `inc12` → 12; raises BadInput for anything else."""
    match = _INCIDENT.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"“{text.strip()[:40]}” is not an incident. Write it like INC-12; `/incident list` shows them.")
    return IncidentNumber(int(match[1]))


def find_incident_word(words: list[str]) -> str | None:
    """The first word that looks like an incident, if any."""
    return next((word for word in words if _LIKE_AN_INCIDENT.fullmatch(word)), None)


OUTLETS = Stream("outlets")
"""The stream of what concerns the outlets, not one incident: paused, resumed."""


def is_incident_stream(stream: Stream) -> bool:
    return stream.startswith("incident:")


def incident_stream(number: int) -> Stream:
    return Stream(f"incident:{number}")


def incident_of(stream: Stream) -> IncidentNumber:
    return IncidentNumber(int(stream.removeprefix("incident:")))


def conversation_stream(conversation: int) -> Stream:
    return Stream(f"mention:{conversation}")


def is_conversation_stream(stream: Stream) -> bool:
    return stream.startswith("mention:")


def conversation_of(stream: Stream) -> ConversationId:
    return ConversationId(int(stream.removeprefix("mention:")))
