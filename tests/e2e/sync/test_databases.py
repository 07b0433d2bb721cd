"""PostgreSQL, MariaDB and an SFTP server in one house: what changes and what is deleted, and who gets how much."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.e2e.sync.town import PATIENCE, Town, town
from tests.integration.house.house import House
from tests.integration.house.talk import Talk, Talks
from tests.integration.house.waiting import until
from tests.integration.sources.mariadb import MariaDb, mariadb
from tests.integration.sources.sshd import Sshd, sshd
from tests.services import Postgres

pytestmark = pytest.mark.e2e
DEAL, CONTACT, PARCEL = 2, 3, 1044
SHARING = ("orders", "clients", "parcels")
BATCH, ROWS = 5, 75  # a page is so many rows, a look at them and a write of them
MEASURED = 24  # requests of all three together: far fewer than they have, though one begins later than another
RULES = """
on: record.orders
crm:
  deal:
    external: {system: erp, id: "{{ record.id }}"}
    match: [external]
    set: {TITLE: "{{ record.title }}", OPPORTUNITY: "{{ record.total }}"}
---
on: record.orders.gone
crm:
  deal:
    external: {system: erp, id: "{{ record.id }}"}
    match: [external]
    create: false
    set: {TITLE: "{{ record.title }} (gone)"}
---
on: record.clients
crm:
  contact:
    external: {system: shop, id: "{{ record.code }}"}
    match: [external]
    set: {NAME: "{{ record.name }}"}
---
on: record.clients.gone
crm:
  contact:
    external: {system: shop, id: "{{ record.code }}"}
    match: [external]
    create: false
    set: {NAME: "{{ record.name }} (gone)"}
---
on: record.parcels
crm:
  item:
    type: 1044
    external: {system: wms, id: "{{ record.number }}"}
    match: [external]
    set: {TITLE: "{{ record.number }}"}
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Company:
    """Three systems of a company, and the house between them and the portal."""

    town: Town
    erp: str
    shop: MariaDb
    warehouse: Sshd

    def in_erp(self, *statements: str) -> None:
        """Into PostgreSQL."""
        with psycopg.connect(self.erp) as database:
            for statement in statements:
                database.execute(statement.encode())

    def in_shop(self, *statements: str) -> None:
        """Into MariaDB; ``{now}`` is a version that is newer than all before."""
        now = time.time_ns() // 1000
        self.shop.run("test_1", *(statement.replace("{now}", str(now)) for statement in statements))

    def names(self) -> list[str]:
        """The names of all contacts."""
        return sorted(str(item["name"]) for item in self.town.house.sandbox.items(CONTACT))


@pytest.fixture(scope="module")
def shop() -> Iterator[MariaDb]:
    with mariadb() as running:
        assert running.create() == "test_1"
        yield running


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Sshd]:
    with sshd() as running:
        yield running


