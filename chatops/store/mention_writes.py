"""What is written about customers who write: the ledgers, and how each conversation stands."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert

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
from chatops.store.prepared import Prepared, each_of, fields_of, names_of, prepare_upsert
from chatops.store.tables import records
from chatops.usecases.mention_ports import ConversationRow, Group, Listening, MentionPost, ReplyAttempt

ERASED_KINDS = ("reply_written", "no_reply_needed", "conversation_escalated", "reply_held")
"""Records of a conversation that repeat words of ours or reasons which may name somebody."""

_M = mentions.c
_C = conversations.c
_ADD_MENTION = Prepared(insert(mentions).returning(_M.seq), [name for name in names_of(mentions) if name != "seq"])
_CHANGE_MENTION = Prepared(
    update(mentions).where(_M.seq == bindparam("of_seq")), ("text", "subject", "url", "edited_at", "deleted_at")
)
_SHOWN_VERSION = Prepared(select(_C.shown_version).where(_C.id == bindparam("conversation")))
_COUNTS = Prepared(
    select(
        func.count().filter(~_M.is_echo).label("mentions"),
        func.count().filter(_M.is_echo).label("echoes"),
        func.min(_M.posted_at)
        .filter(_M.seq > bindparam("covers"), _M.deleted_at.is_(None), ~_M.is_echo)
        .label("waiting_since"),
    ).where(_M.conversation == bindparam("conversation"))
)
_FIND_LAST = Prepared(
    select(
        _M.text.label("last_text"), _M.url.label("last_url"), _M.seq.label("last_seq"), _M.posted_at.label("last_at")
    )
    .where(_M.conversation == bindparam("conversation"))
    .order_by(_M.is_echo, _M.deleted_at.is_not(None), _M.seq.desc())
    .limit(1)
)
_STANDING = (
    *("mentions", "echoes", "waiting_since", "last_text", "last_url", "last_seq", "last_at"),
    *("claimed_by", "claimed_until", "reply_state", "is_closed", "is_escalated", "follow_up"),
)
_ANSWERED = ("first_answered_at", "answered_by")
_SETTLE = Prepared(
    update(conversations).where(_C.id == bindparam("conversation")).values({"version": _C.version + 1}), _STANDING
)
_SAVE_ANSWERED = Prepared(update(conversations).where(_C.id == bindparam("conversation")), _ANSWERED)
_ADD_WORDS = Prepared(insert(mention_group_words))
_START_ATTEMPT = Prepared(
    insert(reply_attempts).returning(reply_attempts.c.id), ("conversation", "reply", "requeued", "started_at")
)
_FINISH_ATTEMPT = Prepared(
    update(reply_attempts).where(reply_attempts.c.id == bindparam("attempt")),
    ("finished_at", "outcome", "note", "next_at"),
)
_DELETE_POST = Prepared(delete(mention_posts).where(mention_posts.c.key == bindparam("of_key")))
_MARK_SHOWN = Prepared(update(conversations).where(_C.id == bindparam("conversation")), ("shown_version",))
_LIST_IDS = Prepared(
    select(_M.seq, _M.outlet, _M.remote_id, func.coalesce(_M.deleted_at, _M.seen_at, type_=_M.seen_at.type).label("at"))
    .where(_M.conversation == bindparam("conversation"))
    .order_by(_M.seq)
)
_NAMELESS = ("text", "subject", "url", "parent", "remote_id", "deleted_at")
_ERASE_MENTION = Prepared(update(mentions).where(_M.seq == bindparam("of_seq")), _NAMELESS)
_FORGOTTEN = (
    "author_id",
    "author_handle",
    "author_name",
    "followers",
    "thread",
    "last_text",
    "last_url",
)
_ERASE_ROW = Prepared(
    update(conversations).where(_C.id == bindparam("conversation")).values({"version": _C.version + 1}), _FORGOTTEN
)
_ERASE_NOTES = Prepared(
    update(reply_attempts).where(reply_attempts.c.conversation == bindparam("of_conversation")), ("note",)
)
_ERASE_RECORDS = Prepared(
    update(records).where(records.c.stream == bindparam("of_stream"), records.c.kind.in_(each_of("kinds"))),
    ("text", "salt"),
)
_FIND_SAMPLE = Prepared(
    select(_C.last_text)
    .where(_C.group == bindparam("group"), _C.id != bindparam("but"), _C.last_text != literal_column("''"))
    .limit(1)
)
_CHANGE_GROUP = Prepared(update(mention_groups).where(mention_groups.c.id == bindparam("of_group")), ("sample", "gist"))
_DELETE_WORDS = Prepared(delete(mention_group_words).where(mention_group_words.c.group == bindparam("of_group")))


class SqlMentionWrites(SqlMentionReads):
    """Writes on one connection that holds the write lock."""

    _save: Callable[[Table, object], None]
    _upsert: Callable[[Table, dict[str, Any]], None]
    _count_up: Callable[[str], int]

    def take_conversation_id(self) -> ConversationId:
        return ConversationId(self._count_up("conversation"))

    def take_group_id(self) -> int:
        return self._count_up("mention_group")

    def add_mention(
        self, outlet: OutletKey, mention: Mention, *, row: ConversationRow, seen_at: datetime, is_echo: bool
    ) -> KeptMention:
        fields: dict[str, Any] = {
            "outlet": outlet,
            "remote_id": mention.id,
            "conversation": row.id,
            "incident": row.incident,
            "kind": mention.kind,
            "text": mention.text,
            "subject": mention.subject,
            "url": mention.url,
            "parent": mention.parent,
            "posted_at": mention.posted_at,
            "seen_at": seen_at,
            "edited_at": None,
            "deleted_at": None,
            "is_echo": is_echo,
        }
        seq = _ADD_MENTION.scalar(self.connection, **{**fields, "kind": mention.kind.value})
        return KeptMention(**fields, seq=seq)

    def add_gone(self, outlet: OutletKey, remote_id: str, at: datetime) -> None:
        nothing = {"conversation": 0, "incident": 0, "text": "", "is_echo": True}
        nowhere = {"subject": None, "url": None, "parent": None}
        moments = {"posted_at": at, "seen_at": at, "edited_at": None, "deleted_at": at}
        what = {"outlet": outlet, "remote_id": remote_id, "kind": MentionKind.MENTION.value}
        _ADD_MENTION.scalar(self.connection, **what, **nothing, **nowhere, **moments)

    def change_mention(self, mention: KeptMention) -> None:
        _CHANGE_MENTION.run(self.connection, {"of_seq": mention.seq, **fields_of(mention)})

    def save_conversation(self, row: ConversationRow) -> None:
        author = {
            "author_id": row.author.id,
            "author_handle": row.author.handle,
            "author_name": row.author.name,
            "followers": row.author.followers,
        }
        shown = _SHOWN_VERSION.scalar(self.connection, conversation=row.id)
        versions = {"version": row.version + 1, "shown_version": shown or 0}
        self._upsert(conversations, {**fields_of(row), **author, **versions})

    def settle_conversation(self, conversation: Conversation) -> None:
        rows = [_reply_row(conversation, reply) for reply in conversation.replies]
        prepare_upsert(replies).run_many(self.connection, rows)
        of = {"conversation": conversation.id}
        counts = _COUNTS.first(self.connection, **of, covers=conversation.covers) or {}
        last = _FIND_LAST.first(self.connection, **of)
        if last is None:
            return
        _SETTLE.run(self.connection, {**of, **counts, **last, **_stand(conversation, counts["waiting_since"])})
        sent = [each for each in conversation.replies if each.state is ReplyState.SENT]
        if sent:
            answered = {"first_answered_at": sent[0].settled_at, "answered_by": sent[-1].by}
            _SAVE_ANSWERED.run(self.connection, {**of, **answered})

    def save_group(self, group: Group) -> None:
        is_known = self.find_group(group.id) is not None
        self._upsert(mention_groups, {**fields_of(group), "gist": sorted(group.gist)})
        if not is_known:
            words = [{"incident": group.incident, "word": word, "group": group.id} for word in sorted(group.gist)]
            _ADD_WORDS.run_many(self.connection, words)

    def save_listening(self, listening: Listening) -> None:
        self._save(listenings, listening)

    def start_reply_attempt(
        self, *, conversation: ConversationId, reply: int, requeued: int, at: datetime
    ) -> ReplyAttempt:
        row = {"conversation": conversation, "reply": reply, "requeued": requeued, "started_at": at}
        number = _START_ATTEMPT.scalar(self.connection, **row)
        return ReplyAttempt(id=number, conversation=conversation, reply=reply, requeued=requeued, started_at=at)

    def finish_reply_attempt(
        self, attempt: int, *, at: datetime, outcome: str, note: str | None, next_at: datetime | None
    ) -> None:
        changed = {"finished_at": at, "outcome": outcome, "note": note, "next_at": next_at}
        _FINISH_ATTEMPT.run(self.connection, {"attempt": attempt, **changed})

    def save_mention_post(self, post: MentionPost) -> None:
        self._save(mention_posts, post)

    def delete_mention_post(self, key: str) -> None:
        _DELETE_POST.run(self.connection, {"of_key": key})

    def mark_shown(self, conversation: ConversationId, version: int) -> None:
        _MARK_SHOWN.run(self.connection, {"conversation": conversation, "shown_version": version})

    def erase_conversations(self, ids: Collection[ConversationId]) -> int:
        for conversation in ids:
            self._erase(conversation)
        return len(ids)

    def _erase(self, conversation: ConversationId) -> None:
        for row in _LIST_IDS.rows(self.connection, conversation=conversation):
            # The number that a network gives to a post leads back to who wrote it.
            hidden = hide_id(row["outlet"], row["remote_id"])
            nothing = {"text": "", "subject": None, "url": None, "parent": None}
            nameless = {**nothing, "remote_id": hidden, "deleted_at": row["at"]}
            _ERASE_MENTION.run(self.connection, {"of_seq": row["seq"], **nameless})
        self._erase_group(conversation)
        nobody = dict.fromkeys(_FORGOTTEN, "") | {"author_id": f"erased {conversation}", "followers": None}
        _ERASE_ROW.run(self.connection, {"conversation": conversation, **nobody, "last_url": None})
        _ERASE_NOTES.run(self.connection, {"of_conversation": conversation, "note": None})
        said = {"of_stream": conversation_stream(conversation), "kinds": list(ERASED_KINDS)}
        _ERASE_RECORDS.run(self.connection, {**said, "text": None, "salt": None})

    def _erase_group(self, conversation: ConversationId) -> None:
        """A group's example may be this person's: another's takes its place, else nothing of it is kept."""
        row = self.find_conversation_row(conversation)
        group = self.find_group(row.group) if row and row.group else None
        if group is None:
            return
        sample = _FIND_SAMPLE.scalar(self.connection, group=group.id, but=conversation) or ""
        gist = sorted(group.gist) if sample else []
        _CHANGE_GROUP.run(self.connection, {"of_group": group.id, "sample": sample, "gist": gist})
        if not sample:
            _DELETE_WORDS.run(self.connection, {"of_group": group.id})


def _reply_row(conversation: Conversation, reply: Reply) -> dict[str, Any]:
    return {
        "conversation": conversation.id,
        "number": reply.number,
        "incident": conversation.incident,
        "outlet": conversation.outlet,
        "by": reply.by,
        "state": reply.state.value,
        "remote_id": reply.remote_id,
        "settled_at": reply.settled_at,
    }


def _stand(conversation: Conversation, waiting_since: datetime | None) -> dict[str, Any]:
    current: Reply | None = conversation.current or next(reversed(conversation.replies), None)
    return {
        "claimed_by": conversation.claimed_by,
        "claimed_until": conversation.claimed_until,
        "reply_state": current.state.value if current else None,
        "is_closed": conversation.closed_reason is not None and waiting_since is None,
        "is_escalated": conversation.escalated_reason is not None,
        "follow_up": conversation.follow_up,
    }
