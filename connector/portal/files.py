"""Files of operators, as the portal offers them (facts/bitrix24-platform.md §6.2)."""

from __future__ import annotations

from urllib.parse import urljoin

from connector.domain.provider import Source
from connector.domain.values import File


def file_source(file: File, portal_url: str) -> Source:
    """Where an operator's file lies. A relative link belongs to the portal; the portal's nginx answers 404 to a
    request without the headers of an ordinary client.
    """
    headers = {"Accept": "*/*", "Accept-Language": "en", "Referer": f"{portal_url.rstrip('/')}/"}
    return Source(url=urljoin(portal_url, file.ref), headers=headers, name=file.name, mime=file.mime)
