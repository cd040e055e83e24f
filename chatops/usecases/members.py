"""The local members table: kept by events and a slow refresh, so that policy needs no call to Slack."""

from collections.abc import Iterable
from dataclasses import replace

from chatops.domain.ids import MemberId
from chatops.domain.policy import Member
from chatops.usecases.incidents import member_job
from chatops.usecases.ports import Desk, Identity, Transaction

SAVED_AT_ONCE = 10


async def save_members(desk: Desk, workspace: str, members: Iterable[Member]) -> int:
    """Insert or change by Slack id; an empty `id` means not yet known here. Returns how many there are.

    A workspace may have ten thousand: only those that differ are written, few at once, so that nobody waits for it.
    """
    given = list(members)
    saved = await desk.store.read(lambda reads: reads.list_members(workspace))
    known = {replace(each, id=MemberId("")) for each in saved}
    changed = [each for each in given if replace(each, id=MemberId("")) not in known]
    for first in range(0, len(changed), SAVED_AT_ONCE):
        batch = changed[first : first + SAVED_AT_ONCE]
        await desk.store.write(lambda tx, batch=batch: _save(tx, workspace, batch))  # type: ignore[misc]
    return len(given)


def _save(tx: Transaction, workspace: str, members: Iterable[Member]) -> None:
    for member in members:
        tx.save_member(workspace, member)


async def ask_for_member(desk: Desk, workspace: str, slack_id: str) -> None:
    """Somebody acted whom we do not know: let the worker ask Slack who it is."""
    await desk.store.write(lambda tx: tx.put(member_job(workspace, slack_id)), is_urgent=True)


async def save_identity(desk: Desk, identity: Identity) -> None:
    await desk.store.write(lambda tx: tx.save_identity(identity))
