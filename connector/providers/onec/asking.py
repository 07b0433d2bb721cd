"""Requests to the OData interface of 1C (OData 3 as JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from connector.domain.sources import Desk
from connector.errors import TransientError
from connector.providers import answers
from connector.providers.answers import Answer
from connector.providers.onec.rows import listed
from connector.providers.onec.settings import OnecSettings
from connector.providers.onec.words import SLUG, refusal


def rows(desk: Desk, since: str | None, skip: int, top: int) -> list[Mapping[str, Any]]:
    """``top`` entries after the first ``skip`` of those that changed at ``since`` (1C's own time) or later.

    Raises ``TransientError`` or ``PermanentError``.
    """
    settings: OnecSettings = desk.settings
    options = {
        "$format": "json",
        "$select": ",".join(settings.selected),
        "$filter": _condition(settings, since),
        "$orderby": ",".join(settings.sorting),
        "$top": str(top),
        "$skip": str(skip) if skip else "",
    }
    answer = _ask(desk, settings.address, options)
    if answer.status != 200 or answer.is_page:
        raise refusal(answer, desk.clock)
    return listed(answer.data(SLUG))


def count(desk: Desk) -> int | None:
    """How many entries there are in all, ``None`` where this 1C cannot tell. Raises ``TransientError``."""
    settings: OnecSettings = desk.settings
    answer = _ask(desk, f"{settings.address}/$count", {"$filter": _condition(settings, None)})
    if answer.status == 200:
        said = answer.body[:100].decode("utf-8-sig", "replace").strip()
        return int(said) if said.isdecimal() else None
    error = refusal(answer, desk.clock)
    if isinstance(error, TransientError) and answer.status != 500:  # with 500 it refuses what it does not know
        raise error
    return None


def _condition(settings: OnecSettings, since: str | None) -> str:
    own = f"({settings.filter})" if settings.filter else ""
    fresh = f"{settings.changed} ge datetime'{since}'" if settings.changed and since else ""
    return " and ".join(filter(None, (own, fresh)))


def _ask(desk: Desk, url: str, options: Mapping[str, str]) -> Answer:
    settings: OnecSettings = desk.settings
    asked = {**options, **({"allowedOnly": "true"} if settings.allowed_only else {})}
    # Spaces as %20: 1C takes a plus sign for a plus sign.
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items() if value)
    signed = answers.basic(settings.user, settings.password.get_secret_value()) if settings.user else {}
    headers = {"Accept": "application/json", **signed}
    return answers.ask(
        desk.http, SLUG, f"{url}?{query}" if query else url, headers=headers, mib=settings.largest, ca=settings.ca
    )
