"""Recordings of calls, brought here from where the PBX keeps them: over the web, by SFTP, or from a folder."""

from __future__ import annotations

from connector.recordings.bringing import Brought, Place, Web, bring
from connector.recordings.probing import probed

__all__ = ["Brought", "Place", "Web", "bring", "probed"]
