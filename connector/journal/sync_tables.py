"""What sync jobs keep: sources, their runs, and the mirror of their records (DESIGN.md §5)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Table, Text, text

from connector.journal.schema import NAME, NUMBER, metadata

# ``bookmark`` is where the next run begins; ``full_at`` when the last full read began; ``due_at`` when a run is due.
sources = Table(
    "sources",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("bookmark", Text, nullable=False, server_default="null"),
    Column("full_at", Double),
    Column("due_at", Double),
    Column("good_at", Double),
    Column("paused_at", Double),
    Column("paused_by", Text, nullable=False, server_default=""),
    Column("wants", Text, nullable=False, server_default=""),
    Column("updated_at", Double, nullable=False),
)

# ``read`` are rows of the source, ``changed`` those that were new or different; the rest counts what became of them.
runs = Table(
    "runs",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("source", NAME, nullable=False),
    Column("state", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("allow_gone", Boolean, nullable=False),
    Column("position", Text, nullable=False),
    Column("bookmark", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("due_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("total", BigInteger),
    *(
        Column(name, BigInteger, nullable=False, server_default="0")
        for name in ("read", "changed", "same", "created", "updated", "unchanged", "gone", "parked", "requests")
    ),
    Column("cause", Text, nullable=False, server_default=""),
    Column("hint", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("notes", Text, nullable=False, server_default="[]"),
    Index("ix_runs_source", "source", "id"),
    # One run of a source at a time.
    Index(
        "uq_runs_open",
        "source",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# The mirror. ``hash`` is that of the values read last, ``seen`` the run that saw them last, ``run`` the one that
# settled the row last, with ``outcome``; ``sought_at`` when whoever its rules did not find is looked for once more.
records = Table(
    "records",
    metadata,
    Column("source", NAME, primary_key=True),
    Column("record", NAME, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("seen", NUMBER, nullable=False),
    Column("run", NUMBER, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("crm", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("settled_at", Double),
    Column("sought_at", Double),
    Column("cause", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(
        "ix_records_waiting",
        "source",
        "due_at",
        "record",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_records_parked",
        "source",
        "record",
        sqlite_where=text("state = 'parked'"),
        postgresql_where=text("state = 'parked'"),
    ),
    Index(
        "ix_records_sought",
        "source",
        "sought_at",
        sqlite_where=text("sought_at IS NOT NULL"),
        postgresql_where=text("sought_at IS NOT NULL"),
    ),
    Index("ix_records_seen", "source", "seen", "record"),
    Index("ix_records_run", "source", "run", "record"),
)
