"""Daily logs on a real SFTP server become items of a smart process, by the clock alone."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.e2e.sync.town import PATIENCE, Town, town
from tests.integration.house.house import House
from tests.integration.house.waiting import until
from tests.integration.sources.sshd import Sshd, sshd

pytestmark = pytest.mark.e2e
TYPE = 1036
HEAD = ("Номер", "Вес", "Отгружен", "Статус")
RULES = """
process: shipments
type: 1036
title: {en: Shipments, ru: Отгрузки}
fields:
  - {name: WEIGHT, type: double, title: {en: Weight, ru: Вес}}
stages:
  - {id: NEW, title: {en: New, ru: Новая}}
  - {id: SENT, title: {en: Sent, ru: Отправлена}}
  - {id: DELIVERED, title: {en: Delivered, ru: Доставлена}, final: success}
  - {id: LOST, title: {en: Lost, ru: Потеряна}, final: fail}
---
on: record.shipments
crm:
  item:
    process: shipments
    external: {system: wms, id: "{{ record.number }}"}
    set:
      TITLE: "{{ record.number }} {{ record.status }}"
      UF_WEIGHT: "{{ record.weight }}"
      stageId: "{{ {'Собран': 'NEW', 'В пути': 'SENT', 'Доставлен': 'DELIVERED'}[record.status] }}"
"""
OLD = 60.0  # seconds: a file that was not touched for so long is whole


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with sshd() as running:
        yield running


@pytest.fixture(scope="module")
def built(server: Sshd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    logs = {
        "provider": "table",
        "location": server.url("*"),
        "private_key": str(server.key),
        "host_key": server.host_key,
        "id": "number",
        "rename": {"Номер": "number", "Вес": "weight", "Отгружен": "shipped_at", "Статус": "status"},
        "types": {"number": "text", "weight": "number", "shipped_at": "datetime"},
        "dates": ["%d.%m.%Y %H:%M"],
        "timezone": "Europe/Moscow",
        "settle": "3s",
        "every": "2s",
        "jitter": "0s",
    }
    with town("sqlite", tmp_path_factory.mktemp("files"), {"shipments": logs}, RULES) as made:
        yield made


@pytest.fixture
def house(built: Town) -> House:
    return built.house


@pytest.fixture
def warehouse(house: House, built: Town, server: Sshd) -> Warehouse:
    return Warehouse(built, server)


class Warehouse:
    """What drops files on the server, and what the portal shows of them."""

    def __init__(self, town: Town, server: Sshd) -> None:
        self.town, self.server = town, server

    def csv(self, name: str, *rows: Sequence[object], age: float = OLD) -> Path:
        """A log in cp1251 with semicolons, as Excel in Russia saves it."""
        lines = [";".join(map(str, row)) for row in (HEAD, *rows)]
        return self.put(name, "".join(f"{line}\r\n" for line in lines).encode("cp1251"), age)

    def xlsx(self, name: str, *rows: Sequence[Any]) -> Path:
        """A workbook."""
        book, content = Workbook(), io.BytesIO()
        for row in (HEAD, *rows):
            book.worksheets[0].append(row)
        book.save(content)
        return self.put(name, content.getvalue(), OLD)

    def put(self, name: str, content: bytes, age: float) -> Path:
        """A file that was written ``age`` seconds ago, there at once and whole."""
        path, made = self.server.folder / name, self.server.folder.parent / name
        made.write_bytes(content)
        aged(made, age)
        return made.replace(path)

    def shows(self, begin: str, *titles: str) -> None:
        self.town.shows(TYPE, *titles, begin=begin)

    def item(self, title: str) -> dict[str, Any]:
        return next(item for item in self.town.house.sandbox.items(TYPE) if item["title"] == title)

    def told(self, text: str) -> bool:
        """Whether a run noted it."""
        return any(text in note.en for run in self.town.runs("shipments") for note in run.notes)


def aged(path: Path, seconds: float) -> None:
    at = datetime.now().timestamp() - seconds
    os.utime(path, (at, at))


@contextmanager
def going_on(write: Callable[[], object]) -> Iterator[None]:
    """Somebody writes again and again."""
    done = threading.Event()

    def keep_on() -> None:
        while not done.wait(0.3):
            write()

    writer = threading.Thread(target=keep_on, daemon=True)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


def test_daily_logs_of_two_kinds_become_items_by_themselves(warehouse: Warehouse):
    warehouse.csv("2026-01-14.csv", ("D-1", "1 234,50", "14.01.2026 18:30", "В пути"), ("D-2", 2, "", "Собран"))
    warehouse.xlsx("2026-01-15.xlsx", ("D-3", 12.5, datetime(2026, 1, 15, 9, 0), "Доставлен"))
    warehouse.shows("D-", "D-1 В пути", "D-2 Собран", "D-3 Доставлен")
    first, third = warehouse.item("D-1 В пути"), warehouse.item("D-3 Доставлен")
    weights = [value for item in (first, third) for name, value in item.items() if name.lower().endswith("weight")]
    assert [float(weight) for weight in weights] == [1234.5, 12.5]
    assert [item["stageId"].rpartition(":")[2] for item in (first, third)] == ["SENT", "SUCCESS"]
    warehouse.csv("2026-01-16.csv", ("D-4", 1, "16.01.2026 08:00", "Собран"))
    warehouse.csv("2026-01-14.csv", ("D-1", "1 234,50", "14.01.2026 18:30", "В пути"), ("D-2", 2, "", "В пути"), age=50)
    warehouse.shows("D-", "D-1 В пути", "D-2 В пути", "D-3 Доставлен", "D-4 Собран")
    assert {run.trigger for run in warehouse.town.runs("shipments")} == {"schedule"}


def test_a_file_that_is_still_being_written_is_left_for_later(warehouse: Warehouse):
    name = "2026-02-01.csv"
    path = warehouse.csv(name, ("H-1", 1, "01.02.2026 08:00", "Собран"), age=0)
    with path.open("ab") as file, going_on(lambda: os.utime(path)):
        file.write("H-2;2;01.02.2026 0".encode("cp1251"))
        file.flush()
        until(lambda: warehouse.told(name), seconds=PATIENCE, what="a run noted that the file was left")
        assert warehouse.town.titles(TYPE, "H-") == []
        file.write("9:00;В пути\r\n".encode("cp1251"))
    aged(path, OLD)
    warehouse.shows("H-", "H-1 Собран", "H-2 В пути")
    assert not {record for record in warehouse.town.parked("shipments") if "H-" in record or name in record}


def test_what_is_written_while_the_server_is_stopped_comes_when_it_is_back(warehouse: Warehouse):
    warehouse.csv("2026-03-01.csv", ("S-1", 1, "01.03.2026 08:00", "Собран"))
    warehouse.shows("S-", "S-1 Собран")
    warehouse.server.stop()
    try:
        warehouse.csv("2026-03-02.csv", ("S-2", 1, "02.03.2026 08:00", "Собран"))
        until(lambda: waits(warehouse.town), seconds=PATIENCE, what="the console says why it waits")
        assert warehouse.town.titles(TYPE, "S-") == ["S-1 Собран"]
    finally:
        warehouse.server.start()
    warehouse.shows("S-", "S-1 Собран", "S-2 Собран")
    assert not {run.cause for run in warehouse.town.runs("shipments") if run.state == "failed"}


def waits(town: Town) -> str:
    run = town.console.source("shipments")["run"]
    return run["hint"] if run is not None and run["cause"] else ""
