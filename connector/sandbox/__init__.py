"""A Bitrix24 portal to play with: REST, OAuth, limits, events, open lines. On loopback, in memory, on its own."""

from __future__ import annotations

from connector.sandbox.config import LineSettings, Operator, SandboxConfig
from connector.sandbox.server import SandboxServer

__all__ = ["LineSettings", "Operator", "SandboxConfig", "SandboxServer"]
