"""The audit thread: one line per record — time, person, what, 16 hex digits of its hash."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC

from slack_sdk.models.blocks import Block, ContextBlock

from chatops.domain.ids import MemberId
from chatops.domain.policy import Member
from chatops.domain.records import Record
from chatops.domain.report import describe
from chatops.slack.mrkdwn import cut, escape, escaped_name, naming
from chatops.slack.views.building import SECTION_CHARS, TEXT_CHARS, Message, context, section

LINE_CHARS = 700
AUDIT_CHARS = 500
LINES_CHARS = 11_000
"""Of all lines in one message: Slack refuses somewhere above 12,000."""
SHORTEST_LINE = 120
_ANCHOR = re.compile(r"`\d\d:\d\d:\d\d` [^`]*· `([0-9a-f]{16})`")
"""A line has no other backticks, so typed words that look like a hash are none."""
REPEATED = "_Slack did not say whether this arrived before, so it may stand here twice._"


def build_line(record: Record, members: Mapping[MemberId, Member], max_chars: int = LINE_CHARS) -> str:
    """Escaped, on one line; where it is too long the words are cut, never the hash."""
    # A backtick in typed words would open a code span that swallows the hash.
    words = " ".join(describe(record, naming(members)).replace("`", "'").split())
    name = escaped_name(record.actor, members).replace("`", "'")
    head = f"`{record.at.astimezone(UTC):%H:%M:%S}` *{cut(name, 60)}*"
    anchor = f"· `{record.anchor}`"
    room = max_chars - len(head) - len(anchor) - 2
    return f"{head} {cut(escape(words), room)} {anchor}"


def find_anchors(text: str) -> set[str]:
    """The hashes that lines made by `build_line` show, wherever they stand in `text`."""
    return set(_ANCHOR.findall(text))


def build_audit(record: Record, members: Mapping[MemberId, Member]) -> ContextBlock:
    """A card's own line in the log, small, at its foot."""
    return context(build_line(record, members, AUDIT_CHARS))


def build(records: Sequence[Record], members: Mapping[MemberId, Member], *, is_repeat: bool = False) -> Message:
    """One message for one or more records, in their order."""
    lines = _fit(records, members, LINES_CHARS, LINE_CHARS)
    blocks: list[Block] = [section("\n".join(group)) for group in _group(lines)]
    if is_repeat:
        blocks.append(context(REPEATED))
    return cut("\n".join(_fit(records, members, TEXT_CHARS, LINE_CHARS)), TEXT_CHARS), blocks


def _fit(records: Sequence[Record], members: Mapping[MemberId, Member], room: int, longest: int) -> list[str]:
    """The lines, each as short as it must be for all to fit; too many of them lose the oldest, and say so."""
    most = room // (SHORTEST_LINE + 1) - 1
    shown = records[-most:]
    each = min(longest, room // (len(shown) or 1) - 1)
    lines = [build_line(record, members, each) for record in shown]
    left_out = len(records) - len(shown)
    return [f"_{left_out} earlier lines left out_", *lines[1:]] if left_out else lines


def _group(lines: Sequence[str]) -> list[list[str]]:
    """As many lines as fit into one section, and so on."""
    groups: list[list[str]] = [[]]
    used = 0
    for line in lines:
        if groups[-1] and used + len(line) + 1 > SECTION_CHARS:
            groups.append([])
            used = 0
        groups[-1].append(line)
        used += len(line) + 1
    return groups if groups[0] else []
