"""What can be looked up about customers who write."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, Select, and_, func, or_, select

from chatops.domain.conversation import PENDING
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
_LEDGER_ONLY = ("version", "shown_version", "author_id", "author_handle", "author_name", "followers")
_IS_UNDER_WAY = conversations.c.reply_state.in_([state.value for state in PENDING])


class SqlMentionReads:
    """Look-ups on one connection, inside one transaction."""

    connection: Connection

    def find_mention(self, outlet: OutletKey, remote_id: str) -> KeptMention | None:
        # Also where it was erased: what a network still shows must not come back.
        ids = (remote_id, hide_id(outlet, remote_id))
        query = select(mentions).where(mentions.c.outlet == outlet, mentions.c.remote_id.in_(ids))
        row = self.connection.execute(query).mappings().one_or_none()
        return None if row is None else _mention_from(row)

    def list_mentions(self, conversation: ConversationId) -> list[KeptMention]:
        query = select(mentions).where(mentions.c.conversation == conversation).order_by(mentions.c.seq)
        return [_mention_from(row) for row in self.connection.execute(query).mappings()]

    def find_conversation_row(self, conversation: ConversationId) -> ConversationRow | None:
        return self._one_conversation(select(conversations).where(conversations.c.id == conversation))

    def find_conversation(self, outlet: OutletKey, author: str, thread: str) -> ConversationRow | None:
        is_it = and_(
            conversations.c.outlet == outlet, conversations.c.author_id == author, conversations.c.thread == thread
        )
        return self._one_conversation(select(conversations).where(is_it).order_by(conversations.c.id.desc()))

    def find_replied_conversation(self, outlet: OutletKey, remote_id: str) -> ConversationId | None:
        query = select(replies.c.conversation).where(replies.c.outlet == outlet, replies.c.remote_id == remote_id)
        return self.connection.scalar(query.limit(1))

    def list_waiting(
        self, incident: IncidentNumber, *, limit: int, free_at: datetime | None = None
    ) -> list[ConversationRow]:
        query = select(conversations).where(
            conversations.c.incident == incident, conversations.c.waiting_since.is_not(None)
        )
        if free_at is not None:
            query = query.where(_is_free(free_at))
        return self._conversations(query.order_by(conversations.c.waiting_since, conversations.c.id).limit(limit))

    def list_conversation_rows(self, incident: IncidentNumber, *, limit: int = 10_000) -> list[ConversationRow]:
        query = select(conversations).where(conversations.c.incident == incident)
        return self._conversations(query.order_by(conversations.c.id).limit(limit))

    def list_claimed_by(self, member: MemberId, *, now: datetime) -> list[ConversationRow]:
        query = select(conversations).where(conversations.c.claimed_by == member, conversations.c.claimed_until > now)
        return self._conversations(query.order_by(conversations.c.claimed_until))

    def list_follow_ups(self, incident: IncidentNumber) -> list[ConversationRow]:
        is_it = and_(conversations.c.incident == incident, conversations.c.follow_up)
        return self._conversations(select(conversations).where(is_it).order_by(conversations.c.id))

    def list_earlier(self, outlet: OutletKey, author: str, *, before: ConversationId) -> list[ConversationRow]:
        is_it = and_(conversations.c.outlet == outlet, conversations.c.author_id == author, conversations.c.id < before)
        return self._conversations(select(conversations).where(is_it).order_by(conversations.c.id.desc()).limit(10))

    def list_heard_outlets(self) -> list[OutletKey]:
        return list(self.connection.scalars(select(conversations.c.outlet).distinct().order_by(conversations.c.outlet)))

    def list_of_author(self, outlet: OutletKey, handle: str) -> list[ConversationRow]:
        """By handle in any case, or by the network's own id."""
        is_theirs = or_(
            func.lower(conversations.c.author_handle) == handle.lower(), conversations.c.author_id == handle
        )
        query = select(conversations).where(conversations.c.outlet == outlet, is_theirs)
        return self._conversations(query.order_by(conversations.c.id))

    def list_groups(self, incident: IncidentNumber, *, least: int = 2) -> list[Group]:
        """Of so many conversations at least, the largest first."""
        is_it = and_(mention_groups.c.incident == incident, mention_groups.c.conversations >= least)
        order = (mention_groups.c.conversations.desc(), mention_groups.c.id)
        return self._groups(select(mention_groups).where(is_it).order_by(*order).limit(MOST_GROUPS))

    def list_groups_sharing(self, incident: IncidentNumber, words: Collection[str]) -> list[Group]:
        """Those that share most of these words, the oldest first."""
        counted = (
            select(mention_group_words.c.group)
            .where(mention_group_words.c.incident == incident, mention_group_words.c.word.in_(list(words)))
            .group_by(mention_group_words.c.group)
            .order_by(func.count().desc(), mention_group_words.c.group)
            .limit(MOST_GROUPS)
        )
        return self._groups(
            select(mention_groups).where(mention_groups.c.id.in_(counted)).order_by(mention_groups.c.id)
        )

    def find_group(self, group: int) -> Group | None:
        return next(iter(self._groups(select(mention_groups).where(mention_groups.c.id == group))), None)

    def read_tally(self, incident: IncidentNumber, *, now: datetime) -> Tally:
        table = conversations.c
        is_here = table.incident == incident
        waits = table.waiting_since.is_not(None)
        query = select(
            func.coalesce(func.sum(table.mentions), 0),
            func.count(),
            func.count(table.first_answered_at),
            func.count().filter(table.is_closed, table.first_answered_at.is_(None)),
            func.count(table.waiting_since),
            func.count().filter(waits, _is_free(now)),
            func.min(table.waiting_since),
            func.count().filter(table.follow_up),
        ).where(is_here)
        row = self.connection.execute(query).one()
        return Tally(
            received=row[0],
            conversations=row[1],
            answered=row[2],
            closed=row[3],
            waiting=row[4],
            unclaimed=row[5],
            oldest_since=row[6],
            follow_ups=row[7],
            people=self._count_people(incident),
            median=self._find_wait(incident, row[2], 0.5),
            p90=self._find_wait(incident, row[2], 0.9),
            answered_lately=self._count_lately(incident, now),
        )

    def _count_people(self, incident: IncidentNumber) -> int:
        query = select(func.count(replies.c.by.distinct())).where(
            replies.c.incident == incident, replies.c.state == "sent"
        )
        return self.connection.scalar(query) or 0

    def _count_lately(self, incident: IncidentNumber, now: datetime) -> int:
        query = select(func.count()).where(
            replies.c.incident == incident, replies.c.state == "sent", replies.c.settled_at > now - LATELY
        )
        return self.connection.scalar(query) or 0

    def _find_wait(self, incident: IncidentNumber, answered: int, share: float) -> timedelta | None:
        """Of the answered conversations, how long that share of them waited at most for the first answer."""
        if not answered:
            return None
        order = conversations.c.first_answered_at - conversations.c.opened_at
        query = (
            select(conversations.c.opened_at, conversations.c.first_answered_at)
            .where(conversations.c.incident == incident, conversations.c.first_answered_at.is_not(None))
            .order_by(order)
            .offset(min(answered - 1, int(answered * share)))
            .limit(1)
        )
        opened_at, answered_at = self.connection.execute(query).one()
        return cast(timedelta, answered_at - opened_at)

    def find_listening(self, outlet: OutletKey) -> Listening | None:
        query = select(listenings).where(listenings.c.outlet == outlet)
        row = self.connection.execute(query).mappings().one_or_none()
        return None if row is None else Listening(**row)

    def list_listenings(self) -> list[Listening]:
        query = select(listenings).order_by(listenings.c.outlet)
        return [Listening(**row) for row in self.connection.execute(query).mappings()]

    def list_reply_attempts(self, conversation: ConversationId) -> list[ReplyAttempt]:
        query = select(reply_attempts).where(reply_attempts.c.conversation == conversation)
        return [ReplyAttempt(**row) for row in self.connection.execute(query.order_by(reply_attempts.c.id)).mappings()]

    def find_incident_by_post(self, outlet: OutletKey, remote_id: str) -> IncidentNumber | None:
        stands = deliveries.c.remote_id
        # Some outlets keep more than the id, after a blank: what answering that post needs.
        is_it = or_(stands == remote_id, stands.startswith(f"{remote_id} ", autoescape=True))
        query = select(deliveries.c.incident).where(deliveries.c.outlet == outlet, is_it)
        return self.connection.scalar(query.limit(1))

    def list_mention_posts(self, incident: IncidentNumber) -> list[MentionPost]:
        """Those that are about no single conversation."""
        is_it = and_(mention_posts.c.incident == incident, mention_posts.c.conversation.is_(None))
        return [MentionPost(**row) for row in self.connection.execute(select(mention_posts).where(is_it)).mappings()]

    def find_mention_post(self, key: str) -> MentionPost | None:
        row = self.connection.execute(select(mention_posts).where(mention_posts.c.key == key)).mappings().one_or_none()
        return None if row is None else MentionPost(**row)

    def list_stale_cards(self, incident: IncidentNumber, *, limit: int) -> list[ConversationRow]:
        """Conversations that have a card in Slack which no longer shows how they stand; the longest changed first."""
        query = (
            select(conversations)
            .join(mention_posts, mention_posts.c.conversation == conversations.c.id)
            .where(conversations.c.incident == incident, conversations.c.version != conversations.c.shown_version)
            .where(mention_posts.c.ts.is_not(None))
            .order_by(conversations.c.id)
        )
        return self._conversations(query.limit(limit))

    def list_without_card(self, incident: IncidentNumber, *, limit: int) -> list[ConversationRow]:
        """Where somebody waits, or a person has to decide, and no card stands in Slack; the longest waiting first."""
        needs_person = conversations.c.reply_state.in_(["unapproved", "held", "refused", "uncertain"])
        posted = select(mention_posts.c.conversation).where(mention_posts.c.conversation == conversations.c.id)
        is_it = and_(
            conversations.c.incident == incident,
            or_(conversations.c.waiting_since.is_not(None), needs_person),
            ~posted.exists(),
        )
        order = (needs_person.desc(), conversations.c.waiting_since, conversations.c.id)
        return self._conversations(select(conversations).where(is_it).order_by(*order).limit(limit))

    def list_doubtful_posts(self, incident: IncidentNumber) -> list[MentionPost]:
        """Sent, perhaps: their ts is not known."""
        is_it = and_(mention_posts.c.incident == incident, mention_posts.c.ts.is_(None))
        return [MentionPost(**row) for row in self.connection.execute(select(mention_posts).where(is_it)).mappings()]

    def list_erasable(self, *, resolved_before: datetime, limit: int) -> list[ConversationId]:
        """Conversations of incidents that were resolved before then, with words still there."""
        query = (
            select(conversations.c.id)
            .join(incidents, incidents.c.number == conversations.c.incident)
            .where(incidents.c.resolved_at < resolved_before, conversations.c.author_handle != "")
            .order_by(conversations.c.id)
        )
        return list(self.connection.scalars(query.limit(limit)))

    def _one_conversation(self, query: Select[Any]) -> ConversationRow | None:
        return next(iter(self._conversations(query.limit(1))), None)

    def _conversations(self, query: Select[Any]) -> list[ConversationRow]:
        return [_conversation_from(row) for row in self.connection.execute(query).mappings()]

    def _groups(self, query: Select[Any]) -> list[Group]:
        rows: Iterable[RowMapping] = self.connection.execute(query).mappings()
        return [Group(**{**row, "gist": frozenset(row["gist"])}) for row in rows]


def _is_free(now: datetime) -> Any:
    """Nobody has claimed it, and no answer is under way."""
    no_claim = or_(conversations.c.claimed_until.is_(None), conversations.c.claimed_until <= now)
    return and_(no_claim, or_(conversations.c.reply_state.is_(None), ~_IS_UNDER_WAY))


def _mention_from(row: RowMapping) -> KeptMention:
    return KeptMention(**{**row, "kind": MentionKind(row["kind"])})


def _conversation_from(row: RowMapping) -> ConversationRow:
    author = Author(
        id=row["author_id"], handle=row["author_handle"], name=row["author_name"], followers=row["followers"]
    )
    fields = {name: value for name, value in row.items() if name in conversations.c and name not in _LEDGER_ONLY}
    return ConversationRow(author=author, version=row["version"], **fields)
