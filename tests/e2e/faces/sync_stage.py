"""Sources of every sort for the pages of sync."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from connector.bootstrap import Connector
from connector.speech import Text
from tests.e2e.faces.console_stage import HOSTILE
from tests.unit.webhooks.console.sync_stage import (
    NO_BUYER,
    NO_DATE,
    REFUSED,
    VANISHED,
    began,
    ended,
    new,
    settled,
    source,
    went,
)

LEFT = Text("orders-29.csv is still being written: left for later.", "orders-29.csv ещё пишется: оставлен на потом.")
RULES = """version: 1
name: shipments
on: record.shipments
crm:
  deal:
    external: {system: warehouse, id: "{{ record.number }}"}
    set: {TITLE: "Отправление {{ record.number }}", OPPORTUNITY: "{{ record.sum }}"}
tags: [{add: late, when: record.status == 'задержано'}]
"""


def furnished(house: Connector) -> None:
    """Sources: one that runs, one that failed, one that is braked, one paused, one that never ran; rows of each."""
    sources, journal = house.settings.sources, house.journal
    sources["shipments"] = source(full_every="1d")
    sources["orders"] = source("orders", every=None, cron="30 6 * * 1-5", timezone="Europe/Moscow", provider="sql")
    sources["staff"] = source("staff", provider="ldap", every="1h")
    sources["prices"] = source("prices", every="10m")
    sources["new-one"] = source("new-one", every="10m")
    first = began(journal, "shipments", full=True)
    values = {
        "number": "SHP-1001",
        "sum": "12 300,50",
        "email": "maria@example.com",
        "status": "задержано",
        "api_token": "abcdef0123456789abcdef",
        "items": [{"name": "Кабель", "count": 3}],
        "comment": HOSTILE,
        "empty": None,
    }
    rows = [new(f"SHP-{number}", {**values, "number": f"SHP-{number}"}) for number in range(1001, 1021)]
    rows += [new(HOSTILE, {"number": HOSTILE}, where=HOSTILE), new("W" * 300, {"long": "W" * 5000})]
    rows.append(new("SHP-2000", cause="source.broken", hint=NO_DATE, detail="32.13.2026"))
    went(journal, first, rows=rows, counts={"read": 24, "changed": 24, "parked": 5}, notes=[LEFT])
    for number in range(1001, 1015):
        settled(journal, first, f"SHP-{number}", outcome="created", crm=((2, number), (1036, 4)))
    for record in ("SHP-1015", "SHP-1016", HOSTILE, "W" * 300):
        settled(journal, first, record, "parked", cause="crm.not_found", hint=NO_BUYER, detail=HOSTILE)
    ended(journal, first, counts={"created": 14, "requests": 9})
    ended(journal, began(journal, "orders"), "failed", cause="sql.login", hint=REFUSED, detail="FATAL: 28P01")
    ended(journal, began(journal, "staff", full=True), "braked", counts={"read": 60}, cause="sync.brake", hint=VANISHED)
    journal.note_source("prices", paused_at=house.clock() - timedelta(hours=3), paused_by="anna")
    again = began(journal, "shipments", trigger="person", who="anna")
    went(journal, again, counts={"read": 82_000, "changed": 500, "requests": 41}, total=200_000)


def ruled(house: Connector) -> Path:
    """The rules of shipments in the house's folder, in use."""
    folder = house.settings.mappings
    assert folder is not None
    folder.mkdir(exist_ok=True)
    (folder / "shipments.yaml").write_text(RULES, encoding="utf-8")
    house.rulebook.publish()
    return folder / "shipments.yaml"
