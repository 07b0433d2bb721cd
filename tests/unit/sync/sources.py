"""Settings of sources for tests."""

from __future__ import annotations

from typing import Any

from connector.domain.sources import SourceSettings


def source(name: str = "shipments", **more: Any) -> SourceSettings:
    """A source that asks for no more than it must."""
    return SourceSettings(**{"source": name, "provider": "table", "portal": "main", **more})
