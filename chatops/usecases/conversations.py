"""What people do with customers' conversations: claim, answer, approve, hand over, close, escalate."""

from collections.abc import Callable
from dataclasses import dataclass

from chatops.domain import replying as rules
from chatops.domain.conversation import CLAIM_LASTS, Conversation, ReplyState
from chatops.domain.errors import BadInput, Conflict, IllegalMove, NotFound
from chatops.domain.ids import OUTLETS, ConversationId, IncidentNumber
from chatops.domain.incident import Incident
from chatops.domain.mention import KeptMention, digest_text
from chatops.domain.mention_records import MentionEscalated
from chatops.domain.pauses import find_replying_pause
from chatops.domain.policy import Member, require_answerer
from chatops.domain.records import AnyData
from chatops.domain.reply_words import compose_reply, holds_any, require_clean
from chatops.domain.replying import Taken, WrittenReply
from chatops.domain.update import clean_line, clean_text
from chatops.domain.wording import OutletSpec
from chatops.usecases.customer_cards import claim_over_job
from chatops.usecases.filing import load_conversation, record_conversation
from chatops.usecases.hearing_customers import customers_job
from chatops.usecases.incidents import get_person
from chatops.usecases.mention_ports import ConversationRow
from chatops.usecases.ports import Answer, Desk, Job, Transaction
from chatops.usecases.recording import Command, get_incident, perform, record

NOBODY_WAITS = "Nobody waits for an answer at the moment. Well done."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyForm:
    """What a person filled in. `covers` and `facts_update` are what the form showed; `fits`: the ticked box.

    `read_digest` is of the newest post as the form showed it; None: as it stands now.
    """

    text: str
    sign_as: str
    covers: int
    facts_update: int
    follow_up: bool = False
    fits: bool = False
    read_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """An actor before one conversation, in this transaction."""

    tx: Transaction
    desk: Desk
    actor: Member
    incident: Incident
    conversation: Conversation
    row: ConversationRow

    def record(self, *data: AnyData) -> Conversation:
        """Append, and ask for the work that follows: a reply to send, a card to refresh."""
        changed = record_conversation(self.tx, self.desk, self.conversation, self.actor.id, data)
        self.tx.put(customers_job(self.incident.number))
        if changed.claimed_until is not None and changed.claimed_until != self.conversation.claimed_until:
            self.tx.put(claim_over_job(changed.id), due_at=changed.claimed_until)
        for reply in changed.replies:
            before = next((each for each in self.conversation.replies if each.number == reply.number), None)
            was_queued = before is not None and (before.state, before.requeued) == (ReplyState.QUEUED, reply.requeued)
            if reply.state is ReplyState.QUEUED and not was_queued:
                self.tx.put(reply_job(changed.id, reply.number, reply.requeued))
        return changed

    @property
    def spec(self) -> OutletSpec:
        for spec in self.desk.specs:
            if spec.key == self.conversation.outlet:
                return spec
        raise IllegalMove(f"{self.conversation.outlet} is no longer configured, so nothing can be sent there.")


def reply_job(conversation: int, reply: int, requeued: int) -> Job:
    return Job(
        kind="reply",
        key=f"reply:{conversation}/{reply}/{requeued}",
        data={"conversation": conversation, "reply": reply, "requeued": requeued},
    )


async def _act(desk: Desk, command: Command, number: ConversationId, decide: Callable[[_Sitting], Answer]) -> Answer:
    def body(tx: Transaction, actor: Member) -> Answer:
        return decide(_open_sitting(tx, desk, command, actor, number))

    return await perform(desk, command, body)


def _open_sitting(tx: Transaction, desk: Desk, command: Command, actor: Member, number: ConversationId) -> _Sitting:
    require_answerer(desk.policy, actor)
    row = tx.find_conversation_row(number)
    if row is None:
        raise NotFound("This conversation is not here any more.")
    incident = get_incident(tx, row.incident, command, actor)
    conversation = load_conversation(tx, number)
    return _Sitting(tx=tx, desk=desk, actor=actor, incident=incident, conversation=conversation, row=row)


def _name_holder(tx: Transaction, taken: Taken) -> Conflict:
    name = tx.get_member_by_id(taken.holder).name
    return Conflict(f"{name} has claimed this one until {taken.until:%H:%M} UTC. `Next one` gives you another.")


