"""A scripted 1C: the standard OData interface of one infobase, in memory, over a real socket.

It keeps to what the platform does (8.3): ``Ref_Key gt`` is an error, sorting by ``Ref_Key`` sorts by what an object
looks like, dates tell no zone, refusals are sentences under ``odata.error``.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

INTERFACE = "/trade/odata/standard.odata/"
_DATE = re.compile(r"(\w+) ge datetime'([^']+)'")
_EQUAL = re.compile(r"\((\w+) eq (true|false|'[^']*')\)")


def key(number: int) -> str:
    """A reference whose order is not the order of the numbers."""
    return str(UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))


def shipment(number: int, changed: str = "2026-02-01T10:00:00", **more: Any) -> dict[str, Any]:
    """A document as 1C gives it."""
    return {
        "Ref_Key": key(number),
        "DataVersion": base64.b64encode(number.to_bytes(8, "big")).decode(),
        "DeletionMark": False,
        "Number": f"РТ-{number:06}",
        "Date": changed,
        "ДатаИзменения": changed,
        "Posted": True,
        "Контрагент_Key": key(10_000 + number),
        "Контрагент@navigationLinkUrl": f"Document_Отгрузка(guid'{key(number)}')/Контрагент",
        "Склад_Key": "00000000-0000-0000-0000-000000000000",
        "ДатаДоставки": "0001-01-01T00:00:00",
        "СуммаДокумента": 100.5,
        "Товары": [{"LineNumber": "1", "Количество": 2, "Номенклатура@navigationLinkUrl": "x"}],
        **more,
    }


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer that is not the usual one; ``cut`` breaks the connection in the middle of the usual one."""

    status: int = 500
    body: str = ""
    kind: str = "application/json"
    cut: bool = False


def error(words: str, status: int = 500) -> Said:
    """A refusal as 1C words it."""
    told = {"odata.error": {"code": "-1", "message": {"lang": "ru", "value": words}}}
    return Said(status=status, body=json.dumps(told, ensure_ascii=False))


@dataclass
class Infobase:
    """What lies in 1C, who may read it, and what was asked. ``meanwhile`` is called before each answer with the number
    of the request (from 1 on) and may say something else instead, or change the rows."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    user: str = "Обмен"
    password: str = "пароль"
    url: str = ""
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[int, str], Said | None] = lambda number, asked: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, target: str, authorization: str) -> Said:
        """What 1C says to a request."""
        with self.lock:
            path, query = urlsplit(target).path, urlsplit(target).query
            asked = f"{unquote(path)}?{unquote(query)}"
            self.asked.append(asked)
            other = self.meanwhile(len(self.asked), asked)
            if other is not None and not other.cut:
                return other
            said = self._said(unquote(path), {name: each[0] for name, each in parse_qs(query).items()}, authorization)
            return Said(status=said.status, body=said.body, kind=said.kind, cut=other is not None)

    def _said(self, path: str, query: dict[str, str], authorization: str) -> Said:
        known = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.user and authorization != known:
            return Said(status=401, body="Неверное имя пользователя или пароль", kind="text/plain; charset=utf-8")
        name, _, rest = path.removeprefix(INTERFACE).partition("/")
        if not path.startswith(INTERFACE) or name not in self.lists:
            return error(f"Сущность «{name}» не найдена", 404)
        if " gt guid'" in query.get("$filter", ""):
            return error("Нельзя сравнивать поля неограниченной длины и поля несовместимых типов.")
        rows = _chosen(self.lists[name], query)
        if rest == "$count":
            return Said(status=200, body="\ufeff" + str(len(rows)), kind="text/plain")
        skip = int(query.get("$skip", "0"))
        part = rows[skip : skip + int(query.get("$top", "1000000"))]
        wanted = query.get("$select", "").split(",") if query.get("$select") else None
        shown = [{each: row[each] for each in wanted if each in row} if wanted else row for row in part]
        told = {"odata.metadata": f"{INTERFACE}$metadata#{name}", "value": shown}
        return Said(status=200, body="\ufeff" + json.dumps(told, ensure_ascii=False))


def _chosen(rows: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    condition = query.get("$filter", "")
    for column, since in _DATE.findall(condition):
        rows = [row for row in rows if row[column] >= since]
    for column, value in _EQUAL.findall(condition):
        wanted = {"true": True, "false": False}.get(value, value.strip("'"))
        rows = [row for row in rows if row[column] == wanted]
    # A reference sorts by what the object looks like, and people change that.
    names = [{"Ref_Key": "Number"}.get(name, name) for name in query.get("$orderby", "").split(",") if name]
    return sorted(rows, key=lambda row: [row[name] for name in names])


class _Handler(BaseHTTPRequestHandler):
    base: Infobase
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together

    def do_GET(self) -> None:
        """One request."""
        said = self.base.answer(self.path, self.headers.get("Authorization", ""))
        body = said.body.encode()
        self.send_response(said.status)
        self.send_header("Content-Type", said.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if said.cut else body)
        self.close_connection = self.close_connection or said.cut

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def onec(infobase: Infobase) -> Iterator[Infobase]:
    """Serve the infobase on loopback; its ``url`` is known inside."""
    handler = type("Handler", (_Handler,), {"base": infobase})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    infobase.url = f"http://127.0.0.1:{server.server_address[1]}/trade"
    try:
        yield infobase
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
