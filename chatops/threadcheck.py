"""`chatops verify --slack`: the hashes in the audit threads against the log, which also finds a cut tail."""

import re
from collections.abc import Callable, Iterator

import aiohttp

from chatops.bootstrap import SLACK_TIMEOUT, build_slack_client
from chatops.domain.errors import BrokenChain
from chatops.domain.ids import Stream, incident_of, is_incident_stream
from chatops.settings import Settings
from chatops.slack.calls import call_slack
from chatops.usecases.ports import Desk, Thread

ANCHOR = re.compile(r"^`\d\d:\d\d:\d\d` \*.*· `([0-9a-f]{16})`$", re.MULTILINE)
"""The end of a line of the audit thread: sixteen digits elsewhere are somebody's words, such as a trace id."""


async def verify_thread(settings: Settings, desk: Desk, streams: list[Stream], say: Callable[[str], None]) -> None:
    """Raises BrokenChain where the thread shows a hash that the log does not have."""
    settings.require_slack()
    async with aiohttp.ClientSession(timeout=SLACK_TIMEOUT) as session:
        for stream in filter(is_incident_stream, streams):
            thread = await desk.store.read(lambda reads, stream=stream: reads.find_thread(incident_of(stream)))  # type: ignore[misc]
            if thread is None or thread.ts is None:
                say(f"{stream}: not in Slack yet.")
                continue
            shown = await _read_anchors(settings, session, thread)
            records = await desk.store.read(lambda reads, stream=stream: reads.load(stream))  # type: ignore[misc]
            known = {record.anchor for record in records}
            strange = sorted(shown - known)
            if strange:
                raise BrokenChain(
                    f"{stream}: the thread shows {strange[0]}, which the log does not have: "
                    "a record was cut or rewritten.",
                    stream=stream,
                    seq=len(records),
                )
            say(f"{stream}: {len(shown & known)} of {len(known)} records stand in the thread.")


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
