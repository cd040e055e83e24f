"""What must hold at the end of every story, read from outside: the export, the page, the mailbox, the audit thread."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatops.domain.ids import parse_incident
from chatops.store.sqlite import open_store
from chatops.usecases.exports import export_json
from chatops.usecases.reading import read_any_incident
from tests.e2e.town import CHANNEL, Json, Town, eventually

ANCHOR = re.compile(r"^`\d\d:\d\d:\d\d` \*.*· `([0-9a-f]{16})`$", re.MULTILINE)
"""A line of the audit thread ends with the first 16 digits of its record's hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One incident as `chatops export --format json` tells it."""

    document: Json

    @property
    def records(self) -> list[Json]:
        return list(self.document["records"])

    @property
    def anchors(self) -> list[str]:
        return [record["hash"][:16] for record in self.records]

    @property
    def updates(self) -> list[Json]:
        return list(self.document["updates"])

    def of_kind(self, kind: str) -> list[Json]:
        return [record for record in self.records if record["kind"] == kind]

    def words_of_updates(self) -> list[str]:
        """What each update says on the page, in order."""
        return [
            "\n\n".join(part for words in update["words"] if words["outlet"] == "page" for part in words["parts"])
            for update in self.updates
        ]

    def deliveries(self, outlet: str) -> list[str]:
        """The state of each update's delivery there."""
        return [each["state"] for update in self.updates for each in update["deliveries"] if each["outlet"] == outlet]


async def read_log(town: Town, name: str = "INC-1") -> Log:
    """What `chatops export --format json` says, without a process for it."""
    store = open_store(f"sqlite:///{town.database}")
    try:
        snapshot = await store.read(lambda reads: read_any_incident(reads, parse_incident(name)))
    finally:
        await store.close()
    return Log(document=json.loads(export_json(snapshot)))


def read_thread(town: Town, name: str = "INC-1") -> list[str]:
    """The anchors in the bot's messages in the incident's audit thread, in the order they stand there."""
    return [anchor for message in list_posts(town, name) for anchor in read_anchors(message)]


def list_posts(town: Town, name: str = "INC-1") -> list[Json]:
    """What the bot said in the incident's thread, oldest first."""
    channel = next(each for each in town.sandbox.workspace.channels.values() if each.name == CHANNEL)
    bot = town.sandbox.workspace.bot.id
    posts = [each for each in channel.messages.values() if each.member_id == bot and not each.is_ephemeral]
    wires = [town.sandbox.workspace.wire_message(channel, each) for each in sorted(posts, key=lambda each: each.ts)]
    cards = [each["ts"] for each in wires if "thread_ts" not in each or each["thread_ts"] == each["ts"]]
    cards = [ts for ts in cards if any(each["ts"] == ts and _is_card(_text_of(each), name) for each in wires)]
    assert len(cards) <= 1, f"{name} has {len(cards)} cards"
    return [each for each in wires if cards and each.get("thread_ts") == cards[0] and each["ts"] != cards[0]]


def _is_card(text: str, name: str) -> bool:
    """The incident's own; the board of its customers names it too."""
    return f"{name} " in text and "Customers ·" not in text


def read_anchors(message: Json) -> list[str]:
    return ANCHOR.findall(_text_of(message))


def _text_of(message: Json) -> str:
    return "\n".join(_texts(message["blocks"])) if message.get("blocks") else str(message.get("text", ""))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "text" and isinstance(each, str):
                yield each
            else:
                yield from _texts(each)


async def settled(town: Town, seconds: float, name: str = "INC-1") -> None:
    """Until no delivery is under way any more and the audit thread tells all of the log."""
    stream = f"incident:{name.removeprefix('INC-')}"

    async def look() -> bool | None:
        busy = town.peek("SELECT count(*) FROM jobs WHERE kind = 'deliver'")
        records = town.peek("SELECT count(*) FROM records WHERE stream = ?", stream)
        return True if not busy and len(read_thread(town, name)) >= records else None

    await eventually(look, lambda: f"the thread tells {len(read_thread(town, name))} records; {town.tail()}", seconds)


async def settle(town: Town, name: str = "INC-1", *, seconds: float = 30) -> Log:
    """The log, once it is told."""
    await settled(town, seconds, name)
    return await read_log(town, name)


def require_thread(town: Town, log: Log) -> None:
    """The audit thread tells every record, once, in the order of the log."""
    told = read_thread(town, log.document["incident"])
    assert told == log.anchors, f"repeated: {_list_repeated(told)}; missing: {set(log.anchors) - set(told)}"


def require_mails(town: Town, log: Log) -> None:
    """Every update that was sent by mail arrived; more than one copy only under the same Message-ID."""
    for update in log.updates:
        words = next((each for each in update["words"] if each["outlet"] == "email"), None)
        state = next((each["state"] for each in update["deliveries"] if each["outlet"] == "email"), None)
        if words is None or state != "sent":
            continue
        mails = [each for each in town.letters() if _squeeze(words["parts"][0]) in _squeeze(each.text)]
        ids = {each.message_id for each in mails}
        assert len(ids) == 1, f"update {update['number']} was mailed as {ids}"


async def require_page(town: Town, log: Log) -> None:
    """Every update stands on the page once, in order, to the letter."""
    shown = await town.page_bodies(log.document["incident"])
    assert [_squeeze(each) for each in shown] == [_squeeze(each) for each in log.words_of_updates()]


async def require_verified(town: Town) -> None:
    """The operator's own command agrees."""
    ended = await town.run_cli("verify", "--slack")
    assert ended.code == 0, f"{ended.out}\n{ended.err}"


async def require_laws(town: Town, log: Log) -> None:
    require_thread(town, log)
    require_mails(town, log)
    await require_page(town, log)
    assert [violation.wire() for violation in town.sandbox.violations.found if violation.kind != "late_ack"] == []


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _list_repeated(values: Sequence[str]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for value in values:
        counts[value] += 1
    return [value for value, count in counts.items() if count > 1]


def list_errors(town: Town) -> list[str]:
    """What the bot logged as an error."""
    text = town.log_path.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if " ERROR " in line or line.startswith("Traceback")]
