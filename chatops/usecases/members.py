"""The local members table: kept by events and a slow refresh, so that policy needs no call to Slack."""

from collections.abc import Iterable

from chatops.domain.policy import Member
from chatops.usecases.incidents import member_job
from chatops.usecases.ports import Desk, Identity, Transaction


async def save_members(desk: Desk, workspace: str, members: Iterable[Member]) -> int:
    """Insert or change by Slack id; an empty `id` means not yet known here. Returns how many."""
    batch = list(members)

    def body(tx: Transaction) -> int:
        for member in batch:
            tx.save_member(workspace, member)
        return len(batch)

    return await desk.store.write(body)


async def ask_for_member(desk: Desk, workspace: str, slack_id: str) -> None:
    """Somebody acted whom we do not know: let the worker ask Slack who it is."""
    await desk.store.write(lambda tx: tx.put(member_job(workspace, slack_id)))


async def save_identity(desk: Desk, identity: Identity) -> None:
    await desk.store.write(lambda tx: tx.save_identity(identity))
