"""Alembic runs this; the connection and its transaction are the journal's own."""

from __future__ import annotations

from alembic import context

from connector.journal.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
