"""Customers for the tests of screens: snapshots as the store makes them, and strategies for hostile ones."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from chatops.domain.conversation import Conversation, Reply, ReplyState
from chatops.domain.ids import ConversationId, IncidentNumber, OutletKey
from chatops.domain.mention import Author, KeptMention, MentionKind
from chatops.domain.team_answer import TeamAnswer
from chatops.usecases.customer_snapshots import BoardSnapshot, ConversationSnapshot
from chatops.usecases.mention_ports import ConversationRow, Group, Listening, Tally
from tests.builders import ANA, BEN, CLEO, MASTODON, PEOPLE, build_spec, minute, open_journal
from tests.slack.views.texts import incidents, long_text, members

LENA = Author(id="1", handle="lena@fedi.example", name="Lena Fox", followers=1204)
NOW = minute(20)
SPECS = (build_spec("mastodon", form="short"), build_spec("x", daily_reads=500))
MEMBERS = {member.id: member for member in PEOPLE}
DIGEST = "d" * 64


def build_mention(seq: int = 1, text: str = "Is my password safe?", **changes: Any) -> KeptMention:
    mention = KeptMention(
        seq=seq,
        outlet=MASTODON,
        remote_id=f"r{seq}",
        conversation=ConversationId(17),
        incident=IncidentNumber(1),
        kind=MentionKind.MENTION,
        text=text,
        url=f"https://fedi.example/{seq}",
        parent=None,
        posted_at=minute(seq),
        seen_at=minute(seq),
    )
    return replace(mention, **changes)


def build_reply(number: int = 1, **changes: Any) -> Reply:
    reply = Reply(
        number=number,
        words="@lena Your password is safe. — Ana",
        sign_as="Ana",
        answers="r1",
        answers_digest="0",
        covers=1,
        facts_update=0,
        digest=DIGEST,
        by=ANA.id,
        written_at=minute(5),
    )
    return replace(reply, **changes)


def build_row(number: int = 17, **changes: Any) -> ConversationRow:
    row = ConversationRow(
        id=ConversationId(number),
        incident=IncidentNumber(1),
        outlet=MASTODON,
        thread="r1",
        author=LENA,
        opened_at=minute(1),
        last_text="Is my password safe?",
        last_url="https://fedi.example/1",
        last_seq=1,
        last_at=minute(1),
        mentions=1,
        waiting_since=minute(1),
    )
    return replace(row, **changes)


def build_conversation(*replies: Reply, **changes: Any) -> Conversation:
    conversation = Conversation(
        id=ConversationId(17),
        incident=IncidentNumber(1),
        outlet=MASTODON,
        opened_at=minute(1),
        replies=replies,
        replies_begun=len(replies),
        head_seq=1,
        head_hash="h",
    )
    return replace(conversation, **changes)


def build_snapshot(*replies: Reply, **changes: Any) -> ConversationSnapshot:
    """Somebody waits, unless `changes` say otherwise."""
    snapshot = ConversationSnapshot(
        incident=open_journal().incident,
        row=build_row(),
        conversation=build_conversation(*replies),
        mentions=(build_mention(),),
        earlier=(),
        group=None,
        answer=None,
        members=MEMBERS,
        now=NOW,
    )
    return replace(snapshot, **changes)


def build_answered(*replies: Reply, **changes: Any) -> ConversationSnapshot:
    row = build_row(waiting_since=None)
    return build_snapshot(row=row, conversation=build_conversation(*replies, covers=1, **changes))


def build_group(number: int = 3, count: int = 37, **changes: Any) -> Group:
    group = Group(
        id=number,
        incident=IncidentNumber(1),
        gist=frozenset({"password", "safe"}),
        sample="is my password safe?",
        conversations=count,
    )
    return replace(group, **changes)


def build_answer(**changes: Any) -> TeamAnswer:
    answer = TeamAnswer(group=3, words="Passwords are not touched.", digest=DIGEST, by=ANA.id)
    return replace(answer, **changes)


TALLY = Tally(
    received=60,
    conversations=40,
    answered=26,
    closed=2,
    waiting=12,
    unclaimed=9,
    people=4,
    median=timedelta(minutes=6),
    p90=timedelta(minutes=21),
    oldest_since=minute(1),
)


def build_board(**changes: Any) -> BoardSnapshot:
    board = BoardSnapshot(
        incident=open_journal().incident,
        tally=TALLY,
        waiting=tuple(build_row(number) for number in range(1, 6)),
        groups=(),
        listenings=(),
        follow_ups=(),
        members=MEMBERS,
        now=NOW,
    )
    return replace(board, **changes)


def authors() -> st.SearchStrategy[Author]:
    return st.builds(
        Author,
        id=st.just("1"),
        handle=long_text(300),
        name=long_text(300),
        followers=st.sampled_from([None, 0, 1, 10**12]),
    )


def urls() -> st.SearchStrategy[str | None]:
    wild = long_text(3000)
    return st.one_of(st.none(), wild, wild.map(lambda text: f"https://evil.example/{text}"))


def rows() -> st.SearchStrategy[ConversationRow]:
    return st.builds(
        build_row,
        number=st.integers(1, 10**9),
        outlet=st.sampled_from([MASTODON, OutletKey("gone.name")]),
        author=authors(),
        last_text=long_text(),
        last_url=urls(),
        echoes=st.integers(0, 2000),
        waiting_since=st.sampled_from([None, minute(1)]),
        claimed_until=st.sampled_from([None, minute(25)]),
        answered_by=st.sampled_from([None, BEN.id, CLEO.id]),
        incident=st.sampled_from([IncidentNumber(1), IncidentNumber(9)]),
        follow_up=st.booleans(),
    )


def replies() -> st.SearchStrategy[Reply]:
    return st.builds(
        build_reply,
        words=long_text(3100),
        reason=st.one_of(st.none(), long_text()),
        url=urls(),
        state=st.sampled_from(ReplyState),
        by=st.sampled_from([ANA.id, CLEO.id]),
        settled_at=st.sampled_from([None, minute(9)]),
    )


def mentions() -> st.SearchStrategy[tuple[KeptMention, ...]]:
    one = st.builds(
        build_mention,
        text=long_text(),
        edited_at=st.sampled_from([None, minute(3)]),
        deleted_at=st.sampled_from([None, None, minute(4)]),
    )
    numbered = st.lists(one, max_size=6)
    return numbered.map(lambda found: tuple(replace(each, seq=index + 1) for index, each in enumerate(found)))


def snapshots() -> st.SearchStrategy[ConversationSnapshot]:
    conversations = st.builds(
        lambda written, **changes: build_conversation(*written, **changes),
        st.lists(replies(), max_size=2).map(
            lambda found: [replace(each, number=index + 1) for index, each in enumerate(found)]
        ),
        claimed_by=st.sampled_from([None, ANA.id, CLEO.id]),
        claimed_until=st.sampled_from([None, minute(10), minute(25)]),
        covers=st.integers(0, 3),
        closed_reason=st.one_of(st.none(), long_text(400)),
        escalated_reason=st.one_of(st.none(), long_text(400)),
        follow_up=st.booleans(),
    )
    return st.builds(
        ConversationSnapshot,
        incident=incidents(),
        row=rows(),
        conversation=conversations,
        mentions=mentions(),
        earlier=st.lists(rows(), max_size=4).map(tuple),
        group=st.one_of(st.none(), long_text().map(lambda text: build_group(sample=text))),
        answer=st.one_of(st.none(), long_text(2000).map(lambda text: build_answer(words=text, approved_by=BEN.id))),
        members=members(),
        now=st.just(NOW),
        paused=st.one_of(st.none(), long_text(300)),
        outlet_paused=st.one_of(st.none(), long_text(300)),
    )


def boards() -> st.SearchStrategy[BoardSnapshot]:
    groups = st.lists(long_text().map(lambda text: build_group(sample=text)), max_size=5)
    listenings = st.lists(
        st.builds(
            Listening,
            outlet=st.sampled_from([MASTODON, OutletKey("x"), OutletKey("gone.name")]),
            trouble=st.one_of(st.none(), long_text()),
            paid_reads=st.integers(0, 10**6),
        ),
        max_size=14,
    )
    answers = st.lists(
        st.builds(
            lambda words, approver, number: build_answer(words=words, approved_by=approver, group=number),
            long_text(2000),
            st.sampled_from([None, BEN.id]),
            st.integers(1, 5),
        ),
        max_size=5,
        unique_by=lambda each: each.group,
    ).map(tuple)
    return st.builds(
        BoardSnapshot,
        incident=st.builds(lambda incident, found: replace(incident, answers=found), incidents(), answers),
        tally=st.sampled_from([TALLY, Tally(), Tally(received=1, conversations=1, waiting=1, unclaimed=1)]),
        waiting=st.lists(rows(), max_size=5).map(tuple),
        groups=groups.map(lambda found: tuple(replace(each, id=index + 1) for index, each in enumerate(found))),
        listenings=listenings.map(tuple),
        follow_ups=st.lists(rows(), max_size=12).map(tuple),
        members=members(),
        now=st.just(NOW),
        paused=st.one_of(st.none(), long_text(300)),
        mine=st.lists(rows(), max_size=12).map(tuple),
    )
