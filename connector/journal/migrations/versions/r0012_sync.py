"""Sync: sources, their runs, and the mirror of their records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
COUNTS = ("read", "changed", "same", "created", "updated", "unchanged", "gone", "parked", "requests")


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    _sources()
    _runs()
    _records()


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("name", NAME, primary_key=True),
        sa.Column("bookmark", sa.Text, nullable=False, server_default="null"),
        sa.Column("full_at", sa.Double),
        sa.Column("due_at", sa.Double),
        sa.Column("good_at", sa.Double),
        sa.Column("paused_at", sa.Double),
        sa.Column("paused_by", sa.Text, nullable=False, server_default=""),
        sa.Column("wants", sa.Text, nullable=False, server_default=""),
        sa.Column("updated_at", sa.Double, nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("source", NAME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("full", sa.Boolean, nullable=False),
        sa.Column("allow_gone", sa.Boolean, nullable=False),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("bookmark", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("total", sa.BigInteger),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in COUNTS),
        sa.Column("cause", sa.Text, nullable=False, server_default=""),
        sa.Column("hint", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("notes", sa.Text, nullable=False, server_default="[]"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_source", "runs", ["source", "id"])
    _partial("uq_runs_open", "runs", ["source"], "ended_at IS NULL", unique=True)


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("source", NAME, primary_key=True),
        sa.Column("record", NAME, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("seen", NUMBER, nullable=False),
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("crm", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("settled_at", sa.Double),
        sa.Column("sought_at", sa.Double),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    _partial("ix_records_waiting", "records", ["source", "due_at", "record"], "state = 'waiting'")
    _partial("ix_records_parked", "records", ["source", "record"], "state = 'parked'")
    _partial("ix_records_sought", "records", ["source", "sought_at"], "sought_at IS NOT NULL")
    op.create_index("ix_records_seen", "records", ["source", "seen", "record"])
    op.create_index("ix_records_run", "records", ["source", "run", "record"])


def downgrade() -> None:
    for name in ("records", "runs", "sources"):
        op.drop_table(name)
