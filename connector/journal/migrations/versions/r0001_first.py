"""The first schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = (
    "envelopes",
    "deliveries",
    "ledger",
    "calls",
    "links",
    "destinations",
    "locks",
    "installations",
    "audit",
)


def upgrade() -> None:
    _envelopes()
    _deliveries()
    _effects()
    _held("destinations")
    _held("locks")
    _installations()
    _audit()


def downgrade() -> None:
    for table in reversed(KEPT):
        op.drop_table(table)


def _column(name: str, kind: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _envelopes() -> None:
    op.create_table(
        "envelopes",
        _column("trace", NAME, primary_key=True),
        _column("account", NAME),
        _column("dedupe_key", NAME),
        _column("method", sa.Text),
        _column("path", sa.Text),
        _column("query", sa.Text),
        _column("headers", sa.Text),
        _column("body", sa.LargeBinary),
        _column("remote", sa.Text),
        _column("received_at", sa.Double),
        _column("created_at", sa.Double),
        _column("state", sa.Text),
        _column("cause", sa.Text),
        _column("hint", sa.Text),
        _column("detail", sa.Text),
        sa.UniqueConstraint("account", "dedupe_key", name="uq_envelopes_dedupe"),
    )
    op.create_index("ix_envelopes_created", "envelopes", ["created_at", "trace"])
    _partial("ix_envelopes_parked", "envelopes", ["trace"], "state = 'parked'")


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        _column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("trace", NAME, sa.ForeignKey("envelopes.trace", ondelete="CASCADE"), nullable=False),
        _column("destination", NAME),
        _column("lane", NAME),
        _column("position", sa.BigInteger),
        _column("kind", sa.Text),
        _column("event", sa.Text),
        _column("state", sa.Text),
        _column("attempts", sa.Integer),
        _column("due_at", sa.Double),
        _column("created_at", sa.Double),
        sa.Column("replayed_at", sa.Double),
        sa.Column("settled_at", sa.Double),
        _column("album", sa.Text),
        sa.Column("leader", NUMBER),
        _column("cause", sa.Text),
        _column("hint", sa.Text),
        _column("detail", sa.Text),
        _column("flagged", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_trace", "deliveries", ["trace"])
    queue = ["destination", "lane", "position", "id", "due_at"]
    _partial("ix_deliveries_waiting", "deliveries", queue, "state = 'waiting'")
    _partial("ix_deliveries_parked", "deliveries", ["destination", "id"], "state = 'parked'")
    _partial("ix_deliveries_done", "deliveries", ["settled_at", "destination"], "state = 'done'")
    _partial("ix_deliveries_leader", "deliveries", ["leader"], "leader IS NOT NULL")


def _effects() -> None:
    op.create_table(
        "ledger",
        _column("key", NAME, primary_key=True),
        _column("delivery_id", NUMBER),
        _column("trace", NAME),
        _column("what", sa.Text),
        _column("state", sa.Text),
        _column("result", sa.Text),
        _column("note", sa.Text),
        _column("planned_at", sa.Double),
        sa.Column("done_at", sa.Double),
    )
    op.create_index("ix_ledger_trace", "ledger", ["trace"])
    op.create_table(
        "calls",
        _column("id", NUMBER, primary_key=True, autoincrement=True),
        _column("trace", NAME),
        _column("delivery_id", NUMBER),
        _column("what", sa.Text),
        _column("started_at", sa.Double),
        _column("seconds", sa.Double),
        _column("outcome", sa.Text),
    )
    op.create_index("ix_calls_trace", "calls", ["trace"])
    op.create_table(
        "links",
        _column("kind", NAME, primary_key=True),
        _column("key", NAME, primary_key=True),
        _column("value", sa.Text),
        _column("owner", NAME),
        _column("updated_at", sa.Double),
    )
    op.create_index("ix_links_owner", "links", ["owner"])


def _held(table: str) -> None:
    op.create_table(
        table,
        _column("name", NAME, primary_key=True),
        _column("fence", NUMBER),
        _column("holder", sa.Text),
        _column("until", sa.Double),
        _column("updated_at", sa.Double),
    )


def _installations() -> None:
    op.create_table(
        "installations",
        _column("portal", NAME, primary_key=True),
        _column("member_id", NAME),
        _column("state", sa.Text),
        _column("reason", sa.Text),
        _column("grant_sealed", sa.Text),
        _column("tokens_sealed", sa.Text),
        _column("updated_at", sa.Double),
    )
    op.create_index("ix_installations_member", "installations", ["member_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        _column("id", NUMBER, primary_key=True, autoincrement=True),
        _column("at", sa.Double),
        _column("who", sa.Text),
        _column("what", sa.Text),
        _column("why", sa.Text),
        _column("target", NAME),
        _column("trace", NAME),
        _column("detail", sa.Text),
    )
    op.create_index("ix_audit_trace", "audit", ["trace"])
