"""The team's answers for what many ask, and the one switch that pauses all replying."""

from chatops.domain.errors import BadInput, IllegalMove, NotFound
from chatops.domain.ids import OUTLETS, IncidentNumber
from chatops.domain.mention_records import ReplyingPaused, ReplyingResumed
from chatops.domain.pauses import find_replying_pause
from chatops.domain.policy import Member, Permission, require, require_answerer
from chatops.domain.reply_words import require_clean
from chatops.domain.team_answer import approve_answer, propose_answer
from chatops.domain.update import clean_line, clean_text
from chatops.usecases.hearing_customers import customers_job
from chatops.usecases.pausing import show_waiting_replies
from chatops.usecases.ports import Answer, Desk, Transaction
from chatops.usecases.recording import Command, get_incident, perform, record

REASON_CHARS = 300


async def propose_team_answer(desk: Desk, command: Command, number: IncidentNumber, group: int, words: str) -> Answer:
    """A colleague has to approve it before it is offered."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        require_answerer(desk.policy, actor)
        incident = get_incident(tx, number, command, actor)
        found = tx.find_group(group)
        if found is None or found.incident != number:
            raise NotFound("This question is not here any more.")
        text = clean_text(words)
        require_clean(text, is_public=True, field="answer")
        data = propose_answer(group, text)
        record(tx, desk, number, incident, actor.id, [data])
        tx.put(customers_job(number))
        return {"group": group, "digest": data.digest}

    return await perform(desk, command, decide)


async def approve_team_answer(desk: Desk, command: Command, number: IncidentNumber, group: int, digest: str) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        require_answerer(desk.policy, actor)
        incident = get_incident(tx, number, command, actor)
        record(tx, desk, number, incident, actor.id, [approve_answer(incident.answers, group, digest, actor.id)])
        tx.put(customers_job(number))
        return {"group": group}

    return await perform(desk, command, decide)


async def pause_replying(desk: Desk, command: Command, reason: str) -> Answer:
    """What is on its way waits, visibly; nothing new can be sent until it is resumed."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        require(desk.policy, actor, Permission.PAUSE_OUTLETS)
        paused = find_replying_pause(tx.load(OUTLETS))
        words = clean_line(reason)
        if paused is not None:
            raise IllegalMove(f"Replying is paused already: {paused.reason}")
        if not words:
            raise BadInput("Say why: `/incident mentions pause legal is reading`.")
        if len(words) > REASON_CHARS:
            raise BadInput(f"The reason: at most {REASON_CHARS} characters, this has {len(words)}.")
        return _switch(tx, desk, actor, ReplyingPaused(reason=words))

    return await perform(desk, command, decide)


async def resume_replying(desk: Desk, command: Command) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        require(desk.policy, actor, Permission.PAUSE_OUTLETS)
        if find_replying_pause(tx.load(OUTLETS)) is None:
            raise IllegalMove("Replying is not paused.")
        return _switch(tx, desk, actor, ReplyingResumed())

    return await perform(desk, command, decide)


def _switch(tx: Transaction, desk: Desk, actor: Member, data: ReplyingPaused | ReplyingResumed) -> Answer:
    tx.append(OUTLETS, desk.clock.now(), actor.id, [data])
    show_waiting_replies(tx, desk)
    return {"paused": isinstance(data, ReplyingPaused)}
