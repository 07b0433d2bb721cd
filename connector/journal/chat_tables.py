"""The tables of conversations that are kept here (docs/adr/0006)."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKeyConstraint, Index, Table, Text, UniqueConstraint, text

from connector.journal.schema import NAME, NUMBER, metadata

# ``seq`` grows with every change of the conversation; ``seen`` is how far the visitor has seen it.
chats = Table(
    "chats",
    metadata,
    Column("account", NAME, primary_key=True),
    Column("visitor", NAME, primary_key=True),
    Column("seq", NUMBER, nullable=False),
    Column("seen", NUMBER, nullable=False),
    Column("language", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("marks", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Index("ix_chats_changed", "changed_at"),
)

# ``key`` is the envelope's dedupe key (what a visitor said) or the ledger's key (what was said to them): each once.
# ``seq`` is that of the row's last change, ``born`` that of its first.
chat_messages = Table(
    "chat_messages",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("account", NAME, nullable=False),
    Column("visitor", NAME, nullable=False),
    Column("key", NAME, nullable=False),
    Column("seq", NUMBER, nullable=False),
    Column("born", NUMBER, nullable=False),
    Column("side", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("asks", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("files", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("edited_at", Double),
    Column("deleted_at", Double),
    UniqueConstraint("account", "key", name="uq_chat_messages_key"),
    ForeignKeyConstraint(["account", "visitor"], ["chats.account", "chats.visitor"], ondelete="CASCADE"),
    Index("ix_chat_messages_place", "account", "visitor", "id"),
    Index("ix_chat_messages_seq", "account", "visitor", "seq"),
    # What is on its way or in trouble: the marks that may still change by themselves.
    Index(
        "ix_chat_messages_open",
        "account",
        "visitor",
        sqlite_where=text("mark IN ('kept', 'failed')"),
        postgresql_where=text("mark IN ('kept', 'failed')"),
    ),
    sqlite_autoincrement=True,
)
