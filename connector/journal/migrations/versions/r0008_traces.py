"""What the Trace pages find by: requests of a sender, of a conversation, and by the portal's request.

On PostgreSQL 0004 to 0008 together took 7 s for a million envelopes. Nobody writes meanwhile: requests go to the spool.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# (name, table, columns, condition)
INDEXES: tuple[tuple[str, str, list[str], str], ...] = (
    ("ix_envelopes_account", "envelopes", ["account", "trace"], ""),
    ("ix_envelopes_ignored", "envelopes", ["trace"], "state = 'ignored'"),
    ("ix_deliveries_lane", "deliveries", ["lane", "trace"], ""),
    ("ix_calls_request", "calls", ["request_id"], "request_id <> ''"),
)


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        only = sa.text(condition) if condition else None
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
