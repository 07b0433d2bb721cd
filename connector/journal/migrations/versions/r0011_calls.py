"""What the Calls page walks: finished calls, the newest first. Nothing else is in that index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME = "ix_deliveries_calls"


def upgrade() -> None:
    only = sa.text("kind = 'call.finished'")
    op.create_index(NAME, "deliveries", ["id"], sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    op.drop_index(NAME, "deliveries")
