"""What can be looked up about customers who write."""

import sqlite3
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, or_, select

from chatops.domain.conversation import PENDING, ReplyState
from chatops.domain.ids import ConversationId, IncidentNumber, MemberId, OutletKey
from chatops.domain.mention import Author, KeptMention, MentionKind, hide_id
from chatops.store.mention_tables import (
    conversations,
    listenings,
    mention_group_words,
    mention_groups,
    mention_posts,
    mentions,
    replies,
    reply_attempts,
)
from chatops.store.prepared import Prepared, each_of
from chatops.store.tables import deliveries, incidents
from chatops.usecases.mention_ports import (
    ConversationRow,
    Group,
    Listening,
    MentionPost,
    ReplyAttempt,
    Tally,
)

LATELY = timedelta(minutes=15)
MOST_GROUPS = 20
MOST_EARLIER = 10
_LEDGER_ONLY = ("shown_version", "author_id", "author_handle", "author_name", "followers")


def _is_one_of(column: Any, words: Collection[str]) -> Any:
    """Our own words, written into the text of the statement."""
    return column.in_([literal_column(f"'{word}'") for word in words])


_C = conversations.c
_HERE = _C.incident == bindparam("incident")
_NEEDS_PERSON = _is_one_of(_C.reply_state, ("unapproved", "held", "refused", "uncertain"))
_IS_FREE = and_(
    or_(_C.claimed_until.is_(None), _C.claimed_until <= bindparam("now")),
    or_(_C.reply_state.is_(None), ~_is_one_of(_C.reply_state, [state.value for state in PENDING])),
)
_WAITS = _C.waiting_since.is_not(None)
_HAS_CARD = select(mention_posts.c.conversation).where(mention_posts.c.conversation == _C.id).exists()

