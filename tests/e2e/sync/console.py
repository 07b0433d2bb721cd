"""Somebody who is signed in to the console of a running house, as a browser or a program is."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any, Self

import requests

ADMIN, PASSWORD = "anna", "correct horse battery"
_SEAL = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Console:
    """``url`` is the house's. A context manager."""

    def __init__(self, url: str) -> None:
        self._url, self._http = url, requests.Session()
        self._http.trust_env = False
        self._http.headers.update({"Accept-Language": "en", "Origin": url})

    def __enter__(self) -> Self:
        entered = self._post("/ops/sign-in", "/ops/sign-in", name=ADMIN, password=PASSWORD)
        assert entered.status_code == 303, entered.text
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def does(self, source: str, deed: str) -> None:
        """A deed with a source, with a reason: run, full, allow, pause, resume, cancel."""
        page = f"/ops/sync/{source}"
        done = self._post(page, page, deed=deed, why="a test")
        assert done.status_code == 303, (done.status_code, done.text[-2000:])

    def source(self, name: str) -> dict[str, Any]:
        """How a source stands, as programs read it."""
        return dict(self._get(f"/ops/sync/{name}.json").json()["source"])

    def sources(self) -> dict[str, dict[str, Any]]:
        """All of them."""
        return {one["name"]: one for one in self._get("/ops/sync.json").json()["sources"]}

    def _get(self, path: str) -> requests.Response:
        answer = self._http.get(self._url + path, timeout=20, allow_redirects=False)
        assert answer.ok, (path, answer.status_code, answer.headers.get("Location"))
        return answer

    def _post(self, path: str, page: str, **form: str) -> requests.Response:
        seal = _SEAL.search(self._get(page).text)
        assert seal is not None, page
        data = {"csrf": seal[1], **form}
        return self._http.post(self._url + path, data=data, timeout=20, allow_redirects=False)
