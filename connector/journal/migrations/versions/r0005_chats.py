"""Conversations that the connector itself keeps: visitors and their messages."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OPEN = sa.text("mark IN ('kept', 'failed')")


def upgrade() -> None:
    op.create_table(
        "chats",
        _column("account", NAME, primary_key=True),
        _column("visitor", NAME, primary_key=True),
        *[_column(name, NUMBER) for name in ("seq", "seen")],
        *[_column(name, sa.Text) for name in ("language", "page", "marks")],
        *[_column(name, sa.Double) for name in ("created_at", "changed_at")],
    )
    op.create_index("ix_chats_changed", "chats", ["changed_at"])
    op.create_table(
        "chat_messages",
        _column("id", NUMBER, primary_key=True, autoincrement=True),
        *[_column(name, NAME) for name in ("account", "visitor", "key")],
        *[_column(name, NUMBER) for name in ("seq", "born")],
        *[_column(name, sa.Text) for name in ("side", "name", "author", "asks", "text", "files", "mark")],
        _column("created_at", sa.Double),
        sa.Column("edited_at", sa.Double),
        sa.Column("deleted_at", sa.Double),
        sa.UniqueConstraint("account", "key", name="uq_chat_messages_key"),
        sa.ForeignKeyConstraint(["account", "visitor"], ["chats.account", "chats.visitor"], ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chat_messages_place", "chat_messages", ["account", "visitor", "id"])
    op.create_index("ix_chat_messages_seq", "chat_messages", ["account", "visitor", "seq"])
    op.create_index(
        "ix_chat_messages_open", "chat_messages", ["account", "visitor"], sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    for table in ("chat_messages", "chats"):
        op.drop_table(table)


def _column(name: str, kind: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)
