"""The tables, one schema for SQLite and PostgreSQL. Times are unix seconds; ids and lanes compare bytewise.

A change here needs a migration in ``migrations/versions``; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# Names that are sorted or compared: bytewise, whatever the locale of the database is.
NAME = Text().with_variant(Text(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer, "sqlite")

envelopes = Table(
    "envelopes",
    metadata,
    Column("trace", NAME, primary_key=True),
    Column("account", NAME, nullable=False),
    Column("dedupe_key", NAME, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("remote", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("account", "dedupe_key", name="uq_envelopes_dedupe"),
    Index("ix_envelopes_created", "created_at", "trace"),
    Index(
        "ix_envelopes_parked",
        "trace",
        sqlite_where=text("state = 'parked'"),
        postgresql_where=text("state = 'parked'"),
    ),
    Index("ix_envelopes_account", "account", "trace"),
    Index(
        "ix_envelopes_ignored",
        "trace",
        sqlite_where=text("state = 'ignored'"),
        postgresql_where=text("state = 'ignored'"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("trace", NAME, ForeignKey("envelopes.trace", ondelete="CASCADE"), nullable=False),
    Column("destination", NAME, nullable=False),
    Column("lane", NAME, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("replayed_at", Double),
    Column("settled_at", Double),
    Column("album", Text, nullable=False),
    Column("leader", NUMBER),
    Column("cause", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("flagged", Text, nullable=False),
    Column("mapping", Text),
    Index("ix_deliveries_trace", "trace"),
    Index("ix_deliveries_lane", "lane", "trace"),
    # The queue. Claims walk it lane by lane and read the head's time from it.
    Index(
        "ix_deliveries_waiting",
        "destination",
        "lane",
        "position",
        "id",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_parked",
        "destination",
        "id",
        sqlite_where=text("state = 'parked'"),
        postgresql_where=text("state = 'parked'"),
    ),
    # The bench: the groups of all that is parked, read from the index alone; and the newest of one cause.
    Index(
        "ix_deliveries_bench",
        "id",
        "cause",
        "destination",
        "settled_at",
        sqlite_where=text("state = 'parked'"),
        postgresql_where=text("state = 'parked'"),
    ),
    Index(
        "ix_deliveries_cause",
        "cause",
        "id",
        sqlite_where=text("state = 'parked'"),
        postgresql_where=text("state = 'parked'"),
    ),
    Index(
        "ix_deliveries_parked_at",
        "settled_at",
        sqlite_where=text("state = 'parked'"),
        postgresql_where=text("state = 'parked'"),
    ),
    Index(
        "ix_deliveries_done",
        "settled_at",
        "destination",
        sqlite_where=text("state = 'done'"),
        postgresql_where=text("state = 'done'"),
    ),
    Index(
        "ix_deliveries_leader",
        "leader",
        sqlite_where=text("leader IS NOT NULL"),
        postgresql_where=text("leader IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_calls",
        "id",
        sqlite_where=text("kind = 'call.finished'"),
        postgresql_where=text("kind = 'call.finished'"),
    ),
    sqlite_autoincrement=True,  # an id is never used again, even when the newest rows are trimmed
)

ledger = Table(
    "ledger",
    metadata,
    Column("key", NAME, primary_key=True),
    Column("delivery_id", NUMBER, nullable=False),
    Column("trace", NAME, nullable=False),
    Column("what", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("planned_at", Double, nullable=False),
    Column("done_at", Double),
    Column("request_id", Text, nullable=False, server_default=""),
    Index("ix_ledger_trace", "trace"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("trace", NAME, nullable=False),
    Column("delivery_id", NUMBER, nullable=False),
    Column("what", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("request_id", Text, nullable=False, server_default=""),
    Index("ix_calls_trace", "trace"),
    Index(
        "ix_calls_request",
        "request_id",
        sqlite_where=text("request_id <> ''"),
        postgresql_where=text("request_id <> ''"),
    ),
)

links = Table(
    "links",
    metadata,
    Column("kind", NAME, primary_key=True),
    Column("key", NAME, primary_key=True),
    Column("value", Text, nullable=False),
    Column("owner", NAME, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("ix_links_owner", "owner"),
)


def _held(name: str) -> Table:
    """A table of things that one process at a time may hold."""
    return Table(
        name,
        metadata,
        Column("name", NAME, primary_key=True),
        Column("fence", NUMBER, nullable=False),
        Column("holder", Text, nullable=False),
        Column("until", Double, nullable=False),
        Column("updated_at", Double, nullable=False),
    )


destinations = _held("destinations")
locks = _held("locks")

installations = Table(
    "installations",
    metadata,
    Column("portal", NAME, primary_key=True),
    Column("member_id", NAME, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("grant_sealed", Text, nullable=False),
    Column("tokens_sealed", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("ix_installations_member", "member_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("target", NAME, nullable=False),
    Column("trace", NAME, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_trace", "trace"),
)

users = Table(
    "users",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("seen_at", Double),
)

# ``mark`` is the hash of the token that the browser holds.
sessions = Table(
    "sessions",
    metadata,
    Column("mark", NAME, primary_key=True),
    Column("name", NAME, ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("remote", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),
    Index("ix_sessions_name", "name"),
)

# Sessions of people who opened the application inside their portal; ``standing`` is what the portal said they are.
guests = Table(
    "guests",
    metadata,
    Column("mark", NAME, primary_key=True),
    Column("portal", NAME, nullable=False),
    Column("member_id", NAME, nullable=False),
    Column("user_id", NAME, nullable=False),
    Column("title", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("remote", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Index("ix_guests_person", "portal", "user_id"),
    Index("ix_guests_started", "started_at"),
)

# Tries to sign in, by name and by address: each fills up to ``free_at``, which time empties.
tries = Table(
    "tries",
    metadata,
    Column("key", NAME, primary_key=True),
    Column("free_at", Double, nullable=False),
    Index("ix_tries_free", "free_at"),
)
