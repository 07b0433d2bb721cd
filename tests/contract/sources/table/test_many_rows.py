from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.sources.table.shelf import Shelf

ROWS, PAGE = 60_000, 2000


def resident() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 / 1024


@pytest.mark.slow
def test_many_rows_page_in_little_memory(shelf: Shelf):
    path = shelf.folder / "orders.csv"
    with path.open("w", encoding="cp1251") as file:
        file.write("Номер;Клиент;Вес;Статус;Город\r\n")
        file.writelines(f"A{n};ООО «Ромашка {n}»;1 234,{n % 100:02};В пути;Москва\r\n" for n in range(ROWS))
    shelf.aged(path, 3600)
    settings = shelf.settings(types={"Вес": "number"})
    with shelf.reader(settings) as reader:
        page = reader.page(reader.begin(None).position, PAGE)
        count, sizes = len(page.records), list[float]()
        while not page.ended:
            page = reader.page(page.position, PAGE)
            count += len(page.records)
            sizes.append(resident())
    assert count == ROWS
    assert sizes[-1] - sizes[len(sizes) // 10] < 16
