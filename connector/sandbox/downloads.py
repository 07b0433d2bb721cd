"""The portal fetches what a connector points at (facts/bitrix24-openlines.md §1.7): synchronously, forgivingly."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

USER_AGENT = "Bitrix Connector Client"
NAME_LENGTH = 50
MAX_BYTES = 100 * 1024 * 1024
CHUNK = 64 * 1024
IMAGE_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file that arrived."""

    name: str
    mime: str
    content: bytes

    @property
    def is_image(self) -> bool:
        """True when the bytes begin like an image."""
        return self.content.startswith(IMAGE_MAGIC) or self.content[8:12] == b"WEBP"


def fetch(file: Any, timeout: float) -> Fetched | None:
    """The file behind ``{"url", "name"?, "headers"?}``; None when it cannot be had: the portal says nothing.

    HTTP 200 only, at most 5 redirects; the last 50 characters of the name are kept, an extension comes from the type.
    """
    url = file.get("url") if isinstance(file, Mapping) else None
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        return None
    try:
        return _get(url, str(file.get("name") or ""), _headers(file), timeout)
    except (requests.RequestException, ValueError):
        return None


def _headers(file: Mapping[str, Any]) -> dict[str, str]:
    extra = file.get("headers")
    pairs = [item for item in extra if isinstance(item, Mapping)] if isinstance(extra, list) else []
    return {"User-Agent": USER_AGENT} | {str(item.get("name")): str(item.get("value")) for item in pairs}


def _get(url: str, name: str, headers: Mapping[str, str], timeout: float) -> Fetched | None:
    with requests.Session() as http:
        http.max_redirects, http.trust_env = 5, False
        with http.get(url, headers=headers, timeout=timeout, stream=True) as answer:
            if answer.status_code != 200:
                return None
            content = b""
            for chunk in answer.iter_content(CHUNK):
                content += chunk
                if len(content) > MAX_BYTES:
                    return None
            mime = answer.headers.get("Content-Type", "").split(";")[0].strip() or "application/octet-stream"
    kept = (name or urlsplit(url).path.rsplit("/", 1)[-1] or "file")[-NAME_LENGTH:]
    if "." not in kept:
        kept += mimetypes.guess_extension(mime) or ""
    return Fetched(name=kept, mime=mime, content=content)
