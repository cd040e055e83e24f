"""Pause and resume an outlet: until then its deliveries are skipped and answers to customers there wait, visibly."""

from chatops.domain import pauses as rules
from chatops.domain.errors import BadInput
from chatops.domain.ids import OUTLETS, PAGE, OutletKey
from chatops.domain.pauses import Pause, fold_pauses
from chatops.domain.policy import Member, Permission, require
from chatops.domain.records import OutletPaused, OutletResumed
from chatops.domain.update import clean_line
from chatops.usecases.filing import load_conversation
from chatops.usecases.hearing_customers import customers_job, list_listened
from chatops.usecases.ports import Answer, Desk, Reads, Transaction
from chatops.usecases.recording import Command, perform

REASON_CHARS = 300


def list_pauses(reads: Reads) -> dict[OutletKey, Pause]:
    return fold_pauses(reads.load(OUTLETS))


async def pause_outlet(desk: Desk, command: Command, outlet: str, reason: str) -> Answer:
    """Needs the permission and a reason; answers `{"outlet"}`."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        key = _find(desk, actor, outlet)
        words = clean_line(reason)
        if not words:
            raise BadInput(f"Say why: `/incident outlets pause {key} we are locked out`.")
        if len(words) > REASON_CHARS:
            raise BadInput(f"The reason: at most {REASON_CHARS} characters, this has {len(words)}.")
        return _record(tx, desk, actor, rules.pause(list_pauses(tx), key, words))

    return await perform(desk, command, decide)


async def resume_outlet(desk: Desk, command: Command, outlet: str) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        return _record(tx, desk, actor, rules.resume(list_pauses(tx), _find(desk, actor, outlet)))

    return await perform(desk, command, decide)


def _find(desk: Desk, actor: Member, name: str) -> OutletKey:
    require(desk.policy, actor, Permission.PAUSE_OUTLETS)
    keys = [spec.key for spec in desk.specs if spec.key != PAGE]
    wanted = name.strip().lower()
    for key in keys:
        if key.lower() == wanted:
            return key
    known = ", ".join(keys) or "none; only the public page, which cannot be paused"
    raise BadInput(f"“{name.strip()[:40]}” is not an outlet that can be paused. There are: {known}.")


def _record(tx: Transaction, desk: Desk, actor: Member, data: OutletPaused | OutletResumed) -> Answer:
    tx.append(OUTLETS, desk.clock.now(), actor.id, [data])
    show_waiting_replies(tx, desk, data.outlet)
    return {"outlet": data.outlet}


def show_waiting_replies(tx: Transaction, desk: Desk, outlet: OutletKey | None = None) -> None:
    """The cards say whether an answer (to this outlet) goes out or waits for the pause to end."""
    for row in list_listened(tx, desk):
        for conversation in tx.list_with_queued_reply(row.number):
            if outlet in (None, conversation.outlet):
                tx.settle_conversation(load_conversation(tx, conversation.id))
        tx.put(customers_job(row.number))
