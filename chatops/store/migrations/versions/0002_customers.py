"""Customers who write: what they wrote, how each conversation stands, what we answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_conversations()
    _create_listenings()
    _create_mention_group_words()
    _create_mention_groups()
    _create_mention_posts()
    _create_mentions()
    _create_replies()
    _create_reply_attempts()
    _index_deliveries()


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author_handle", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("followers", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("last_text", sa.Text(), nullable=False),
        sa.Column("last_url", sa.Text(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("echoes", sa.Integer(), nullable=False),
        sa.Column("group", sa.Integer(), nullable=True),
        sa.Column("waiting_since", sa.BigInteger(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("reply_state", sa.Text(), nullable=True),
        sa.Column("first_answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("is_escalated", sa.Boolean(), nullable=False),
        sa.Column("follow_up", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shown_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint(
            "incident", "outlet", "author_id", "thread", name=op.f("uq_conversations_incident_outlet_author_id_thread")
        ),
    )
    op.create_index(op.f("ix_conversations_claimed_by"), "conversations", ["claimed_by"])
    op.create_index(op.f("ix_conversations_incident_waiting_since"), "conversations", ["incident", "waiting_since"])
    op.create_index(op.f("ix_conversations_outlet_author_id"), "conversations", ["outlet", "author_id"])


def _create_listenings() -> None:
    op.create_table(
        "listenings",
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("paid_reads", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("outlet", name=op.f("pk_listenings")),
    )


def _create_mention_group_words() -> None:
    op.create_table(
        "mention_group_words",
        sa.Column("incident", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("group", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("incident", "word", "group", name=op.f("pk_mention_group_words")),
    )


def _create_mention_groups() -> None:
    op.create_table(
        "mention_groups",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("gist", sa.JSON(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention_groups")),
    )
    op.create_index(op.f("ix_mention_groups_incident"), "mention_groups", ["incident"])


def _create_mention_posts() -> None:
    op.create_table(
        "mention_posts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.Integer(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("rendering", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mention_posts")),
    )
    op.create_index(op.f("ix_mention_posts_conversation"), "mention_posts", ["conversation"])
    op.create_index(op.f("ix_mention_posts_incident"), "mention_posts", ["incident"])


def _create_mentions() -> None:
    op.create_table(
        "mentions",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("is_echo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_mentions")),
        sa.UniqueConstraint("outlet", "remote_id", name=op.f("uq_mentions_outlet_remote_id")),
    )
    op.create_index(op.f("ix_mentions_conversation_seq"), "mentions", ["conversation", "seq"])


def _create_replies() -> None:
    op.create_table(
        "replies",
        sa.Column("conversation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("conversation", "number", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_incident_state"), "replies", ["incident", "state"])
    op.create_index(op.f("ix_replies_outlet_remote_id"), "replies", ["outlet", "remote_id"])


def _create_reply_attempts() -> None:
    op.create_table(
        "reply_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Integer(), nullable=False),
        sa.Column("requeued", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_attempts")),
    )
    op.create_index(op.f("ix_reply_attempts_conversation"), "reply_attempts", ["conversation"])


def _index_deliveries() -> None:
    op.create_index(op.f("ix_deliveries_outlet_remote_id"), "deliveries", ["outlet", "remote_id"])
