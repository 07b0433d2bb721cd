"""Operators as visitors see them: a name and a picture, asked of the portal once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from connector.domain.effects import Call, Fetch, Plan, Recall, Remember
from connector.domain.values import FACE, File
from connector.errors import PermanentError


def meet(portal: str, user: str) -> Plan:
    """Remember who ``user`` of ``portal`` is, as link ``operator`` under ``<portal>/<user>``: ``{name, picture}``.

    The reply has left by now and never waits for it. Where the application may not read users (scope ``user``), or
    the picture lies elsewhere, less is remembered. Nobody is asked again until that is forgotten with the files.
    """
    if user in ("", "0"):
        return
    known = yield Recall(FACE, f"{portal}/{user}")
    if known is not None:
        return
    try:
        rows = yield Call("user.get", {"ID": user})
    except PermanentError:
        rows = []
    row = next((row for row in rows or [] if isinstance(row, Mapping) and str(row.get("ID")) == user), {})
    name = " ".join(str(row.get(part) or "").strip() for part in ("NAME", "LAST_NAME")).strip()
    picture = yield from _picture(str(row.get("PERSONAL_PHOTO") or ""), portal)
    yield Remember(FACE, f"{portal}/{user}", {"name": name, "picture": picture})


def _picture(url: str, portal: str) -> Plan:
    """The picture as a file of ours: a visitor never gets an address of the portal (trap 13)."""
    if not url:
        return None
    try:
        stored: Any = yield Fetch(file=File(ref=url, kind="image"), origin=f"portal:{portal}")
    except PermanentError:
        return None
    return {**asdict(stored), "url": ""} if stored.kind == "image" else None
