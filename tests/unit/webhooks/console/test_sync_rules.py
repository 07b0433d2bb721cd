"""``/ops/sync/<source>/rules``: rules are edited, tried on a row against the live portal, and put to use."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connector.errors import TransientError
from connector.handlers.rules import PortalFacts, Rules
from connector.rulebook.book import Rulebook
from connector.rulebook.examples import empty_portal
from connector.speech import Text
from tests.unit.webhooks.console.conftest import Browser, Console
from tests.unit.webhooks.console.sync_stage import loaded, source

PATH = "/ops/sync/shipments/rules"
RULES = """version: 1
on: record.shipments
crm:
  deal:
    external: {system: warehouse, id: "{{ record.number }}"}
    set: {TITLE: "Order {{ record.number }}"}
"""


class Editing:
    """Somebody at the editor, and a portal that is asked."""

    def __init__(self, console: Console, folder: Path) -> None:
        self.console, self.folder = console, folder
        self.asked: list[str] = []
        self.away = False
        house = console.connector
        house.settings.mappings = folder
        house.rulebook = Rulebook(console.journal, folder)
        house.rules = Rules(
            public_url="", accounts={}, portals={"main": PortalFacts(name="main", language="ru", connectors={})}
        )
        house.portals["main"].installed, house.portals["main"].call = lambda: True, self._call
        (folder / "shipments.yaml").write_text(RULES, encoding="utf-8")
        house.rulebook.publish()

    def _call(self, method: str, params: Mapping[str, Any]) -> Any:
        self.asked.append(method)
        if self.away:
            raise TransientError("portal.away", hint=Text("The portal is away.", "Портал не отвечает."))
        return empty_portal(self.console.connector.rulebook.current())(method, params)

    @property
    def text(self) -> str:
        return (self.folder / "shipments.yaml").read_text(encoding="utf-8")


@pytest.fixture
def editing(console: Console, tmp_path: Path) -> Editing:
    console.connector.settings.sources["shipments"] = source()
    folder = tmp_path / "rules"
    folder.mkdir()
    loaded(console)
    return Editing(console, folder)


def sent(browser: Browser, deed: str, text: str, **more: str) -> Any:
    """What the form of the page sends."""
    page = browser.get(PATH).text
    was = re.search(r'name="was" value="(\w+)"', page)
    assert was
    form = {"deed": deed, "file": "shipments.yaml", "was": was[1], "record": "A-2", "text": text, **more}
    return browser.submit(PATH, **form)


def test_the_page_shows_the_file_and_a_row_to_try_it_on(editing: Editing) -> None:
    page = editing.console.signed_in("integrator").get(f"{PATH}?record=A-2").text
    assert html.unescape(page.split("<textarea")[1].split(">\n", 1)[1].split("</textarea>")[0]) == RULES
    assert 'name="record" maxlength="500" value="A-2"' in page
    assert editing.console.signed_in("operator").get(PATH).status_code == 403


def test_a_trial_asks_the_live_portal_and_writes_nothing(editing: Editing) -> None:
    page = sent(editing.console.signed_in("integrator"), "try", RULES.replace("Order", "Parcel")).text
    assert "Parcel A-2" in page
    assert "crm.item.add" in page
    assert editing.asked
    assert all(method.endswith(("list", "get", "fields")) for method in editing.asked)
    assert editing.text == RULES
    assert "A-2" in {row.record for row in editing.console.journal.mirror_rows("shipments", state="parked", limit=1000)}


def test_a_portal_that_is_away_is_told(editing: Editing) -> None:
    editing.away = True
    page = sent(editing.console.signed_in("integrator", "ru"), "try", RULES).text
    assert "Портал не отвечает." in page


@pytest.mark.parametrize("deed", ["try", "apply"])
def test_all_faults_are_told_by_line_and_nothing_is_written(editing: Editing, deed: str) -> None:
    broken = RULES.replace("on: record.shipments", "on: record.shipments\nwhne: record.sum").replace("TITLE", "title:")
    answer = sent(editing.console.signed_in("integrator", "ru"), deed, broken, why="a try")
    assert answer.status_code == 400
    assert "shipments.yaml:3:1" in answer.text
    assert "Неизвестный ключ" in answer.text
    assert "whne: record.sum" in answer.text  # what was typed stays
    assert editing.text == RULES


def test_what_is_applied_is_in_use_and_parked_rows_are_tried_again(editing: Editing) -> None:
    journal, before = editing.console.journal, editing.console.journal.mapping_now()
    browser = editing.console.signed_in("integrator")
    assert sent(browser, "apply", RULES.replace("Order", "Parcel")).status_code == 400  # no reason
    answer = sent(browser, "apply", RULES.replace("Order", "Parcel"), why="as the client says")
    assert answer.status_code == 303
    now = journal.mapping_now()
    assert now != before
    assert "Parcel" in editing.text
    assert "A-2" in {row.record for row in journal.mirror_rows("shipments", state="waiting", limit=1000)}
    assert "A-9" in {row.record for row in journal.mirror_rows("shipments", state="parked", limit=1000)}
    notes = [(note.what, note.who, note.target) for note in journal.audits(limit=3)]
    assert ("mapping.edited", "integrator", f"rules:shipments.yaml {now}") in notes
    page = browser.get(answer.location).text
    assert f"In use now, version <code>{now}</code>" in re.sub(r"\s+", " ", page)


def test_a_file_that_somebody_changed_meanwhile_is_not_overwritten(editing: Editing) -> None:
    browser = editing.console.signed_in("integrator")
    changed = RULES.replace("Order", "Theirs")
    answer = sent(browser, "apply", RULES.replace("Order", "Ours"), why="x", was="0" * 16)
    assert answer.status_code == 400
    assert "was changed by somebody else meanwhile" in answer.text
    (editing.folder / "shipments.yaml").write_text(changed, encoding="utf-8")
    assert editing.text == changed


@pytest.mark.parametrize("name", ["../connector.yaml", "/etc/passwd", "defaults/categories.yaml", "other.yaml"])
def test_no_other_file_can_be_named(editing: Editing, name: str) -> None:
    assert sent(editing.console.signed_in("admin"), "apply", RULES, why="x", file=name).status_code == 400
    assert [path.name for path in editing.folder.iterdir()] == ["shipments.yaml"]


def test_without_a_folder_rules_can_be_tried_alone(editing: Editing) -> None:
    editing.console.connector.settings.mappings = None
    page = editing.console.signed_in("integrator").get(PATH).text
    assert "there is no folder of rules that can be written to" in page
    assert 'value="apply"' not in page
    assert 'value="try"' in page
