"""The tables of customers who write: ledgers of what they wrote and what we tried, and the read table of replies."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint

from chatops.store.tables import UtcTime, metadata

# Ledgers: primary, not in the log. What customers wrote is erased here when its time is over.
mentions = Table(
    "mentions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("outlet", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("conversation", Integer, nullable=False),
    Column("incident", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("subject", Text),
    Column("url", Text),
    Column("parent", Text),
    Column("posted_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("edited_at", UtcTime),
    Column("deleted_at", UtcTime),
    Column("is_echo", Boolean, nullable=False),
    UniqueConstraint("outlet", "remote_id"),
    Index(None, "conversation", "seq"),
)

# Who and where is primary; how it stands follows from its log and its mentions, and is brought up with them.
# `version` grows with every change, `shown_version` is what its card in Slack shows.
conversations = Table(
    "conversations",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("incident", Integer, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_handle", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("followers", Integer),
    Column("opened_at", UtcTime, nullable=False),
    Column("last_text", Text, nullable=False),
    Column("last_url", Text),
    Column("last_seq", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("echoes", Integer, nullable=False),
    Column("group", Integer),
    Column("waiting_since", UtcTime),
    Column("claimed_by", Text),
    Column("claimed_until", UtcTime),
    Column("reply_state", Text),
    Column("first_answered_at", UtcTime),
    Column("answered_by", Text),
    Column("is_closed", Boolean, nullable=False),
    Column("is_escalated", Boolean, nullable=False),
    Column("follow_up", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("shown_version", Integer, nullable=False),
    UniqueConstraint("incident", "outlet", "author_id", "thread"),
    Index(None, "incident", "waiting_since"),
    Index(None, "outlet", "author_id"),
    Index(None, "claimed_by"),
)

mention_groups = Table(
    "mention_groups",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("incident", Integer, nullable=False, index=True),
    Column("gist", JSON, nullable=False),
    Column("sample", Text, nullable=False),
    Column("conversations", Integer, nullable=False),
)

# The words of each group, to find those that share some without reading them all.
mention_group_words = Table(
    "mention_group_words",
    metadata,
    Column("incident", Integer, primary_key=True, autoincrement=False),
    Column("word", Text, primary_key=True),
    Column("group", Integer, primary_key=True, autoincrement=False),
)

listenings = Table(
    "listenings",
    metadata,
    Column("outlet", Text, primary_key=True),
    Column("cursor", Text),
    Column("heard_at", UtcTime),
    Column("day", Text, nullable=False),
    Column("paid_reads", Integer, nullable=False),
    Column("trouble", Text),
)

reply_attempts = Table(
    "reply_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", Integer, nullable=False, index=True),
    Column("reply", Integer, nullable=False),
    Column("requeued", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("outcome", Text),
    Column("note", Text),
    Column("next_at", UtcTime),
)

mention_posts = Table(
    "mention_posts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("incident", Integer, nullable=False, index=True),
    Column("conversation", Integer, index=True),
    Column("channel", Text, nullable=False),
    Column("ts", Text),
    Column("rendering", Text, nullable=False),
)

# Read table: emptied and rebuilt from the log.
replies = Table(
    "replies",
    metadata,
    Column("conversation", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("incident", Integer, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("remote_id", Text),
    Column("settled_at", UtcTime),
    Index(None, "outlet", "remote_id"),
    Index(None, "incident", "state"),
)
