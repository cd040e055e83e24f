"""Claims and replies in any order: one holder at a time, one answer at a time, and only settled posts are covered."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatops.domain import replying
from chatops.domain.chain import link
from chatops.domain.conversation import CLAIM_LASTS, PENDING, ReplyState, apply_record, fold_conversation
from chatops.domain.errors import ChatopsError
from chatops.domain.ids import CHATOPS, ConversationId, IncidentNumber, MemberId, conversation_stream
from chatops.domain.mention import KeptMention, MentionKind, digest_text
from chatops.domain.mention_records import (
    ConversationOpened,
    ReplyHeld,
    ReplyRefused,
    ReplySent,
    ReplyUncertain,
)
from chatops.domain.records import AnyData, Record
from chatops.domain.replying import WrittenReply
from tests.builders import MASTODON

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PEOPLE = st.sampled_from([MemberId("ana"), MemberId("ben"), MemberId("cleo")])
STREAM = conversation_stream(1)


def build_kept(seq: int) -> KeptMention:
    return KeptMention(
        seq=seq,
        outlet=MASTODON,
        remote_id=f"m{seq}",
        conversation=ConversationId(1),
        incident=IncidentNumber(1),
        kind=MentionKind.MENTION,
        text=f"Post {seq}",
        url=None,
        parent=None,
        posted_at=START,
        seen_at=START,
    )


class ConversationMachine(RuleBasedStateMachine):
    """`mentions`: how many the customer has written; `network`: the answers that stand there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.records: list[Record] = []
        self.mentions = 1
        self.network: list[int] = []
        self.settled = 0
        self.append(ConversationOpened(incident=1, outlet=MASTODON), CHATOPS)

    def append(self, data: AnyData, actor: MemberId) -> None:
        last = self.records[-1] if self.records else None
        self.records.append(link(last, stream=STREAM, at=self.now, actor=actor, data=data, salt=b"s" * 16))

    @property
    def conversation(self):  # noqa: ANN201 - the fold's own type
        return fold_conversation(self.records)

    def attempt(self, move, actor: MemberId) -> bool:  # noqa: ANN001
        try:
            data = move()
        except ChatopsError:
            return False
        self.append(data, actor)
        return True

    @rule(minutes=st.integers(0, 6))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def write_as_customer(self) -> None:
        self.mentions += 1

    @rule(actor=PEOPLE)
    def claim(self, actor: MemberId) -> None:
        before = self.conversation.find_holder(self.now)
        waits = self.mentions > self.conversation.covers
        done = self.attempt(
            lambda: replying.claim(
                self.conversation, actor, now=self.now, until=self.now + CLAIM_LASTS, is_waiting=waits
            ),
            actor,
        )
        if done:
            assert before in (None, actor)
            assert self.conversation.find_holder(self.now) == actor
            assert self.conversation.find_holder(self.now + CLAIM_LASTS) is None

    @rule(actor=PEOPLE, to=PEOPLE)
    def hand_over(self, actor: MemberId, to: MemberId) -> None:
        before = self.conversation.find_holder(self.now)
        if self.attempt(
            lambda: replying.hand_over(self.conversation, actor, to, now=self.now, until=self.now + CLAIM_LASTS), actor
        ):
            assert before in (None, actor)

    @rule(actor=PEOPLE, needs_approval=st.booleans())
    def write(self, actor: MemberId, needs_approval: bool) -> None:
        holder, pending = self.conversation.find_holder(self.now), self.conversation.current
        mention = build_kept(self.mentions)
        reply = WrittenReply(
            words="Sorry.",
            sign_as="A",
            follow_up=False,
            needs_approval=needs_approval,
            facts_update=0,
            read_digest=digest_text(mention.text),
        )
        if self.attempt(
            lambda: replying.write_reply(self.conversation, actor, reply, mention, covers=self.mentions, now=self.now),
            actor,
        ):
            assert pending is None
            assert holder in (None, actor)

    @rule(actor=PEOPLE)
    def approve(self, actor: MemberId) -> None:
        current = self.conversation.current
        if current and self.attempt(lambda: replying.approve_reply(self.conversation, current.number, actor), actor):
            assert current.by != actor

    @rule(outcome=st.sampled_from(["sent", "refused", "uncertain", "held"]))
    def send(self, outcome: str) -> None:
        """As the worker does, which takes up only what is queued."""
        current = self.conversation.current
        if current is None or current.state is not ReplyState.QUEUED:
            return
        data: AnyData
        match outcome:
            case "sent":
                self.network.append(current.number)
                self.settled = max(self.settled, current.covers)
                data = ReplySent(reply=current.number)
            case "refused":
                data = ReplyRefused(reply=current.number, reason="no")
            case "uncertain":
                data = ReplyUncertain(reply=current.number, reason="?")
            case _:
                data = ReplyHeld(reply=current.number, reason="changed")
        self.append(data, CHATOPS)

    @rule(actor=PEOPLE, move=st.sampled_from(["let_go", "drop", "retry", "again", "confirm"]))
    def decide(self, actor: MemberId, move: str) -> None:
        for reply in self.conversation.replies[-1:]:
            moves = {
                "let_go": lambda: replying.let_go(self.conversation, reply.number),  # noqa: B023
                "drop": lambda: replying.drop(self.conversation, reply.number),  # noqa: B023
                "retry": lambda: replying.requeue(self.conversation, reply.number, again=False),  # noqa: B023
                "again": lambda: replying.requeue(self.conversation, reply.number, again=True),  # noqa: B023
                "confirm": lambda: replying.confirm(self.conversation, reply.number),  # noqa: B023
            }
            if self.attempt(moves[move], actor) and move == "confirm":
                self.network.append(reply.number)
                self.settled = max(self.settled, reply.covers)

    @rule(actor=PEOPLE)
    def close(self, actor: MemberId) -> None:
        covers = self.mentions
        if self.attempt(lambda: replying.close(self.conversation, actor, "spam", covers=covers, now=self.now), actor):
            self.settled = max(self.settled, covers)

    @invariant()
    def at_most_one_answer_is_under_way(self) -> None:
        assert sum(each.state in PENDING for each in self.conversation.replies) <= 1

    @invariant()
    def what_is_sent_is_sent_once(self) -> None:
        sent = [each.number for each in self.conversation.replies if each.state is ReplyState.SENT]
        assert sorted(self.network) == sorted(sent)

    @invariant()
    def only_what_was_settled_is_covered(self) -> None:
        assert self.conversation.covers == self.settled <= self.mentions

    @invariant()
    def folding_at_once_is_folding_one_by_one(self) -> None:
        one_by_one = None
        for record in self.records:
            one_by_one = apply_record(one_by_one, record)
        assert one_by_one == self.conversation


ConversationMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestConversation = ConversationMachine.TestCase