def _claim(sitting: _Sitting) -> Conversation:
    # People do not type faster in a replay: their five minutes are real ones.
    now, until = sitting.desk.clock.now(), sitting.desk.in_real(CLAIM_LASTS)
    is_waiting = sitting.row.waiting_since is not None
    try:
        return sitting.record(
            rules.claim(sitting.conversation, sitting.actor.id, now=now, until=until, is_waiting=is_waiting)
        )
    except Taken as taken:
        raise _name_holder(sitting.tx, taken) from None


async def claim(desk: Desk, command: Command, number: ConversationId) -> Answer:
    """Exclusive: of two at once one gets it, the other is told who."""

    def decide(sitting: _Sitting) -> Answer:
        _claim(sitting)
        return {"conversation": number}

    return await _act(desk, command, number, decide)


async def claim_next(desk: Desk, command: Command, incident: IncidentNumber) -> Answer:
    """The one that waits longest and that nobody is at; answers `{"conversation"}`."""

    def body(tx: Transaction, actor: Member) -> Answer:
        require_answerer(desk.policy, actor)
        get_incident(tx, incident, command, actor)
        rows = tx.list_waiting(incident, limit=1, free_at=desk.clock.now())
        if not rows:
            raise IllegalMove(NOBODY_WAITS)
        _claim(_open_sitting(tx, desk, command, actor, rows[0].id))
        return {"conversation": rows[0].id}

    return await perform(desk, command, body)


async def release(desk: Desk, command: Command, number: ConversationId) -> Answer:
    def decide(sitting: _Sitting) -> Answer:
        sitting.record(rules.release(sitting.conversation, sitting.actor.id, now=desk.clock.now()))
        return {"conversation": number}

    return await _act(desk, command, number, decide)


async def hand_over(desk: Desk, command: Command, number: ConversationId, slack_id: str) -> Answer:
    """To a colleague, who then has the five minutes; answers `{"name"}`."""

    def decide(sitting: _Sitting) -> Answer:
        person = get_person(sitting.tx, command.workspace, slack_id, field="person")
        try:
            data = rules.hand_over(
                sitting.conversation, sitting.actor.id, person.id, now=desk.clock.now(), until=desk.in_real(CLAIM_LASTS)
            )
        except Taken as taken:
            raise _name_holder(sitting.tx, taken) from None
        sitting.record(data)
        return {"name": person.name}

    return await _act(desk, command, number, decide)


async def write_reply(desk: Desk, command: Command, number: ConversationId, form: ReplyForm) -> Answer:
    """Frozen here, sent by the worker; answers `{"reply", "needs_approval"}`."""

    def decide(sitting: _Sitting) -> Answer:
        _require_replying(sitting.tx)
        mention = _get_answered(sitting, form)
        written = _compose(sitting, form, mention)
        try:
            data = rules.write_reply(
                sitting.conversation, sitting.actor.id, written, mention, covers=form.covers, now=desk.clock.now()
            )
        except Taken as taken:
            raise _name_holder(sitting.tx, taken) from None
        sitting.record(data)
        return {"reply": data.reply, "needs_approval": data.needs_approval}

    return await _act(desk, command, number, decide)


def _require_replying(tx: Transaction) -> None:
    pause = find_replying_pause(tx.load(OUTLETS))
    if pause is not None:
        raise IllegalMove(f"All replying is paused: {pause.reason}. `/incident mentions resume` ends it.")


def _get_answered(sitting: _Sitting, form: ReplyForm) -> KeptMention:
    """The newest post that the form showed and that still stands."""
    shown = [each for each in sitting.tx.list_mentions(sitting.conversation.id) if each.seq <= form.covers]
    own = [each for each in shown if not each.is_echo]
    standing = [each for each in own if each.is_live]
    if not standing:
        raise IllegalMove("The customer has deleted this post, so there is nothing to answer any more.")
    return standing[-1]


