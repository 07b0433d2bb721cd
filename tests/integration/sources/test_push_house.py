"""Rows that are pushed to the whole house: over the real edge, into a real journal, out by the source's reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import Client

from connector import registry
from connector.bootstrap import Connector, build
from connector.domain.sources import Record
from connector.intake import Intake
from connector.journal import JournalAway
from connector.providers.standard_webhooks import signed
from connector.sync.opening import desk_of
from tests.contract.sources.push import pushed
from tests.integration.edge.processes import Place
from tests.services import free_port
from webhooks.app import create_app

SOURCES = f"""
sources:
  stock: {{provider: push, portal: main, id: sku, every: 1h, secret: {pushed.SECRET}}}
  parts: {{provider: push, portal: main, id: sku, every: 1h, token: {pushed.TOKEN}, body_limit: 2048}}
"""


class Pulled:
    """A journal whose database can be pulled out."""

    def __init__(self, journal: Any) -> None:
        self._journal, self.away = journal, False

    def __getattr__(self, name: str) -> Any:
        if self.away:
            raise JournalAway("pulled out")
        return getattr(self._journal, name)


class Stage:
    def __init__(self, connector: Connector) -> None:
        self.journal = Pulled(connector.journal)
        intake = Intake(
            self.journal, connector.spool, connector.accounts, connector.clock, sources=_pushed_of(connector.intake)
        )
        self.connector = replace(connector, intake=intake)
        self.client = Client(create_app(self.connector))

    def push(self, body: Any, message_id: str = "m1", source: str = "stock", **headers: str) -> Any:
        raw = json.dumps(body)
        proof = signed(message_id, raw, [pushed.SECRET], datetime.now(UTC)) if source == "stock" else {}
        heads = {"content-type": "application/json", **proof, **headers}
        return self.client.post(f"/hooks/{source}", data=raw, headers=heads)

    def rows(self, source: str = "stock") -> list[Record]:
        return pushed.records(desk_of(self.connector, self.connector.settings.sources[source]))

    def due(self, source: str = "stock") -> datetime | None:
        return self.connector.journal.source(source).due_at


def _pushed_of(intake: Intake) -> Any:
    return {name: intake.doors[name] for name in ("stock", "parts")}


@pytest.fixture
def stage(tmp_path: Path, journal_url: str) -> Iterator[Stage]:
    """No Redis runs anywhere near: what is pushed does not need it."""
    place = Place(tmp_path, journal_url, f"redis://127.0.0.1:{free_port()}/0")
    with (tmp_path / "connector.yaml").open("a") as file:
        file.write(SOURCES)
    connector = build(registry.settings(tmp_path / "connector.yaml", {**place.env, "CONNECTOR_VAR": str(tmp_path)}))
    yield Stage(connector)
    connector.journal.close()


def test_what_is_pushed_is_kept_and_due_at_once(stage):
    answer = stage.push([{"sku": "A-1", "left": 4}])
    assert (answer.status_code, answer.json) == (202, {"kept": True})
    assert [(record.id, record.values["left"]) for record in stage.rows()] == [("A-1", 4)]
    assert stage.due() is not None
    (kept,) = stage.connector.journal.list("envelopes")
    assert (kept["account"], kept["state"]) == ("source:stock", "accepted")
    assert pushed.SECRET not in str(stage.connector.journal.show(kept["trace"]))


def test_a_repeat_is_acknowledged_and_forgotten(stage):
    assert [stage.push([{"sku": "A-1"}], "same").status_code for _ in range(3)] == [202] * 3
    assert len(stage.connector.journal.list("envelopes")) == 1
    stage.push([{"sku": "A-1"}], "other")
    assert len(stage.connector.journal.list("envelopes")) == 2


def test_strangers_and_what_cannot_be_read_leave_nothing(stage):
    bearer = {"authorization": f"Bearer {pushed.TOKEN}"}
    statuses = [
        stage.push([{"sku": "A"}], source="stock", **{"webhook-signature": "v1,forged"}).status_code,
        stage.client.post("/hooks/stock", data=b"[]", headers={"content-type": "application/json"}).status_code,
        stage.push([{"sku": "A"}], source="parts", authorization="Bearer wrong").status_code,
        stage.push({"nothing": 1}, source="parts", **bearer).status_code,
        stage.push([{"sku": "x" * 3000}], source="parts", **bearer).status_code,
        stage.push([{"sku": "A"}], source="absent", **bearer).status_code,
        stage.client.get("/hooks/stock").status_code,
    ]
    assert statuses == [401, 401, 401, 400, 413, 404, 405]
    assert stage.connector.journal.list("envelopes") == []
    assert stage.due() is None


def test_more_than_the_house_lets_in_may_be_pushed(stage):
    """``limits.body`` is one MiB; ``body_limit`` of the source is eight."""
    rows = [{"sku": f"A-{number}", "note": "x" * 1000} for number in range(1200)]
    assert stage.push(rows).status_code == 202
    assert len(stage.rows()) == 1200
    assert stage.push([{"sku": "x" * (8 * 1024 * 1024)}], "m2").status_code == 413


def test_while_the_database_is_away_the_spool_keeps_what_comes(stage):
    stage.journal.away = True
    assert stage.push([{"sku": "A-1"}], "m1").status_code == 202
    assert stage.push([{"sku": "A-1"}], "m1").status_code == 202
    assert stage.push([{"sku": "A-2"}], "m2").status_code == 202
    assert stage.due() is None
    stage.journal.away = False
    assert stage.push([{"sku": "A-3"}], "m3").status_code == 202
    assert stage.rows() == []
    assert stage.connector.intake.drain() == 4
    assert [record.id for record in stage.rows()] == ["A-1", "A-2", "A-3"]
    assert stage.due() is not None


def test_an_envelope_of_a_source_meets_no_account_of_that_name(stage):
    stage.push([{"sku": "A-1"}])
    assert stage.connector.journal.list("envelopes", account="stock") == []
    assert stage.connector.journal.list("deliveries") == []


@pytest.mark.slow
def test_over_the_real_edge_without_redis(tmp_path):
    place = Place(tmp_path, f"sqlite:///{tmp_path}/connector.db", f"redis://127.0.0.1:{free_port()}/0")
    with (tmp_path / "connector.yaml").open("a") as file:
        file.write(SOURCES)
    place.env["WEB_CONCURRENCY"] = "1"
    try:
        place.serve()
        body = "sku;left\nA-1;4\n"
        proof = {**signed("m1", body, [pushed.SECRET], datetime.now(UTC)), "content-type": "text/csv"}
        for _ in range(2):
            answer = requests.post(place.url("/hooks/stock"), data=body.encode(), headers=proof, timeout=20)
            assert (answer.status_code, answer.json()) == (202, {"kept": True})
        forged = requests.post(place.url("/hooks/stock"), data=b"sku\nB", headers=proof, timeout=20)
        assert forged.status_code == 401
        journal = place.journal()
        assert [kept.body for kept in journal.kept_requests("source:stock", 0.0, "", 10)] == [body.encode()]
        assert journal.source("stock").due_at is not None
        journal.close()
    finally:
        place.close()
