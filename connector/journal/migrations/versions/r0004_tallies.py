"""Figures of every hour: what arrived and what was delivered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tallies",
        _column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        _column("name", NAME, primary_key=True),
        _column("arrived", sa.BigInteger),
        _column("delivered", sa.BigInteger),
        _column("parked", sa.BigInteger),
        sa.Column("p50_ms", sa.BigInteger),
        sa.Column("p95_ms", sa.BigInteger),
        sa.Column("last_at", sa.Double),
        _column("missed", sa.Double),
        _column("counted_at", sa.Double),
    )
    parked = sa.text("state = 'parked'")
    op.create_index(
        "ix_deliveries_parked_at", "deliveries", ["settled_at"], sqlite_where=parked, postgresql_where=parked
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_parked_at", "deliveries")
    op.drop_table("tallies")


def _column(name: str, kind: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)