@pytest.fixture(scope="module")
def company(
    postgres_server: Postgres, shop: MariaDb, warehouse: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    erp = postgres_server.create()
    common = {"page": BATCH, "overlap": "0s"}
    orders = {"provider": "sql", "url": erp, "table": "orders", "id": "id", "cursor": "changed", "deleted": "deleted"}
    clients = {
        "provider": "sql",
        "url": shop.url("test_1"),
        "table": "clients",
        "id": "code",
        "cursor": "version",
        "deleted": {"column": "is_deleted"},
    }
    parcels = {
        "provider": "table",
        "location": warehouse.url("*.csv"),
        "private_key": str(warehouse.key),
        "host_key": warehouse.host_key,
        "id": "number",
        "types": {"number": "text"},
        "settle": "0s",
    }
    sources: Mapping[str, Any] = {"orders": orders | common, "clients": clients | common, "parcels": parcels | common}
    contents = {"types": [{"entityTypeId": PARCEL, "title": "Посылки"}]}
    folder = tmp_path_factory.mktemp("databases")
    with town("sqlite", folder, sources, RULES, contents=contents) as made:
        found = Company(town=made, erp=erp, shop=shop, warehouse=warehouse)
        found.in_erp(
            "CREATE TABLE orders (id INT PRIMARY KEY, title TEXT, total NUMERIC(12,2), deleted TIMESTAMPTZ, "
            "changed TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())"
        )
        found.in_shop(
            "CREATE TABLE clients (code VARCHAR(20) PRIMARY KEY, name VARCHAR(50), is_deleted BOOL DEFAULT 0, "
            "version BIGINT NOT NULL) CHARACTER SET utf8mb4"
        )
        yield found
    postgres_server.drop(erp)


@pytest.fixture
def house(company: Company) -> House:
    return company.town.house


def test_rows_of_two_databases_become_deals_and_contacts_and_tombstones_end_them(house: House, company: Company):
    town = company.town
    company.in_erp("INSERT INTO orders VALUES (9001, 'Заказ А', 10.50), (9002, 'Заказ Б', 7)")
    company.in_shop("INSERT INTO clients VALUES ('c-1', 'Клиент А', 0, {now}), ('c-2', 'Клиент Б', 0, {now})")
    runs = [town.over(run) for run in [town.begin("orders"), town.begin("clients")]]
    assert [(run.state, run.counts["created"]) for run in runs] == [("done", 2)] * 2
    assert town.titles(DEAL, "Заказ") == ["Заказ А", "Заказ Б"]
    company.in_erp(
        "UPDATE orders SET total = 11, title = 'Заказ АА', changed = clock_timestamp() WHERE id = 9001",
        "UPDATE orders SET deleted = now(), changed = clock_timestamp() WHERE id = 9002",
    )
    company.in_shop(
        "UPDATE clients SET is_deleted = 1, version = {now} WHERE code = 'c-1'",
        "INSERT INTO clients VALUES ('c-3', 'Клиент В', 0, {now})",
    )
    runs = [town.over(run) for run in [town.begin("orders"), town.begin("clients")]]
    assert [(run.state, run.full) for run in runs] == [("done", False)] * 2
    assert [(run.counts["created"], run.counts["updated"]) for run in runs] == [(0, 2), (1, 1)]
    assert town.titles(DEAL, "Заказ") == ["Заказ АА", "Заказ Б (gone)"]
    deal = next(deal for deal in house.sandbox.items(DEAL) if deal["title"] == "Заказ АА")
    assert float(deal["opportunity"]) == 11
    assert {"Клиент А (gone)", "Клиент Б", "Клиент В"} <= {*company.names()}


@pytest.mark.slow
def test_three_sources_share_the_budget_and_a_client_is_answered_at_once(house: House, company: Company):
    town, sandbox = company.town, house.sandbox
    talk = Talks(house).new()
    talk.say("before")
    talk.sees("before")
    backlog(company)
    town.amend(budget={"burst": 10, "per_second": 2.0})
    town.kill("worker", politely=True)
    sandbox.set_limits(burst=10, per_second=2.0)
    runs = [town.begin(name) for name in SHARING]
    until(lambda: all(used(town)), seconds=PATIENCE, what="each has had its first request")
    before, asked = used(town), sandbox.counters()["requests"]
    waited = answered(talk)
    until(lambda: sum(used(town)) - sum(before) >= MEASURED, seconds=2 * PATIENCE, what="enough was asked")
    shares = [after - first for after, first in zip(used(town), before, strict=True)]
    asked = sandbox.counters()["requests"] - asked
    assert all(run is not None and run.open for run in map(house.journal.open_run, SHARING))
    assert min(shares) >= sum(shares) / 5, shares
    assert sum(shares) <= asked + BATCH  # what the journal says of each is what the portal saw of all
    assert waited < 20, "a client waits for one request of bulk, not for its backlog"
    ended = [town.over(run) for run in runs]
    assert [(run.state, run.counts["parked"]) for run in ended] == [("done", 0)] * 3
    assert town.titles(DEAL, "D-") == [f"D-{number:04}" for number in range(ROWS)]
    assert town.titles(PARCEL) == [f"P-{number:04}" for number in range(ROWS)]
    assert [name for name in company.names() if name.startswith("N-")] == [f"N-{number:04}" for number in range(ROWS)]
    assert "QUERY_LIMIT_EXCEEDED" not in sandbox.counters()["errors"]


def backlog(company: Company) -> None:
    """As many rows in each of the three as would keep them busy for three quarters of a minute."""
    numbers = range(ROWS)
    company.in_erp(
        "INSERT INTO orders (id, title, total) VALUES " + ", ".join(f"({n}, 'D-{n:04}', {n})" for n in numbers)
    )
    company.in_shop("INSERT INTO clients VALUES " + ", ".join(f"('n-{n:04}', 'N-{n:04}', 0, {{now}})" for n in numbers))
    path = company.warehouse.folder / "parcels.csv"
    path.write_text("number;weight\n" + "".join(f"P-{n:04};1\n" for n in numbers))


def used(town: Town) -> list[int]:
    """The requests that each of the open runs has sent."""
    runs = [town.house.journal.open_run(name) for name in SHARING]
    return [run.counts["requests"] if run is not None else 0 for run in runs]


def answered(talk: Talk) -> float:
    """Seconds from a client's message at our door until it is in the portal."""
    began = time.monotonic()
    talk.say("and where is my order?")
    talk.sees("before", "and where is my order?", seconds=PATIENCE)
    return time.monotonic() - began
