"""1C, an API behind OAuth and a system that pushes: into a house on PostgreSQL, which may be away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connector.providers.standard_webhooks import signed
from tests.contract.sources.http_json.api import Api, Asked, Reply, served
from tests.contract.sources.push.pushed import SECRET, STRANGER
from tests.e2e.sync.town import PATIENCE, Town, town
from tests.integration.house.house import House
from tests.integration.house.waiting import until
from tests.integration.sources.onec_service import Infobase, onec, shipment

pytestmark = pytest.mark.e2e
TYPES = {"onec": 1040, "stock": 1042, "web": 1044}
ENTITY = "Document_Отгрузка"
RULE = """
on: record.{name}
crm:
  item:
    type: {kind}
    external: {{system: {name}, id: "{{{{ record.{id} }}}}"}}
    match: [external]
    set: {{TITLE: "{title}"}}
---
on: record.{name}.gone
crm:
  item:
    type: {kind}
    external: {{system: {name}, id: "{{{{ record.{id} }}}}"}}
    match: [external]
    create: false
    set: {{TITLE: "{title} (gone)"}}
"""
RULES = "---".join(
    (
        RULE.format(name="onec", kind=TYPES["onec"], id="Ref_Key", title="{{ record.Number }}"),
        RULE.format(name="stock", kind=TYPES["stock"], id="sku", title="{{ record.sku }}: {{ record.left }}"),
        RULE.format(name="web", kind=TYPES["web"], id="id", title="W-{{ record.id }} {{ record.at[:4] }}"),
    )
)


class Shopkeeper:
    """Sells tokens to a client who knows its secret, each good for two requests."""

    def __init__(self) -> None:
        self.sold, self.left = 0, 0

    def __call__(self, asked: Asked) -> Reply | None:
        if asked.method == "POST":
            return self._sell(asked.form)
        self.left -= 1
        good = asked.headers.get("authorization") == f"Bearer t{self.sold}" and self.left >= 0
        return None if good else Reply(status=401)

    def _sell(self, form: dict[str, str]) -> Reply:
        if (form["grant_type"], form["client_id"], form["client_secret"]) != ("client_credentials", "us", "s3cret"):
            return Reply(status=401, told={"error": "invalid_client"})
        self.sold, self.left = self.sold + 1, 2
        return Reply(told={"access_token": f"t{self.sold}", "token_type": "Bearer", "expires_in": 3600})


@pytest.fixture(scope="module")
def infobase() -> Iterator[Infobase]:
    with onec(Infobase(lists={ENTITY: []})) as running:
        yield running


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with served(Api(meanwhile=Shopkeeper())) as running:
        running.say = running.by_cursor
        yield running


@pytest.fixture(scope="module")
def built(infobase: Infobase, api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    trade = {
        "provider": "onec",
        "url": infobase.url,
        "entity": ENTITY,
        "user": infobase.user,
        "password": infobase.password,
        "changed": "ДатаИзменения",
        "timezone": "Europe/Moscow",
        "top": 2,
    }
    oauth = {"token_url": f"{api.url}/token", "client_id": "us", "client_secret": "s3cret"}
    web = {
        "provider": "http_json",
        "url": api.url,
        "id": "id",
        "records": "data.items",
        "auth": {"oauth": oauth},
        "pages": {"by": "cursor", "cursor": "meta.next"},
        "changed": {"param": "since", "column": "at"},
        "overlap": "0s",
    }
    stock = {"provider": "push", "id": "sku", "secret": SECRET}
    sources: dict[str, dict[str, Any]] = {"onec": trade, "stock": stock, "web": web}
    contents = {"types": [{"entityTypeId": kind, "title": name} for name, kind in TYPES.items()]}
    folder = tmp_path_factory.mktemp("services")
    with town("postgresql", folder, sources, RULES, contents=contents) as made:
        yield made


@pytest.fixture
def house(built: Town) -> House:
    return built.house


def test_documents_of_1c_become_items_and_a_mark_of_deletion_ends_them(house: House, built: Town, infobase: Infobase):
    documents = infobase.lists[ENTITY]
    documents += [shipment(number) for number in range(1, 6)]
    first = built.run("onec")
    assert (first.state, first.counts["created"]) == ("done", 5)
    documents[1] = shipment(2, "2026-02-01T11:00:00", DeletionMark=True)
    documents[2] = shipment(3, "2026-02-01T11:00:00", Number="РТ-000003/1")
    documents.append(shipment(6, "2026-02-01T11:00:00"))
    second = built.run("onec")
    assert (second.state, second.full) == ("done", False)
    assert (second.counts["created"], second.counts["updated"]) == (1, 2)
    numbers = ["РТ-000001", "РТ-000002 (gone)", "РТ-000003/1", "РТ-000004", "РТ-000005", "РТ-000006"]
    assert built.titles(TYPES["onec"]) == numbers


def test_an_api_that_sells_tokens_is_read_page_by_page_and_then_asked_for_changes(house: House, built: Town, api: Api):
    api.rows = [{"id": number, "at": f"2026-02-01T10:{number:02}:00+00:00"} for number in range(1, 12)]
    first = built.run("web")
    assert (first.state, first.counts["created"]) == ("done", 11)
    bought = [asked for asked in api.asked if asked.method == "POST"]
    assert len(bought) >= 2
    api.rows[4]["at"] = "2027-01-01T00:00:00+00:00"
    asked = len(api.asked)
    second = built.run("web")
    assert (second.state, second.counts["updated"], second.counts["created"]) == ("done", 1, 0)
    assert {each.params.get("since", "")[:10] for each in api.asked[asked:] if each.method == "GET"} == {"2026-02-01"}
    assert built.titles(TYPES["web"]) == sorted(f"W-{n} {2027 if n == 5 else 2026}" for n in range(1, 12))


def test_what_is_pushed_is_in_the_portal_once_though_database_and_workers_are_away(house: House, built: Town):
    assert pushed(house, "m1", {"A-1": 4, "A-2": 1}) == 202
    built.shows(TYPES["stock"], "A-1: 4", "A-2: 1")
    assert pushed(house, "m2", {"A-1": 9}, secret=STRANGER) == 401
    with house.database.away():
        assert [pushed(house, "m3", {"A-3": 7}) for _ in range(2)] == [202, 202]
        assert pushed(house, "m4", {"A-2": 0}) == 202
    built.shows(TYPES["stock"], "A-1: 4", "A-2: 0", "A-3: 7")
    worker = house.services["worker"]
    worker.kept = False
    worker.kill()
    try:
        assert pushed(house, "m5", {"A-4": 2, "A-1": 3}) == 202
        assert pushed(house, "m5", {"A-4": 2, "A-1": 3}) == 202
        until(lambda: house.journal.open_run("stock"), seconds=PATIENCE, what="the clock began a run")
    finally:
        worker.kept = True
    built.shows(TYPES["stock"], "A-1: 3", "A-2: 0", "A-3: 7", "A-4: 2")
    until(lambda: house.journal.open_run("stock") is None, seconds=PATIENCE, what="the run is over")
    kept = house.journal.list("envelopes", account="source:stock", limit=100)
    assert len(kept) == 4
    assert {run.trigger for run in built.runs("stock")} == {"push"}
    assert built.parked("stock") == {}


def pushed(house: House, message: str, left: dict[str, int], secret: str = SECRET) -> int:
    """What the door answers to a signed request, which another system repeats until it gets an answer."""
    body = json.dumps([{"sku": sku, "left": count} for sku, count in left.items()])
    headers = {**signed(message, body, [secret], datetime.now(UTC)), "content-type": "application/json"}
    url = f"{house.url}/hooks/stock"

    def answer() -> int:
        return requests.post(url, data=body.encode(), headers=headers, timeout=20).status_code

    return until(answer, what=f"an answer to {message}")
