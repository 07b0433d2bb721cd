"""Which HTTP request carried an effect."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("ledger", "calls")


def upgrade() -> None:
    # With a default, so that processes of the version before may go on writing meanwhile.
    for table in TABLES:
        op.add_column(table, sa.Column("request_id", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "request_id")
