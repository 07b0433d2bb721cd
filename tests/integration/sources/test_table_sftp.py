"""Daily logs on a real SFTP server: workbooks and files in cp1251, as a warehouse drops them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.errors import PermanentError, TransientError
from connector.providers.table import checking
from connector.providers.table.sftp import Sftp
from tests.contract.sources.table.shelf import Run, Shelf, csv
from tests.contract.sources.table.test_sheets import workbook
from tests.integration.sources.sshd import Sshd, sshd

HEAD = ("Номер заказа", "Вес", "Отгружен", "Статус")
SAID = {
    "id": "number",
    "rename": {"Номер заказа": "number", "Вес": "weight", "Отгружен": "shipped_at", "Статус": "status"},
    "types": {"number": "text", "weight": "number", "shipped_at": "datetime"},
    "dates": ["%d.%m.%Y %H:%M"],
    "timezone": "Europe/Moscow",
}


@pytest.fixture
def server() -> Iterator[Sshd]:
    with sshd() as running:
        yield running


@pytest.fixture
def shelf(tmp_path: Path, server: Sshd) -> Shelf:
    shelf = Shelf(tmp_path)
    shelf.folder, shelf.now = server.folder, datetime.now(UTC)
    return shelf


def said(server: Sshd, path: str = "*", **more: Any) -> dict[str, Any]:
    ways = {"private_key": str(server.key), "host_key": server.host_key}
    return {"location": server.url(path), **ways, **SAID, **more}


def day(*rows: tuple[object, ...]) -> str:
    return csv(";".join(HEAD), *(";".join(map(str, row)) for row in rows), end="\r\n")


def run(shelf: Shelf, server: Sshd, bookmark: Any = None, **more: Any) -> Run:
    return shelf.run(bookmark, limit=100, **said(server, **more))


def test_daily_logs_of_two_kinds_become_records(shelf: Shelf, server: Sshd):
    shelf.put("2026-01-14.csv", day(("1001", "1 234,50", "14.01.2026 18:30", "В пути")), encoding="cp1251", age=9000)
    book = workbook(
        HEAD, [1002, 12.5, datetime(2026, 1, 15, 9, 0), "Доставлен"], [1001, 1234.5, "14.01.2026 18:30", "x"]
    )
    shelf.put("2026-01-15.xlsx", book)
    first = run(shelf, server)
    assert [(record.id, record.where) for record in first.records] == [
        ("1001", "2026-01-14.csv:2"),
        ("1002", "2026-01-15.xlsx:2"),
        ("1001", "2026-01-15.xlsx:3"),
    ]
    assert first.values[0] == {
        "number": "1001",
        "weight": 1234.5,
        "shipped_at": "2026-01-14T18:30:00+03:00",
        "status": "В пути",
    }
    shelf.put("2026-01-16.csv", day(("1003", "5", "16.01.2026 08:00", "Новый")), encoding="cp1251")
    second = run(shelf, server, first.bookmark)
    assert second.ids == ["1003"]
    assert run(shelf, server, second.bookmark).ids == []


def test_a_file_that_is_still_uploaded_waits_until_it_is_whole(shelf: Shelf, server: Sshd):
    rows = [(str(n), "5", "16.01.2026 08:00", "Новый") for n in range(500)]
    content = day(*rows).encode("cp1251")
    path = shelf.put("today.csv", content[:5000], age=0)
    first = run(shelf, server)
    assert (first.ids, len(first.notes)) == ([], 1)
    path.write_bytes(content)
    shelf.aged(path, 60)
    second = run(shelf, server, first.bookmark)
    assert len(second.ids) == 500
    assert second.broken == []


def test_two_looks_at_the_server_find_a_file_that_grows_under_an_old_time(shelf: Shelf, server: Sshd):
    path = shelf.put("today.csv", day(("1", "5", "16.01.2026 08:00", "x")))
    done = threading.Event()

    def grow() -> None:
        while not done.wait(0.05):
            with path.open("ab") as file:
                file.write("2;5;16.01.2026 08:00;x\r\n".encode("cp1251"))
            shelf.aged(path, 3600)

    writer = threading.Thread(target=grow)
    writer.start()
    shelf.meanwhile = lambda: time.sleep(0.3)
    try:
        first = run(shelf, server)
    finally:
        done.set()
        writer.join()
    assert (first.ids, len(first.notes)) == ([], 1)


def test_files_that_hold_all_tell_what_is_gone(shelf: Shelf, server: Sshd):
    path = shelf.put("a.csv", day(("1", "5", "16.01.2026 08:00", "x")))
    shelf.put("b.csv", day(("2", "5", "16.01.2026 08:00", "x")))
    first = run(shelf, server, holds="all")
    assert (first.ids, first.sees_all) == (["1", "2"], True)
    path.unlink()
    second = run(shelf, server, first.bookmark, holds="all")
    assert (second.ids, second.sees_all) == (["2"], True)


def test_a_server_with_another_key_hears_nothing(shelf: Shelf, server: Sshd):
    shelf.put("a.csv", day(("1", "5", "16.01.2026 08:00", "x")))
    pinned = said(server)
    server.stop()
    server.new_host_key()
    server.start()
    with pytest.raises(PermanentError, match="host_key") as caught:
        shelf.run(**pinned)
    assert "SHA256:" in caught.value.hint.ru
    assert "Accepted" not in server.log.read_text()


def test_a_key_that_is_not_known_is_refused(shelf: Shelf, server: Sshd):
    server.lock_out()
    with pytest.raises(PermanentError, match="login"):
        run(shelf, server)
    with pytest.raises(PermanentError, match=r"table\.key"):
        run(shelf, server, private_key="/nowhere/key")


def test_the_key_may_be_given_itself(shelf: Shelf, server: Sshd):
    shelf.put("a.csv", day(("1", "5", "16.01.2026 08:00", "x")))
    assert run(shelf, server, private_key=server.key.read_text()).ids == ["1"]


def test_a_server_that_is_away_is_tried_again(shelf: Shelf, server: Sshd):
    wanted = said(server)
    server.stop()
    with pytest.raises(TransientError, match="away"):
        shelf.run(**wanted)


def test_a_connection_that_breaks_in_the_middle_is_made_anew(shelf: Shelf, server: Sshd):
    shelf.put("a.csv", day(("1", "5", "16.01.2026 08:00", "x")))
    settings = shelf.settings(**said(server))
    storage = Sftp(settings)
    found = storage.look({}).files[0]
    assert storage._client is not None
    storage._client.get_transport().close()
    with pytest.raises(TransientError):
        storage.bring(found, shelf.folder.parent / "copy")
    storage.bring(found, shelf.folder.parent / "copy")
    storage.close()
    assert (shelf.folder.parent / "copy").stat().st_size == found.size


def test_links_are_followed_as_the_server_sees_them(shelf: Shelf, server: Sshd):
    outside = server.folder.parent / "secret.csv"
    outside.write_bytes(day(("9", "5", "16.01.2026 08:00", "x")).encode())
    os.utime(outside, (1, 1))
    inside = shelf.put("real.csv", day(("1", "5", "16.01.2026 08:00", "x")))
    (shelf.folder / "in.csv").symlink_to(inside)
    (shelf.folder / "out.csv").symlink_to(outside)
    (shelf.folder / "dead.csv").symlink_to("/nowhere")
    result = run(shelf, server, path="*.csv")
    assert result.ids == ["1", "1"]
    assert ["out.csv" in note for note in result.notes] == [True]


def test_patterns_go_down_into_folders(shelf: Shelf, server: Sshd):
    for name in ("2026/01/a.csv", "2026/02/b.csv", "c.csv"):
        shelf.put(name, day((name, "5", "16.01.2026 08:00", "x")))
    assert sorted(run(shelf, server, path="2026/**/*.csv").ids) == ["2026/01/a.csv", "2026/02/b.csv"]
    assert run(shelf, server, path="c.csv").ids == ["c.csv"]
    assert run(shelf, server, path="").ids == ["c.csv"]


def test_a_folder_that_is_not_there_is_told(shelf: Shelf, server: Sshd):
    with pytest.raises(PermanentError, match="no_folder"):
        run(shelf, server, path="nowhere/*.csv")


def test_a_check_tells_what_the_server_has(shelf: Shelf, server: Sshd):
    shelf.put("a.csv", day(("1", "5", "16.01.2026 08:00", "x")), encoding="cp1251")
    findings = checking.check(shelf.desk(shelf.settings(**said(server))))
    assert {found.state for found in findings} == {"ok"}
    assert findings[-1].what.en == "The first record is «1» (a.csv:2)"
    server.stop()
    away = checking.check(shelf.desk(shelf.settings(**said(server))))
    assert [(found.state, found.code) for found in away] == [("bad", "table.away")]


def test_a_large_file_comes_in_seconds(shelf: Shelf, server: Sshd, tmp_path: Path):
    shelf.put("a.csv", b"number\n" + b"x" * (8 << 20))
    storage = Sftp(shelf.settings(**said(server)))
    begun = time.perf_counter()
    storage.bring(storage.look({}).files[0], tmp_path / "copy")
    storage.close()
    assert timedelta(seconds=time.perf_counter() - begun) < timedelta(seconds=20)
