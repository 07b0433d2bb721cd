"""A browser's part: posting a page form into an iframe, and filling in the form that comes back.

facts/bitrix24-platform.md §4.6a (opening a page of an application), facts/bitrix24-openlines.md §1.10 (the slider).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests

_FINISH = re.compile(r"BX24\s*\.\s*installFinish\s*\(")
TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the application answered. ``frameable``: a browser would show it inside the portal."""

    url: str
    status: int
    html: str
    frameable: bool

    @property
    def finishes(self) -> bool:
        """True when the page calls ``BX24.installFinish``."""
        return bool(_FINISH.search(self.html))

    def public(self) -> dict[str, Any]:
        """The page as a plain map."""
        return {"url": self.url, "status": self.status, "html": self.html, "frameable": self.frameable}


@dataclass(kw_only=True)
class Form:
    """The first form of a page: where it goes and what it would send."""

    action: str = ""
    method: str = "get"
    fields: list[tuple[str, str]] = field(default_factory=list)
    submits: list[tuple[str, str]] = field(default_factory=list)


class _FormReader(HTMLParser):
    """Collects the successful controls of the first form."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.form: Form | None = None
        self._inside = self._done = False
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._textarea: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            self.form = Form(action=given.get("action", ""), method=given.get("method", "get").lower())
            self._inside = True
        elif self._inside and self.form is not None and "disabled" not in given:
            self._control(self.form, tag, given)

    def _control(self, form: Form, tag: str, given: Mapping[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "submit" if tag == "button" else "text").lower()
        if tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select is not None:
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._textarea = (name, [])
        elif tag in ("input", "button") and name:
            if kind == "submit":
                form.submits.append((name, given.get("value", "")))
            elif kind in ("checkbox", "radio"):
                form.fields.extend([(name, given.get("value", "on"))] if "checked" in given else [])
            elif kind not in ("button", "reset", "image", "file"):
                form.fields.append((name, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if self.form is None or not self._inside:
            return
        if tag == "textarea" and self._textarea:
            self.form.fields.append((self._textarea[0], "".join(self._textarea[1])))
            self._textarea = None
        elif tag == "select" and self._select is not None:
            chosen = next((value for value, selected in self._options if selected), None)
            first = self._options[0][0] if self._options else None
            value = chosen if chosen is not None else first
            if self._select and value is not None:
                self.form.fields.append((self._select, value))
            self._select = None
        elif tag == "form":
            self._inside = False


def read_form(html: str) -> Form | None:
    """The first form of a page, or None."""
    reader = _FormReader()
    reader.feed(html)
    return reader.form


def open_page(url: str, query: Mapping[str, str], form: Mapping[str, Any]) -> Page:
    """POST the portal's form to a page of the application, as the browser of a user would."""
    parts = urlsplit(url)
    joined = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *query.items()])
    target = urlunsplit(parts._replace(query=joined))
    return _request("POST", target, dict(form))


def submit_form(page_url: str, html: str, values: Mapping[str, Any], button: str = "") -> Page:
    """Send the page's first form with ``values`` filled in (None leaves a field out), by its first or named button.

    Raises ``ValueError`` when the page has no form.
    """
    form = read_form(html)
    if form is None:
        raise ValueError("the page has no form")
    pressed = next((item for item in form.submits if button in ("", item[0])), None)
    kept = [(name, value) for name, value in form.fields if name not in values]
    filled = [(name, str(value)) for name, value in values.items() if value is not None]
    data = [*kept, *filled, *([pressed] if pressed and pressed[0] not in values else [])]
    target = urljoin(page_url, form.action or page_url)
    if form.method == "post":
        return _request("POST", target, data)
    return _request("GET", urlunsplit(urlsplit(target)._replace(query=urlencode(data))), None)


def _request(verb: str, url: str, data: Any) -> Page:
    with requests.Session() as http:
        http.trust_env = False
        headers = {"User-Agent": "Mozilla/5.0 (sandbox browser)", "Accept": "text/html"}
        answer = http.request(verb, url, data=data, headers=headers, timeout=TIMEOUT)
    policy = answer.headers.get("Content-Security-Policy", "")
    blocked = "X-Frame-Options" in answer.headers or re.search(r"frame-ancestors\s+'(none|self)'", policy)
    return Page(url=answer.url, status=answer.status_code, html=answer.text, frameable=not blocked)
