"""Recordings of calls, brought here from where the PBX keeps them: over the web, by SFTP, or from a folder."""

from __future__ import annotations

from connector.recordings.bringing import Brought, Place, Web, bring

__all__ = ["Brought", "Place", "Web", "bring"]
