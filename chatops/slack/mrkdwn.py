"""Text for Slack's mrkdwn: escaping, cutting, names, mentions and moments."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from chatops.domain.ids import CHATOPS, MemberId
from chatops.domain.policy import Member
from chatops.domain.report import Naming, format_minute

NOBODY = "Somebody"
"""For a member whose name is not in the local table (yet, or any more)."""

DateStyle = Literal["moment", "time"]
_DATE_FORMATS = {"moment": "{date_short_pretty} at {time}", "time": "{time}"}

_UNFINISHED = re.compile(r"(&[a-z]{0,4}|<[^<>]*)$")
_TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
"""`<@U1|andy>`, `<#C1|general>`, `<https://…|label>`, `<!here>`: an angle bracket that was typed is an entity."""
_SLACK_ID = re.compile(r"[A-Z0-9]{2,30}")


def escape(text: str) -> str:
    """What a person typed, so that it can neither mention nor link. https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def read_typed(text: str, names: Mapping[str, str] | None = None) -> str:
    """What a person typed, of what Slack made of it: entities, mentions and links as they looked on the screen.

    `names`: Slack id → name, for mentions that come without one.
    """
    known = names or {}
    plain = _TOKEN.sub(lambda token: _read_token(token[1], token[2] or known.get(token[1][1:])), text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _read_token(target: str, label: str | None) -> str:
    if target.startswith(("@", "#")):
        return f"{target[0]}{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:]}"
    return label or target.removeprefix("mailto:")


def quote(escaped: str) -> str:
    return "\n".join(f"> {line}" for line in escaped.splitlines())


def code(text: str) -> str:
    """Typed text in code style, escaped; a backtick inside would end the style."""
    return f"`{escape(text).replace('`', chr(39))}`"


def link(url: str, label: str) -> str:
    """Both as they are; a bar or an angle bracket in the address would end it."""
    address = escape(url).replace("|", "%7C").replace("\n", "")
    return f"<{address}|{escape(label)}>"


def slack_date(at: datetime, style: DateStyle = "moment") -> str:
    """A moment that each reader sees in their own time zone."""
    fallback = format_minute(at.astimezone(UTC))
    return f"<!date^{int(at.timestamp())}^{_DATE_FORMATS[style]}|{fallback}>"


def cut(escaped: str, max_chars: int) -> str:
    """At most so many characters, with an ellipsis where some are missing; never inside an entity or a link."""
    if len(escaped) <= max_chars:
        return escaped
    return _UNFINISHED.sub("", escaped[: max_chars - 1]).rstrip() + "…"


def plain_name(member: MemberId, members: Mapping[MemberId, Member]) -> str:
    """The name as it is, not escaped; it pings nobody."""
    if member == CHATOPS:
        return "chatops"
    found = members.get(member)
    return " ".join(found.name.split()) or NOBODY if found else NOBODY


def escaped_name(member: MemberId, members: Mapping[MemberId, Member]) -> str:
    return escape(plain_name(member, members))


def naming(members: Mapping[MemberId, Member]) -> Naming:
    return lambda member: plain_name(member, members)


def mention(member: Member) -> str:
    """Pings this person; their plain name where we hold no Slack id that could be one."""
    return f"<@{member.slack_id}>" if _SLACK_ID.fullmatch(member.slack_id) else escape(member.name or NOBODY)
