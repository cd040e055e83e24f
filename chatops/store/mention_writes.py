"""What is written about customers who write: the ledgers, and how each conversation stands."""

from collections.abc import Callable, Collection
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Table, delete, func, insert, select, update

from chatops.domain.conversation import Conversation, Reply, ReplyState
from chatops.domain.ids import ConversationId, OutletKey, conversation_stream
from chatops.domain.mention import KeptMention, Mention, MentionKind, hide_id
from chatops.store.mention_reads import SqlMentionReads
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
from chatops.store.tables import records
from chatops.usecases.mention_ports import ConversationRow, Group, Listening, MentionPost, ReplyAttempt

ERASED_KINDS = ("reply_written", "no_reply_needed", "conversation_escalated", "reply_held")
"""Records of a conversation that repeat words of ours or reasons which may name somebody."""


class SqlMentionWrites(SqlMentionReads):
    """Writes on one connection that holds the write lock."""

    _upsert: Callable[[Table, dict[str, object]], None]
    _count_up: Callable[[str], int]

    def take_conversation_id(self) -> ConversationId:
        return ConversationId(self._count_up("conversation"))

    def take_group_id(self) -> int:
        return self._count_up("mention_group")

    def add_mention(
        self, outlet: OutletKey, mention: Mention, *, row: ConversationRow, seen_at: datetime, is_echo: bool
    ) -> KeptMention:
        fields = {
            "outlet": outlet,
            "remote_id": mention.id,
            "conversation": row.id,
            "incident": row.incident,
            "kind": mention.kind.value,
            "text": mention.text,
            "url": mention.url,
            "parent": mention.parent,
            "posted_at": mention.posted_at,
            "seen_at": seen_at,
            "edited_at": None,
            "deleted_at": None,
            "is_echo": is_echo,
        }
        statement = insert(mentions).values(fields).returning(mentions.c.seq)
        seq = self.connection.execute(statement).scalar_one()
        return KeptMention(**{**fields, "kind": mention.kind, "seq": seq})

    def add_gone(self, outlet: OutletKey, remote_id: str, at: datetime) -> None:
        nothing = {"conversation": 0, "incident": 0, "kind": MentionKind.MENTION.value, "text": "", "is_echo": True}
        row = {"outlet": outlet, "remote_id": remote_id, "posted_at": at, "seen_at": at, "deleted_at": at, **nothing}
        self.connection.execute(insert(mentions).values(row))

    def change_mention(self, mention: KeptMention) -> None:
        changed = {
            "text": mention.text,
            "url": mention.url,
            "edited_at": mention.edited_at,
            "deleted_at": mention.deleted_at,
        }
        self.connection.execute(update(mentions).where(mentions.c.seq == mention.seq).values(changed))

    def save_conversation(self, row: ConversationRow) -> None:
        names = [column.name for column in conversations.c]
        fields = {name: getattr(row, name) for name in names if hasattr(row, name)}
        author = {
            "author_id": row.author.id,
            "author_handle": row.author.handle,
            "author_name": row.author.name,
            "followers": row.author.followers,
        }
        shown = self.connection.scalar(select(conversations.c.shown_version).where(conversations.c.id == row.id))
        self._upsert(conversations, {**fields, **author, "version": row.version + 1, "shown_version": shown or 0})

    def settle_conversation(self, conversation: Conversation) -> None:
        self._save_replies(conversation)
        own = mentions.c.conversation == conversation.id
        counts = select(
            func.count().filter(~mentions.c.is_echo),
            func.count().filter(mentions.c.is_echo),
            func.min(mentions.c.posted_at).filter(
                mentions.c.seq > conversation.covers, mentions.c.deleted_at.is_(None), ~mentions.c.is_echo
            ),
        ).where(own)
        received, echoes, waiting_since = self.connection.execute(counts).one()
        stands = self._find_last(conversation.id) | _stand(conversation, waiting_since)
        changed = {"mentions": received, "echoes": echoes, "waiting_since": waiting_since, **stands}
        grown = {"version": conversations.c.version + 1}
        self.connection.execute(
            update(conversations).where(conversations.c.id == conversation.id).values({**changed, **grown})
        )

    def _find_last(self, conversation: ConversationId) -> dict[str, object]:
        """The newest post that still stands there, else the newest of all."""
        order = (mentions.c.is_echo, mentions.c.deleted_at.is_not(None), mentions.c.seq.desc())
        query = select(mentions.c.text, mentions.c.url, mentions.c.seq, mentions.c.posted_at)
        row = self.connection.execute(query.where(mentions.c.conversation == conversation).order_by(*order).limit(1))
        found = row.one_or_none()
        if found is None:
            return {}
        return {"last_text": found[0], "last_url": found[1], "last_seq": found[2], "last_at": found[3]}

    def _save_replies(self, conversation: Conversation) -> None:
        for reply in conversation.replies:
            row = {
                "conversation": conversation.id,
                "number": reply.number,
                "incident": conversation.incident,
                "outlet": conversation.outlet,
                "by": reply.by,
                "state": reply.state.value,
                "remote_id": reply.remote_id,
                "settled_at": reply.settled_at,
            }
            self._upsert(replies, row)

    def save_group(self, group: Group) -> None:
        row = {**asdict(group), "gist": sorted(group.gist)}
        known = self.connection.scalar(select(mention_groups.c.id).where(mention_groups.c.id == group.id))
        self._upsert(mention_groups, row)
        if known is None and group.gist:
            words = [{"incident": group.incident, "word": word, "group": group.id} for word in sorted(group.gist)]
            self.connection.execute(insert(mention_group_words), words)

    def save_listening(self, listening: Listening) -> None:
        self._upsert(listenings, asdict(listening))

    def start_reply_attempt(
        self, *, conversation: ConversationId, reply: int, requeued: int, at: datetime
    ) -> ReplyAttempt:
        row = {"conversation": conversation, "reply": reply, "requeued": requeued, "started_at": at}
        statement = insert(reply_attempts).values(row).returning(reply_attempts.c.id)
        number = self.connection.execute(statement).scalar_one()
        return ReplyAttempt(id=number, conversation=conversation, reply=reply, requeued=requeued, started_at=at)

    def finish_reply_attempt(
        self, attempt: int, *, at: datetime, outcome: str, note: str | None, next_at: datetime | None
    ) -> None:
        changed = {"finished_at": at, "outcome": outcome, "note": note, "next_at": next_at}
        self.connection.execute(update(reply_attempts).where(reply_attempts.c.id == attempt).values(changed))

    def save_mention_post(self, post: MentionPost) -> None:
        self._upsert(mention_posts, asdict(post))

    def delete_mention_post(self, key: str) -> None:
        self.connection.execute(delete(mention_posts).where(mention_posts.c.key == key))

    def mark_shown(self, conversation: ConversationId, version: int) -> None:
        is_it = conversations.c.id == conversation
        self.connection.execute(update(conversations).where(is_it).values(shown_version=version))

    def erase_conversations(self, ids: Collection[ConversationId]) -> int:
        for conversation in ids:
            self._erase(conversation)
        return len(ids)

    def _erase(self, conversation: ConversationId) -> None:
        own = mentions.c.conversation == conversation
        for row in self.connection.execute(select(mentions.c.seq, mentions.c.outlet, mentions.c.remote_id).where(own)):
            # The number that a network gives to a post leads back to who wrote it.
            nameless = {"text": "", "url": None, "parent": None, "remote_id": hide_id(row.outlet, row.remote_id)}
            gone = {"deleted_at": func.coalesce(mentions.c.deleted_at, mentions.c.seen_at)}
            self.connection.execute(update(mentions).where(mentions.c.seq == row.seq).values({**nameless, **gone}))
        self._erase_group(conversation)
        erased = {
            "author_id": f"erased {conversation}",
            "author_handle": "",
            "author_name": "",
            "followers": None,
            "thread": "",
            "last_text": "",
            "last_url": None,
            "version": conversations.c.version + 1,
        }
        self.connection.execute(update(conversations).where(conversations.c.id == conversation).values(erased))
        self.connection.execute(
            update(reply_attempts).where(reply_attempts.c.conversation == conversation).values(note=None)
        )
        said = (records.c.stream == conversation_stream(conversation)) & records.c.kind.in_(ERASED_KINDS)
        self.connection.execute(update(records).where(said).values(text=None, salt=None))

    def _erase_group(self, conversation: ConversationId) -> None:
        """A group's example may be this person's: another's takes its place, else nothing of it is kept."""
        row = self.find_conversation_row(conversation)
        if row is None or row.group is None:
            return
        others = (conversations.c.group == row.group) & (conversations.c.id != conversation)
        sample = self.connection.scalar(
            select(conversations.c.last_text).where(others, conversations.c.last_text != "").limit(1)
        )
        kept = {"sample": sample} if sample else {"sample": "", "gist": []}
        self.connection.execute(update(mention_groups).where(mention_groups.c.id == row.group).values(kept))
        if not sample:
            self.connection.execute(delete(mention_group_words).where(mention_group_words.c.group == row.group))


def _stand(conversation: Conversation, waiting_since: datetime | None) -> dict[str, object]:
    current: Reply | None = conversation.current or next(reversed(conversation.replies), None)
    sent = [each for each in conversation.replies if each.state is ReplyState.SENT]
    answered = {"first_answered_at": sent[0].settled_at, "answered_by": sent[-1].by} if sent else {}
    return {
        "claimed_by": conversation.claimed_by,
        "claimed_until": conversation.claimed_until,
        "reply_state": current.state.value if current else None,
        "is_closed": conversation.closed_reason is not None and waiting_since is None,
        "is_escalated": conversation.escalated_reason is not None,
        "follow_up": conversation.follow_up,
        **answered,
    }
