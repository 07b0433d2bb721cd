"""What the repair bench finds by: the newest of all that is parked, and of one cause. Only parked rows are in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {"ix_deliveries_bench": ["id"], "ix_deliveries_cause": ["cause", "id"]}


def upgrade() -> None:
    parked = sa.text("state = 'parked'")
    for name, columns in INDEXES.items():
        op.create_index(name, "deliveries", columns, sqlite_where=parked, postgresql_where=parked)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "deliveries")
