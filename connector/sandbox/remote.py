"""A running sandbox seen from another process: its control API over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

TIMEOUT = 60.0


class RemoteError(Exception):
    """The sandbox is not there (``code`` empty) or refused with ``code``; ``reason`` says why."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        self.reason, self.code = reason, code
        super().__init__(reason)


class Remote:
    """The control API of the sandbox at ``url``. Every call returns decoded JSON or raises :class:`RemoteError`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def read(self, *path: str, **query: Any) -> Any:
        """``GET /_sandbox/<path>``."""
        where = "/".join(quote(part, safe="") for part in path)
        return self._request("GET", where, params=query)

    def write(self, action: str, fields: Mapping[str, Any]) -> Any:
        """``POST /_sandbox/<action>``."""
        return self._request("POST", action, json=dict(fields))

    def _request(self, verb: str, where: str, **options: Any) -> Any:
        try:
            with requests.Session() as http:
                http.trust_env = False
                answer = http.request(verb, f"{self.url}/_sandbox/{where}", timeout=TIMEOUT, **options)
                body = answer.json()
        except requests.RequestException as error:
            raise RemoteError(type(error).__name__) from error
        if answer.status_code >= 400:
            raise RemoteError(str(body.get("error_description")), code=str(body.get("error")))
        return body
