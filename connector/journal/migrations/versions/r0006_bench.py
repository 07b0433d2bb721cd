"""What the repair bench finds by: the groups of all that is parked, and the newest of one cause. Parked rows only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_deliveries_bench": ["id", "cause", "destination", "settled_at"],
    "ix_deliveries_cause": ["cause", "id"],
}


def upgrade() -> None:
    parked = sa.text("state = 'parked'")
    for name, columns in INDEXES.items():
        op.create_index(name, "deliveries", columns, sqlite_where=parked, postgresql_where=parked)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "deliveries")
