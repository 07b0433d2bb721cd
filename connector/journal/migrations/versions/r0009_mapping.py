"""Which version of the mapping set a delivery was handled under. A column without a value costs nothing to add."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("mapping", sa.Text))


def downgrade() -> None:
    op.drop_column("deliveries", "mapping")
