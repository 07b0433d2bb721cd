"""Files on their way through: fetched safely, kept under ``var/media``, served under signed expiring names."""

from __future__ import annotations

from connector.media.fetching import fetch
from connector.media.naming import safe_name
from connector.media.sniffing import sniff
from connector.media.store import KEPT, Media

__all__ = ["KEPT", "Media", "fetch", "safe_name", "sniff"]
