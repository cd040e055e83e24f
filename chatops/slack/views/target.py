"""What a button points at, as its value: `12` is an incident, `12:1:2` a revision."""

import re
from dataclasses import dataclass

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber

STALE = "This button points nowhere any more; nothing was changed. Use the newest card, or `/incident status`."

_INCIDENT = re.compile(r"[0-9]{1,9}")
_REVISION = re.compile(r"([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One revision of one draft."""

    incident: IncidentNumber
    draft: int
    revision: int


def format_target(target: Target) -> str:
    return f"{target.incident}:{target.draft}:{target.revision}"


def parse_target(value: str) -> Target:
    match = _REVISION.fullmatch(value)
    if match is None:
        raise BadInput(STALE)
    return Target(incident=IncidentNumber(int(match[1])), draft=int(match[2]), revision=int(match[3]))


def parse_number(value: object) -> IncidentNumber:
    """A button's value, or a number from private_metadata."""
    if not _INCIDENT.fullmatch(str(value)):
        raise BadInput(STALE)
    return IncidentNumber(int(str(value)))
