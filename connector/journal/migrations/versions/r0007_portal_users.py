"""Sessions of people who come from inside a portal; where and when users were seen."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("users", sa.Column("seen_at", sa.Double))
    for name in ("remote", "agent"):
        op.add_column("sessions", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_table(
        "guests",
        _column("mark", NAME, primary_key=True),
        _column("portal", NAME),
        _column("member_id", NAME),
        _column("user_id", NAME),
        _column("title", sa.Text),
        _column("standing", sa.Text),
        _column("remote", sa.Text),
        _column("started_at", sa.Double),
        _column("seen_at", sa.Double),
    )
    op.create_index("ix_guests_person", "guests", ["portal", "user_id"])
    op.create_index("ix_guests_started", "guests", ["started_at"])


def downgrade() -> None:
    op.drop_table("guests")
    for table, column in (("sessions", "agent"), ("sessions", "remote"), ("users", "seen_at")):
        op.drop_column(table, column)


def _column(name: str, kind: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)