def _compose(sitting: _Sitting, form: ReplyForm, mention: KeptMention) -> WrittenReply:
    spec = sitting.spec
    if not spec.abilities.reply:
        raise IllegalMove(f"{spec.label} does not let us answer there.")
    text, sign_as = clean_text(form.text), clean_line(form.sign_as)
    _require_confirmed(sitting, form, text)
    words = compose_reply(text, sign_as=sign_as, author=sitting.row.author, spec=spec)
    require_clean(text, is_public=spec.answers_in_public)
    wanted = sitting.desk.policy.mentions
    grave = sitting.incident.impact in wanted.second_pair_impacts
    return WrittenReply(
        words=words,
        sign_as=sign_as,
        follow_up=form.follow_up,
        needs_approval=grave or holds_any(f"{mention.text}\n{text}", wanted.second_pair_words),
        facts_update=form.facts_update,
        read_digest=form.read_digest or digest_text(mention.text),
    )


def _require_confirmed(sitting: _Sitting, form: ReplyForm, text: str) -> None:
    """The team's answer is a start: somebody has to think of this person before it goes out unchanged."""
    answer = sitting.incident.find_answer(sitting.row.group)
    if answer is not None and text == clean_text(answer.words) and not form.fits:
        raise BadInput("Make the team's answer fit this person, or tick that it fits as it is.", field="reply")


async def approve_reply(desk: Desk, command: Command, number: ConversationId, reply: int) -> Answer:
    def decide(sitting: _Sitting) -> Answer:
        sitting.record(rules.approve_reply(sitting.conversation, reply, sitting.actor.id))
        return {"reply": reply}

    return await _act(desk, command, number, decide)


async def send_anyway(desk: Desk, command: Command, number: ConversationId, reply: int) -> Answer:
    def decide(sitting: _Sitting) -> Answer:
        _require_replying(sitting.tx)
        sitting.record(rules.let_go(sitting.conversation, reply))
        return {"reply": reply}

    return await _act(desk, command, number, decide)


async def drop_reply(desk: Desk, command: Command, number: ConversationId, reply: int) -> Answer:
    def decide(sitting: _Sitting) -> Answer:
        sitting.record(rules.drop(sitting.conversation, reply))
        return {"reply": reply}

    return await _act(desk, command, number, decide)


async def requeue_reply(desk: Desk, command: Command, number: ConversationId, reply: int, *, again: bool) -> Answer:
    """`Retry` a refused answer, or `Send again` an uncertain one (`again`), which may double it knowingly."""

    def decide(sitting: _Sitting) -> Answer:
        sitting.record(rules.requeue(sitting.conversation, reply, again=again))
        return {"reply": reply}

    return await _act(desk, command, number, decide)


async def confirm_reply(desk: Desk, command: Command, number: ConversationId, reply: int) -> Answer:
    """`It arrived`: a person has looked."""

    def decide(sitting: _Sitting) -> Answer:
        sitting.record(rules.confirm(sitting.conversation, reply))
        return {"reply": reply}

    return await _act(desk, command, number, decide)


async def close(desk: Desk, command: Command, number: ConversationId, *, covers: int, reason: str) -> Answer:
    """`No reply needed`, with the reason."""

    def decide(sitting: _Sitting) -> Answer:
        try:
            data = rules.close(sitting.conversation, sitting.actor.id, reason, covers=covers, now=desk.clock.now())
        except Taken as taken:
            raise _name_holder(sitting.tx, taken) from None
        sitting.record(data)
        return {"conversation": number}

    return await _act(desk, command, number, decide)


async def escalate(desk: Desk, command: Command, number: ConversationId, reason: str) -> Answer:
    """Calls the commander, in the incident thread."""

    def decide(sitting: _Sitting) -> Answer:
        data = rules.escalate(sitting.conversation, reason)
        sitting.record(data)
        called = MentionEscalated(conversation=number, outlet=sitting.conversation.outlet, reason=data.reason)
        record(sitting.tx, desk, sitting.incident.number, sitting.incident, sitting.actor.id, [called])
        return {"conversation": number}

    return await _act(desk, command, number, decide)


async def finish_follow_up(desk: Desk, command: Command, number: ConversationId) -> Answer:
    def decide(sitting: _Sitting) -> Answer:
        sitting.record(rules.finish_follow_up(sitting.conversation))
        return {"conversation": number}

    return await _act(desk, command, number, decide)