_FIND_MENTION = Prepared(
    select(mentions).where(mentions.c.outlet == bindparam("outlet"), mentions.c.remote_id.in_(each_of("ids"))).limit(1)
)
_LIST_MENTIONS = Prepared(
    select(mentions).where(mentions.c.conversation == bindparam("conversation")).order_by(mentions.c.seq)
)
_FIND_ROW = Prepared(select(conversations).where(_C.id == bindparam("conversation")))
_FIND_BY_THREAD = Prepared(
    select(conversations)
    .where(_C.outlet == bindparam("outlet"), _C.author_id == bindparam("author"), _C.thread == bindparam("thread"))
    .order_by(_C.id.desc())
    .limit(1)
)
_FIND_REPLIED = Prepared(
    select(replies.c.conversation)
    .where(replies.c.outlet == bindparam("outlet"), replies.c.remote_id == bindparam("remote_id"))
    .limit(1)
)
_LONGEST_FIRST = (_C.waiting_since, _C.id)
_LIST_WAITING = Prepared(select(conversations).where(_HERE, _WAITS).order_by(*_LONGEST_FIRST).limit(bindparam("limit")))
_LIST_FREE = Prepared(
    select(conversations).where(_HERE, _WAITS, _IS_FREE).order_by(*_LONGEST_FIRST).limit(bindparam("limit"))
)
_LIST_ROWS = Prepared(select(conversations).where(_HERE).order_by(_C.id).limit(bindparam("limit")))
_LIST_CLAIMED = Prepared(
    select(conversations)
    .where(_C.claimed_by == bindparam("member"), _C.claimed_until > bindparam("now"))
    .order_by(_C.claimed_until)
)
_LIST_QUEUED = Prepared(
    select(conversations).where(_HERE, _is_one_of(_C.reply_state, [ReplyState.QUEUED.value])).order_by(_C.id)
)
_LIST_FOLLOW_UPS = Prepared(select(conversations).where(_HERE, _C.follow_up).order_by(_C.id))
_LIST_EARLIER = Prepared(
    select(conversations)
    .where(_C.outlet == bindparam("outlet"), _C.author_id == bindparam("author"), _C.id < bindparam("before"))
    .order_by(_C.id.desc())
    .limit(bindparam("limit"))
)
_LIST_HEARD_OUTLETS = Prepared(select(_C.outlet).distinct().order_by(_C.outlet))
_LIST_OF_AUTHOR = Prepared(
    select(conversations)
    .where(
        _C.outlet == bindparam("outlet"),
        or_(func.lower(_C.author_handle) == bindparam("lower"), _C.author_id == bindparam("handle")),
    )
    .order_by(_C.id)
)
_G = mention_groups.c
_LIST_GROUPS = Prepared(
    select(mention_groups)
    .where(_G.incident == bindparam("incident"), _G.conversations >= bindparam("least"))
    .order_by(_G.conversations.desc(), _G.id)
    .limit(bindparam("limit"))
)
_W = mention_group_words.c
_SHARING_MOST = (
    select(_W.group)
    .where(_W.incident == bindparam("incident"), _W.word.in_(each_of("words")))
    .group_by(_W.group)
    .order_by(func.count().desc(), _W.group)
    .limit(bindparam("limit"))
)
_LIST_SHARING = Prepared(select(mention_groups).where(_G.id.in_(_SHARING_MOST)).order_by(_G.id))
_FIND_GROUP = Prepared(select(mention_groups).where(_G.id == bindparam("group")))
_TALLY = Prepared(
    select(
        func.coalesce(func.sum(_C.mentions), 0).label("received"),
        func.count().label("conversations"),
        func.count(_C.first_answered_at).label("answered"),
        func.count().filter(_C.is_closed, _C.first_answered_at.is_(None)).label("closed"),
        func.count(_C.waiting_since).label("waiting"),
        func.count().filter(_WAITS, _IS_FREE).label("unclaimed"),
        func.min(_C.waiting_since).label("oldest_since"),
        func.count().filter(_C.follow_up).label("follow_ups"),
    ).where(_HERE)
)
_SENT_HERE = and_(replies.c.incident == bindparam("incident"), replies.c.state == literal_column("'sent'"))
_COUNT_PEOPLE = Prepared(select(func.count(replies.c.by.distinct())).where(_SENT_HERE))
_COUNT_LATELY = Prepared(select(func.count()).where(_SENT_HERE, replies.c.settled_at > bindparam("since")))
_FIND_WAIT = Prepared(
    select(_C.opened_at, _C.first_answered_at)
    .where(_HERE, _C.first_answered_at.is_not(None))
    .order_by(_C.first_answered_at - _C.opened_at)
    .limit(1)
    .offset(bindparam("place"))
)
_FIND_LISTENING = Prepared(select(listenings).where(listenings.c.outlet == bindparam("outlet")))
_LIST_LISTENINGS = Prepared(select(listenings).order_by(listenings.c.outlet))
_LIST_ATTEMPTS = Prepared(
    select(reply_attempts)
    .where(reply_attempts.c.conversation == bindparam("conversation"))
    .order_by(reply_attempts.c.id)
)
# Some outlets keep more than the id, after a blank: what answering that post needs. A range is found in the index.
_D = deliveries.c
_FIND_BY_POST = Prepared(
    select(_D.incident)
    .where(
        _D.outlet == bindparam("outlet"),
        or_(
            _D.remote_id == bindparam("remote_id"),
            and_(_D.remote_id >= bindparam("first"), _D.remote_id < bindparam("beyond")),
        ),
    )
    .limit(1)
)
_P = mention_posts.c
_FIND_POST = Prepared(select(mention_posts).where(_P.key == bindparam("key")))
_LIST_DOUBTFUL = Prepared(select(mention_posts).where(_P.incident == bindparam("incident"), _P.ts.is_(None)))
_LIST_STALE = Prepared(
    select(conversations)
    .join(mention_posts, _P.conversation == _C.id)
    .where(_HERE, _C.version != _C.shown_version, _P.ts.is_not(None))
    .order_by(_C.id)
    .limit(bindparam("limit"))
)
_LIST_WITHOUT_CARD = Prepared(
    select(conversations)
    .where(_HERE, or_(_WAITS, _NEEDS_PERSON), ~_HAS_CARD)
    .order_by(_NEEDS_PERSON.desc(), *_LONGEST_FIRST)
    .limit(bindparam("limit"))
)
_LIST_ERASABLE = Prepared(
    select(_C.id)
    .join(incidents, incidents.c.number == _C.incident)
    .where(incidents.c.resolved_at < bindparam("before"), _C.author_handle != literal_column("''"))
    .order_by(_C.id)
    .limit(bindparam("limit"))
)


