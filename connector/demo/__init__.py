"""See it work: the whole connector on loopback against a pretend portal and pretend messengers."""

from __future__ import annotations

from connector.demo.main import main

__all__ = ["main"]
