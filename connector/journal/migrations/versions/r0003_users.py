"""Who may use the console, their sessions, and tries to sign in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "users",
        _column("name", NAME, primary_key=True),
        _column("role", sa.Text),
        _column("password", sa.Text),
        _column("created_at", sa.Double),
        sa.Column("disabled_at", sa.Double),
    )
    op.create_table(
        "sessions",
        _column("mark", NAME, primary_key=True),
        sa.Column("name", NAME, sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
        _column("started_at", sa.Double),
        _column("seen_at", sa.Double),
    )
    op.create_index("ix_sessions_name", "sessions", ["name"])
    op.create_table("tries", _column("key", NAME, primary_key=True), _column("free_at", sa.Double))
    op.create_index("ix_tries_free", "tries", ["free_at"])


def downgrade() -> None:
    for table in ("tries", "sessions", "users"):
        op.drop_table(table)


def _column(name: str, kind: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)
