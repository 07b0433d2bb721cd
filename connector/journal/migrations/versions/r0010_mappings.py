"""Mapping sets as they were published, and which one was put to use when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "mapping_sets",
        sa.Column("version", NAME, primary_key=True),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_table(
        "mapping_uses",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("origin", NAME, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("ix_mapping_uses_origin", "mapping_uses", ["origin", "id"])


def downgrade() -> None:
    op.drop_table("mapping_uses")
    op.drop_table("mapping_sets")
