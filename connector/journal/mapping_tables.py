"""Tables of the mapping sets: each as it was published, and which one was put to use when."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Table, Text

from connector.journal.schema import NAME, NUMBER, metadata

mapping_sets = Table(
    "mapping_sets",
    metadata,
    Column("version", NAME, primary_key=True),
    Column("files", Text, nullable=False),
    Column("made_at", Double, nullable=False),
)

# The newest row is in use. ``origin`` is "folder" or "person".
mapping_uses = Table(
    "mapping_uses",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("version", NAME, nullable=False),
    Column("origin", NAME, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_mapping_uses_origin", "origin", "id"),
)
