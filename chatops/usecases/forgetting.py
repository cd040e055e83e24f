"""Erase what customers wrote: when its time is over, or when one of them asks. The chain still verifies."""

from dataclasses import dataclass
from typing import Any, Literal

from chatops.domain.errors import BadInput, NotFound
from chatops.domain.ids import CHATOPS, ConversationId, OutletKey
from chatops.domain.mention_records import ConversationErased
from chatops.usecases.filing import load_conversation, record_conversation
from chatops.usecases.hearing_customers import customers_job
from chatops.usecases.mention_ports import ConversationRow
from chatops.usecases.ports import Desk, Reads, Transaction

AT_ONCE = 50
"""Conversations erased in one transaction: people's requests come in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on one network; `outlet` is the kind or the key of one outlet."""

    outlet: str
    handle: str

    def is_on(self, outlet: OutletKey) -> bool:
        return outlet == self.outlet or outlet.startswith(f"{self.outlet}.")


def parse_person(text: str) -> Person:
    """`mastodon:maria@example.social`, `email:maria@example.com`; raises BadInput."""
    outlet, colon, handle = text.strip().partition(":")
    if not colon or not outlet or not handle.strip().lstrip("@"):
        raise BadInput("Write it like mastodon:maria@example.social or email:maria@example.com.")
    return Person(outlet=outlet.lower(), handle=handle.strip().removeprefix("@"))


async def erase_old(desk: Desk) -> int:
    """What customers wrote about incidents that were resolved longer ago than the policy keeps it."""
    before = desk.clock.now() - desk.policy.mentions.keep
    erased = 0
    while True:
        ids = await desk.store.read(lambda reads: reads.list_erasable(resolved_before=before, limit=AT_ONCE))
        if not ids:
            break
        erased += await _erase(desk, ids, why="time")
    if erased:
        await desk.store.scrub()
    return erased


async def forget(desk: Desk, person: Person) -> int:
    """Everything of one person on one network; returns how many conversations. Raises NotFound where there is none."""
    rows = await desk.store.read(lambda reads: list_of_person(reads, desk, person))
    if not rows:
        raise NotFound(f"Nothing of {person.handle} on {person.outlet} is kept here.")
    ids = [row.id for row in rows]
    for first in range(0, len(ids), AT_ONCE):
        await _erase(desk, ids[first : first + AT_ONCE], why="asked")
    await desk.store.scrub()
    return len(ids)


def list_of_person(reads: Reads, desk: Desk, person: Person) -> list[ConversationRow]:
    outlets = [key for key in reads.list_heard_outlets() if person.is_on(key)]
    return [row for key in outlets for row in reads.list_of_author(key, person.handle)]


async def _erase(desk: Desk, ids: list[ConversationId], *, why: Literal["asked", "time"]) -> int:
    def body(tx: Transaction) -> int:
        erased = tx.erase_conversations(ids)
        for number in ids:
            conversation = load_conversation(tx, number)
            record_conversation(tx, desk, conversation, CHATOPS, [ConversationErased(why=why)])
            tx.put(customers_job(conversation.incident))
        return erased

    return await desk.store.write(body)


def export_person(reads: Reads, desk: Desk, person: Person) -> dict[str, Any]:
    """What is kept of one person, as JSON: who, what they wrote, what we answered."""
    rows = list_of_person(reads, desk, person)
    return {
        "network": person.outlet,
        "handle": person.handle,
        "conversations": [_export_conversation(reads, row) for row in rows],
    }


def _export_conversation(reads: Reads, row: ConversationRow) -> dict[str, Any]:
    conversation = load_conversation(reads, row.id)
    return {
        "incident": f"INC-{row.incident}",
        "outlet": row.outlet,
        "author": {"id": row.author.id, "handle": row.author.handle, "name": row.author.name},
        "followers": row.author.followers,
        "mentions": [
            {
                "id": each.remote_id,
                "text": each.text,
                "url": each.url,
                "posted_at": each.posted_at.isoformat(),
                "deleted_at": each.deleted_at.isoformat() if each.deleted_at else None,
            }
            for each in reads.list_mentions(row.id)
        ],
        "replies": [
            {"words": each.words, "state": each.state.value, "url": each.url, "at": each.written_at.isoformat()}
            for each in conversation.replies
        ],
    }
