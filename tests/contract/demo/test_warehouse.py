"""The demo's warehouse: its file through the provider that reads files, the engine, and a pretend portal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from connector import registry
from connector.bootstrap import build
from connector.demo import warehouse
from connector.demo.people import contents
from connector.demo.warehouse import FILES, NAME, RULES, Warehouse
from connector.sandbox import SandboxServer
from connector.settings import load
from tests.services import Redis

DROPPED = (FILES / NAME).read_text(encoding="utf-8")


@pytest.fixture
def stock(tmp_path: Path, redis_server: Redis) -> Iterator[Warehouse]:
    with SandboxServer(burst=0, operating_limit=0.0, language="ru", contents=contents("ru")) as sandbox:
        budget = {"burst": 500, "per_second": 500}
        portal = {"url": sandbox.url, "webhook": sandbox.webhook_url(), "language": "ru", "budget": budget}
        written = {"portals": {"main": portal}, "accounts": {}, "var": str(tmp_path / "var")}
        written |= warehouse.lay_out(tmp_path, "ru")
        (tmp_path / "connector.yaml").write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
        env = {"CONNECTOR_SECRET_KEY": "k" * 40, "REDIS_URL": redis_server.url}
        house = build(load(tmp_path / "connector.yaml", env, registry.models(), sources=registry.sources()))
        house.rulebook.publish()
        yield Warehouse(house, sandbox, tmp_path)
        house.journal.close()


def rows(stock: Warehouse, language: str = "ru") -> dict[str, str]:
    return {row["number"]: row["state"] for row in stock.look().say(language)["rows"]}


def told(stock: Warehouse, language: str = "ru") -> str:
    return "\n".join(stock.look().say(language)["told"])


def test_before_the_first_run_there_is_nothing_to_tell(stock: Warehouse):
    assert (told(stock), rows(stock), stock.text) == ("", {}, DROPPED)


def test_what_would_happen_is_told_and_not_done(stock: Warehouse):
    assert stock.press("try", DROPPED)
    assert "создал 3" in told(stock)
    assert "смарт-процесс «Отгрузки» (1036)" in told(stock)
    assert "create 3" in told(stock, "en")
    assert (stock.shipments(), rows(stock)) == ({}, {})


def test_a_run_makes_the_shipments_and_the_next_one_asks_nothing(stock: Warehouse):
    stock.press("try", DROPPED)
    assert stock.press("run", DROPPED)
    assert "прочитано 3, новых 3" in told(stock)
    assert rows(stock) == {"S-1001": "Отправлена", "S-1002": "Собрана", "S-1003": "Новая"}
    assert [bool(stock.shipments()[number].contact) for number in sorted(rows(stock))] == [True, True, False]
    stock.press("run", DROPPED)
    assert told(stock) == "Запуск 2: ничего не изменилось. Запросов к Битрикс24: 0."


def test_rows_move_vanish_and_park_each_for_itself(stock: Warehouse):
    stock.press("run", DROPPED)
    changed = DROPPED.replace("S-1002,packed", "S-1002,delivered").replace("12.03.2026", "12.13.2026")
    stock.press("run", changed.rpartition("S-1003")[0])
    assert {number: found.stage for number, found in stock.shipments().items()} == {
        "S-1001": "SENT",
        "S-1002": "SUCCESS",
        "S-1003": "LOST",
    }
    assert rows(stock)["S-1001"].startswith("отложена: shipments.csv:2: «12.13.2026»")
    assert rows(stock, "en")["S-1001"].startswith("parked: ")
    stock.press("run", DROPPED)
    assert rows(stock)["S-1001"] == "Отправлена"


def test_too_much_that_vanishes_is_left_alone_and_said(stock: Warehouse):
    stock.press("run", DROPPED)
    stock.press("run", "\n".join(DROPPED.splitlines()[:2]))
    assert "brake" in told(stock)
    assert "LOST" not in {found.stage for found in stock.shipments().values()}


@pytest.mark.parametrize("deed", ["try", "run"])
def test_a_file_of_something_else_is_told_from_one(stock: Warehouse, deed: str):
    stock.press(deed, "a;b\n1;2")
    assert "number" in told(stock)
    assert stock.shipments() == {}


def test_a_run_that_has_to_wait_says_why_and_is_not_begun_twice(stock: Warehouse):
    stock.sandbox.set_down("unavailable")
    stock.press("run", DROPPED)
    assert told(stock).startswith("Запуск 1 выполняется…\n")
    stock.press("run", DROPPED)
    assert "уже выполняется" in told(stock)


def test_another_deed_is_none(stock: Warehouse):
    with pytest.raises(KeyError):
        stock.press("erase", "")
    assert stock.text == DROPPED


def test_the_rules_speak_the_language_of_the_demo(tmp_path: Path):
    for language in ("ru", "en"):
        warehouse.lay_out(tmp_path, language)
        written = (tmp_path / "mappings" / "shipments.yaml").read_text(encoding="utf-8")
        assert all(text.say(language) in written for text in RULES.values())
        assert "$" not in written
