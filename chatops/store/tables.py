"""Every table of the database: the log, the ledgers (primary) and the read tables (rebuilt from the log)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, kept as whole microseconds since 1970 in UTC: exact, sortable, one form only."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's)
        return _count_microseconds

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else EPOCH + timedelta(microseconds=value)


def _count_microseconds(value: datetime | None) -> int | None:
    if value is None:
        return None
    try:
        return (value - EPOCH) // _MICROSECOND
    except TypeError:
        raise ValueError("A time without a time zone cannot be stored.") from None


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


# The log. `text` and `salt` are NULL together where the data was erased.
records = Table(
    "records",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text),
    Column("salt", LargeBinary),
    Column("data_digest", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
)


# Ledgers: primary, not in the log.
commands = Table(
    "commands",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("answer", JSON, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("slack_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("is_guest", Boolean, nullable=False),
    Column("is_bot", Boolean, nullable=False),
    Column("is_known", Boolean, nullable=False),
    UniqueConstraint("workspace", "slack_id"),
)

member_groups = Table(
    "member_groups",
    metadata,
    Column("member", Text, ForeignKey(members.c.id, ondelete="CASCADE"), primary_key=True),
    Column("handle", Text, primary_key=True),
)

identities = Table(
    "identities",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("bot_id", Text, nullable=False),
    Column("bot_slack_id", Text, nullable=False),
    Column("team_name", Text, nullable=False),
)

slack_channels = Table(
    "slack_channels",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("channel", Text, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    Column("incident", Integer, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text),
    Column("posted_seq", Integer, nullable=False),
    Column("is_own", Boolean, nullable=False),
    Index(None, "channel", "ts"),
)

posts = Table(
    "posts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("incident", Integer, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text),
    Column("thread_ts", Text),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("rendering", Text, nullable=False),
    Index(None, "channel", "ts"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, nullable=False),
    Column("update", Integer, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("requeued", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("outcome", Text),
    Column("note", Text),
    Column("next_at", UtcTime),
    Index(None, "incident", "update"),
)

# `generation` grows with every put: a job that was asked for again while it ran is not deleted when it finishes.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index(None, "due_at", "id"),
)


# Read tables: emptied and rebuilt from the log.
incidents = Table(
    "incidents",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("workspace", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("impact", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("slack_channel", Text),
    Column("opened_at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime, index=True),
    Column("due_at", UtcTime),
    Column("comms_lead", Text, nullable=False),
    Column("commander", Text, nullable=False),
    Column("head_seq", Integer, nullable=False),
    Column("has_open_draft", Boolean, nullable=False),
    Column("people", JSON, nullable=False),
)

page_posts = Table(
    "page_posts",
    metadata,
    Column("incident", Integer, primary_key=True, autoincrement=False),
    Column("update", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("impact", Text, nullable=False),
    Column("components", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("next_due_at", UtcTime),
    Column("edited_at", UtcTime),
    Column("is_retracted", Boolean, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("incident", Integer, primary_key=True, autoincrement=False),
    Column("update", Integer, primary_key=True, autoincrement=False),
    Column("outlet", Text, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("url", Text),
    Column("remote_id", Text),
    Column("reason", Text),
    Column("requeued", Integer, nullable=False),
    Index(None, "outlet", "remote_id"),
)

READ_TABLES = (deliveries, page_posts, incidents)
