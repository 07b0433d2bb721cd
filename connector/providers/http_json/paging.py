"""Where the pages of a list are, one way of cutting it beside the other; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from connector.errors import PermanentError
from connector.providers.answers import Answer
from connector.providers.http_json.rows import dig
from connector.providers.http_json.settings import HttpJsonSettings, Pages
from connector.speech import Text

_FOREIGN = Text(
    "The next page is said to be at another server ({host}); our password is not taken there. If this is right, write "
    "that server into url of the source.",
    "Следующая страница якобы на другом сервере ({host}); пароль мы туда не несём. Если так и надо, впишите этот "
    "сервер в url источника.",
)
_NO_CURSOR = Text(
    "What stands at pages.cursor of the answer is no cursor: it must be a text or a number. Correct the path.",
    "По пути pages.cursor в ответе не курсор: нужен текст или число. Исправьте путь.",
)
_NEXT = re.compile(r"<([^<>]*)>([^<>]*)")
_REL_NEXT = re.compile(r""";\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next\b)""", re.IGNORECASE)

Place = Mapping[str, Any]  # JSON: what tells one page of the list from the others


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A page that was read, at ``place``, with ``count`` rows."""

    place: Place
    told: Any
    answer: Answer
    count: int


def first_place(pages: Pages) -> Place:
    """Where the list begins."""
    return {"offset": {"offset": 0}, "page": {"page": pages.first}}.get(pages.by, {})


def query(pages: Pages, place: Place) -> dict[str, str]:
    """The parameters that ask for a page; one found by a link bears them already."""
    if "url" in place:
        return {}
    size = {pages.size_param: str(pages.size)} if pages.size_param else {}
    return {**size, **({pages.name: str(place[pages.by])} if pages.by in place else {})}


def next_place(settings: HttpJsonSettings, turn: Turn) -> tuple[Place | None, int]:
    """The page after this one (``None``: this was the last), and how many of its rows were seen here already.

    Raises ``PermanentError``: ``http_json.foreign``, ``http_json.cursor``.
    """
    pages = settings.pages
    if pages.more and not dig(turn.told, pages.more):
        return None, 0
    if pages.by in ("offset", "page") and not turn.count:
        return None, 0
    return _ONWARD[pages.by](settings, turn), int(pages.by == "offset" and turn.count > 1)


def told_total(pages: Pages, told: Any) -> int | None:
    """How many rows the service says there are."""
    said = dig(told, pages.total) if pages.total else None
    return int(str(said)) if str(said).isdecimal() else None


def _nowhere(settings: HttpJsonSettings, turn: Turn) -> Place | None:
    return None


def _offset(settings: HttpJsonSettings, turn: Turn) -> Place | None:
    total, begins = told_total(settings.pages, turn.told), turn.place["offset"]
    if total is not None and begins + turn.count >= total:
        return None
    return {"offset": begins + max(turn.count - 1, 1)}  # the last row once more, as the anchor


def _page(settings: HttpJsonSettings, turn: Turn) -> Place | None:
    return {"page": turn.place["page"] + 1}


def _cursor(settings: HttpJsonSettings, turn: Turn) -> Place | None:
    said = dig(turn.told, settings.pages.cursor)
    if said in (None, "", False):
        return None
    if not isinstance(said, str | int | float):
        raise PermanentError("http_json.cursor", hint=_NO_CURSOR)
    return {"cursor": said}


def _link(settings: HttpJsonSettings, turn: Turn) -> Place | None:
    path = settings.pages.next
    said = dig(turn.told, path) if path else _in_header(turn.answer.headers.get("link", ""))
    if not isinstance(said, str) or not said.strip():
        return None
    here = turn.place.get("url", settings.url)
    url = urlsplit(urljoin(here, said.strip()))
    home = urlsplit(settings.url)
    if (url.scheme, url.netloc.lower()) != (home.scheme, home.netloc.lower()):
        raise PermanentError("http_json.foreign", hint=_FOREIGN.with_(host=url.hostname or "?"))
    # Keys that we send as parameters come back in links: they do not belong into a position.
    kept = [pair for pair in parse_qsl(url.query, keep_blank_values=True) if pair[0] not in settings.params]
    return {"url": urlunsplit((url.scheme, url.netloc, url.path, urlencode(kept), ""))}


def _in_header(header: str) -> str:
    found = _NEXT.findall(header)
    return next((url for url, about in found if _REL_NEXT.search(about)), "")


_ONWARD: dict[str, Callable[[HttpJsonSettings, Turn], Place | None]] = {
    "none": _nowhere,
    "offset": _offset,
    "page": _page,
    "cursor": _cursor,
    "link": _link,
}
