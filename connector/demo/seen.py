"""What the visitor really opened: chats at the desk, stories in the console. Proof for the tour, not clicks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from connector.sandbox import SandboxServer

Application: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_STORY = re.compile(r"\bGET /ops/traces?/[0-9a-f]+ 200")


class Desk:
    """Which chats were opened at the operator's desk."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self.opened: set[int] = set()
        self._inner: Application = sandbox.app.wsgi_app
        sandbox.app.wsgi_app = self  # type: ignore[method-assign,assignment]

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Pass everything on and note whose conversation is being followed."""
        if environ.get("PATH_INFO") == "/desk/events":
            chat = parse_qs(environ.get("QUERY_STRING", "")).get("chat", [""])[0]
            if chat.isdecimal() and int(chat):
                self.opened.add(int(chat))
        return self._inner(environ, start)


class Stories:
    """How often somebody read a trace in the console, by the log of the web server."""

    def __init__(self, log: Path) -> None:
        self._log, self._at, self._count = log, 0, 0

    def count(self) -> int:
        """As often as until now."""
        if self._log.exists():
            with self._log.open("rb") as log:
                log.seek(self._at)
                whole = log.read().rpartition(b"\n")[0]
            self._at += len(whole)
            self._count += len(_STORY.findall(whole.decode(errors="replace")))
        return self._count
