"""`chatops verify --slack`: the hashes in the audit threads against the log: a cut tail there, a gap here."""

import re
from collections.abc import Callable, Iterator

import aiohttp

from chatops.bootstrap import SLACK_TIMEOUT, build_slack_client
from chatops.domain.errors import BrokenChain
from chatops.domain.ids import Stream, incident_of, is_incident_stream
from chatops.domain.records import Record
from chatops.settings import Settings
from chatops.slack.calls import call_slack
from chatops.usecases.ports import Desk, Thread

ANCHOR = re.compile(r"^`\d\d:\d\d:\d\d` \*.*· `([0-9a-f]{16})`$", re.MULTILINE)
"""The end of a line of the audit thread: sixteen digits elsewhere are somebody's words, such as a trace id."""


async def verify_thread(settings: Settings, desk: Desk, streams: list[Stream], say: Callable[[str], None]) -> None:
    """Raises BrokenChain where the thread shows a hash that the log does not have, or lacks one that it was told."""
    settings.require_slack()
    async with aiohttp.ClientSession(timeout=SLACK_TIMEOUT) as session:
        for stream in filter(is_incident_stream, streams):
            thread = await desk.store.read(lambda reads, stream=stream: reads.find_thread(incident_of(stream)))  # type: ignore[misc]
            if thread is None or thread.ts is None:
                say(f"{stream}: not in Slack yet.")
                continue
            shown = await _read_anchors(settings, session, thread)
            records = await desk.store.read(lambda reads, stream=stream: reads.load(stream))  # type: ignore[misc]
            _require_same(stream, records, shown, told=thread.posted_seq)
            standing = sum(record.anchor in shown for record in records)
            say(f"{stream}: {standing} of {len(records)} records stand in the thread.")


def _require_same(stream: Stream, records: list[Record], shown: set[str], *, told: int) -> None:
    """`told`: up to which record the thread was told; what is later may still be on its way."""
    strange = sorted(shown - {record.anchor for record in records})
    if strange:
        raise BrokenChain(
            f"{stream}: the thread shows {strange[0]}, which the log does not have: a record was cut or rewritten.",
            stream=stream,
            seq=len(records),
        )
    gaps = [record for record in records if record.seq <= told and record.anchor not in shown]
    if gaps:
        more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
        raise BrokenChain(
            f"{stream}: record {gaps[0].seq} ({gaps[0].anchor}){more} was told in the thread and stands there no more: "
            "somebody has deleted or changed a message. The log itself is whole.",
            stream=stream,
            seq=gaps[0].seq,
        )


async def _read_anchors(settings: Settings, session: aiohttp.ClientSession, thread: Thread) -> set[str]:
    """The hashes in the messages that are ours: only these are anchors."""
    client = build_slack_client(settings, session)
    me = (await call_slack(client.auth_test()))["user_id"]
    found: set[str] = set()
    cursor: str | None = None
    while True:
        data = await call_slack(
            client.conversations_replies(channel=thread.channel, ts=thread.ts or "", limit=200, cursor=cursor)
        )
        for message in data["messages"]:
            if message.get("user") == me or message.get("bot_id"):
                found |= _anchors_in(message)
        cursor = (data.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return found


def _anchors_in(message: dict[str, object]) -> set[str]:
    shown = [str(message.get("text", "")), *_texts(message.get("blocks"))]
    return {anchor for text in shown for anchor in ANCHOR.findall(text)}


def _texts(value: object) -> Iterator[str]:
    """Every text of a message's blocks, however deep."""
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from [each] if key == "text" and isinstance(each, str) else _texts(each)