class SqlMentionReads:
    """Look-ups on one connection, inside one transaction."""

    connection: sqlite3.Connection

    def find_mention(self, outlet: OutletKey, remote_id: str) -> KeptMention | None:
        # Also where it was erased: what a network still shows must not come back.
        row = _FIND_MENTION.first(self.connection, outlet=outlet, ids=[remote_id, hide_id(outlet, remote_id)])
        return None if row is None else _mention_from(row)

    def list_mentions(self, conversation: ConversationId) -> list[KeptMention]:
        return [_mention_from(row) for row in _LIST_MENTIONS.rows(self.connection, conversation=conversation)]

    def find_conversation_row(self, conversation: ConversationId) -> ConversationRow | None:
        row = _FIND_ROW.first(self.connection, conversation=conversation)
        return None if row is None else _conversation_from(row)

    def find_conversation(self, outlet: OutletKey, author: str, thread: str) -> ConversationRow | None:
        row = _FIND_BY_THREAD.first(self.connection, outlet=outlet, author=author, thread=thread)
        return None if row is None else _conversation_from(row)

    def find_replied_conversation(self, outlet: OutletKey, remote_id: str) -> ConversationId | None:
        found: ConversationId | None = _FIND_REPLIED.scalar(self.connection, outlet=outlet, remote_id=remote_id)
        return found

    def list_waiting(
        self, incident: IncidentNumber, *, limit: int, free_at: datetime | None = None
    ) -> list[ConversationRow]:
        if free_at is None:
            return self._conversations(_LIST_WAITING, incident=incident, limit=limit)
        return self._conversations(_LIST_FREE, incident=incident, limit=limit, now=free_at)

    def list_conversation_rows(self, incident: IncidentNumber, *, limit: int = 10_000) -> list[ConversationRow]:
        return self._conversations(_LIST_ROWS, incident=incident, limit=limit)

    def list_claimed_by(self, member: MemberId, *, now: datetime) -> list[ConversationRow]:
        return self._conversations(_LIST_CLAIMED, member=member, now=now)

    def list_with_queued_reply(self, incident: IncidentNumber) -> list[ConversationRow]:
        return self._conversations(_LIST_QUEUED, incident=incident)

    def list_follow_ups(self, incident: IncidentNumber) -> list[ConversationRow]:
        return self._conversations(_LIST_FOLLOW_UPS, incident=incident)

    def list_earlier(self, outlet: OutletKey, author: str, *, before: ConversationId) -> list[ConversationRow]:
        return self._conversations(_LIST_EARLIER, outlet=outlet, author=author, before=before, limit=MOST_EARLIER)

    def list_heard_outlets(self) -> list[OutletKey]:
        return _LIST_HEARD_OUTLETS.column(self.connection)

    def list_of_author(self, outlet: OutletKey, handle: str) -> list[ConversationRow]:
        """By handle in any case, or by the network's own id."""
        return self._conversations(_LIST_OF_AUTHOR, outlet=outlet, handle=handle, lower=handle.lower())

    def list_groups(self, incident: IncidentNumber, *, least: int = 2) -> list[Group]:
        """Of so many conversations at least, the largest first."""
        rows = _LIST_GROUPS.rows(self.connection, incident=incident, least=least, limit=MOST_GROUPS)
        return [_group_from(row) for row in rows]

    def list_groups_sharing(self, incident: IncidentNumber, words: Collection[str]) -> list[Group]:
        """Those that share most of these words, the oldest first."""
        rows = _LIST_SHARING.rows(self.connection, incident=incident, words=list(words), limit=MOST_GROUPS)
        return [_group_from(row) for row in rows]

    def find_group(self, group: int) -> Group | None:
        row = _FIND_GROUP.first(self.connection, group=group)
        return None if row is None else _group_from(row)

    def read_tally(self, incident: IncidentNumber, *, now: datetime) -> Tally:
        counts = _TALLY.first(self.connection, incident=incident, now=now) or {}
        answered = int(counts["answered"])
        return Tally(
            **counts,
            people=_COUNT_PEOPLE.scalar(self.connection, incident=incident),
            median=self._find_wait(incident, answered, 0.5),
            p90=self._find_wait(incident, answered, 0.9),
            answered_lately=_COUNT_LATELY.scalar(self.connection, incident=incident, since=now - LATELY),
        )

    def _find_wait(self, incident: IncidentNumber, answered: int, share: float) -> timedelta | None:
        """Of the answered conversations, how long that share of them waited at most for the first answer."""
        place = min(answered - 1, int(answered * share))
        row = _FIND_WAIT.first(self.connection, incident=incident, place=place) if answered else None
        return row["first_answered_at"] - row["opened_at"] if row else None

    def find_listening(self, outlet: OutletKey) -> Listening | None:
        row = _FIND_LISTENING.first(self.connection, outlet=outlet)
        return None if row is None else Listening(**row)

    def list_listenings(self) -> list[Listening]:
        return [Listening(**row) for row in _LIST_LISTENINGS.rows(self.connection)]

    def list_reply_attempts(self, conversation: ConversationId) -> list[ReplyAttempt]:
        return [ReplyAttempt(**row) for row in _LIST_ATTEMPTS.rows(self.connection, conversation=conversation)]

    def find_incident_by_post(self, outlet: OutletKey, remote_id: str) -> IncidentNumber | None:
        more = {"first": f"{remote_id} ", "beyond": f"{remote_id}!"}
        number: IncidentNumber | None = _FIND_BY_POST.scalar(
            self.connection, outlet=outlet, remote_id=remote_id, **more
        )
        return number

    def find_mention_post(self, key: str) -> MentionPost | None:
        row = _FIND_POST.first(self.connection, key=key)
        return None if row is None else MentionPost(**row)

    def list_stale_cards(self, incident: IncidentNumber, *, limit: int) -> list[ConversationRow]:
        """Conversations that have a card in Slack which no longer shows how they stand."""
        return self._conversations(_LIST_STALE, incident=incident, limit=limit)

    def list_without_card(self, incident: IncidentNumber, *, limit: int) -> list[ConversationRow]:
        """Where somebody waits, or a person has to decide, and no card stands in Slack; the longest waiting first."""
        return self._conversations(_LIST_WITHOUT_CARD, incident=incident, limit=limit)

    def list_doubtful_posts(self, incident: IncidentNumber) -> list[MentionPost]:
        """Sent, perhaps: their ts is not known."""
        return [MentionPost(**row) for row in _LIST_DOUBTFUL.rows(self.connection, incident=incident)]

    def list_erasable(self, *, resolved_before: datetime, limit: int) -> list[ConversationId]:
        """Conversations of incidents that were resolved before then, with words still there."""
        return _LIST_ERASABLE.column(self.connection, before=resolved_before, limit=limit)

    def _conversations(self, query: Prepared, **values: Any) -> list[ConversationRow]:
        return [_conversation_from(row) for row in query.rows(self.connection, **values)]


def _mention_from(row: dict[str, Any]) -> KeptMention:
    return KeptMention(**{**row, "kind": MentionKind(row["kind"])})


def _group_from(row: dict[str, Any]) -> Group:
    return Group(**{**row, "gist": frozenset(row["gist"])})


def _conversation_from(row: dict[str, Any]) -> ConversationRow:
    author = Author(
        id=row["author_id"], handle=row["author_handle"], name=row["author_name"], followers=row["followers"]
    )
    return ConversationRow(author=author, **{name: value for name, value in row.items() if name not in _LEDGER_ONLY})
