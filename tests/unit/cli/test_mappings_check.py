"""``connector mappings check``: faults of the files, and with --portal what is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.portal import Outcome

HEAD = "version: 1\non: message.received\n"


class LinesOnly:
    """A portal with one open line."""

    name, connector_prefix = "main", "c123456_"

    def batch(self, commands, *, live):
        assert live is False
        rows = {"imopenlines.config.list.get": [{"ID": "1", "LINE_NAME": "Продажи", "ACTIVE": "Y"}]}
        return {key: Outcome(state="ok", result=rows.get(method, {})) for key, (method, _) in commands.items()}


@pytest.fixture
def on_portal(desk):
    desk.house = replace(desk.house, portals={"main": LinesOnly()})
    return desk


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mappings"
    place.mkdir()
    return place


def test_what_the_portal_does_not_have_is_told_in_both_languages(on_portal, folder):
    (folder / "shop.yaml").write_text(f"{HEAD}line: 33\n", encoding="utf-8")
    english = on_portal.run("mappings", "check", str(folder), "--portal", "main", "--lang", "en")
    russian = on_portal.run("mappings", "check", str(folder), "--portal", "main", "--lang", "ru")
    assert (english.exit_code, russian.exit_code) == (1, 1)
    assert "shop.yaml:3:7: line: There is no open line 33. Known: 1 (Продажи)" in english.stdout
    assert "shop.yaml:3:7: line: Открытой линии 33 нет. Известны: 1 (Продажи)" in russian.stdout
    assert "Ошибок: 1" in russian.stdout


def test_programs_get_each_fault_with_its_place(on_portal, folder):
    (folder / "shop.yaml").write_text(f"{HEAD}line: 33\n", encoding="utf-8")
    told = on_portal.json("mappings", "check", str(folder), "--portal", "main", "--lang", "en", code=1)
    assert (told["ok"], told["more"]) == (False, 0)
    assert told["faults"] == [
        {
            "file": "shop.yaml",
            "line": 3,
            "column": 7,
            "path": "line",
            "what": "There is no open line 33",
            "mend": "Known: 1 (Продажи)",
        }
    ]


def test_what_fits_is_said_to_fit(on_portal, folder):
    (folder / "shop.yaml").write_text(f"{HEAD}line: 1\n", encoding="utf-8")
    assert on_portal.json("mappings", "check", str(folder), "--portal", "main")["ok"] is True
    shown = on_portal.run("mappings", "check", str(folder), "--portal", "main", "--lang", "en")
    assert (shown.exit_code, "exists on portal main" in shown.stdout) == (0, True)


def test_broken_files_are_told_before_any_portal_is_asked(on_portal, folder):
    (folder / "shop.yaml").write_text(f"{HEAD}lin: 33\n", encoding="utf-8")
    told = on_portal.json("mappings", "check", str(folder), "--portal", "main", "--lang", "en", code=1)
    assert [fault["path"] for fault in told["faults"]] == ["lin"]


def test_a_portal_that_nobody_knows_is_told_with_the_known_ones(on_portal, folder):
    answer = on_portal.json("mappings", "check", str(folder), "--portal", "other", code=1)
    assert (answer["error"]["cause"], answer["error"]["hint"]) == ("portal.unknown", "main")


def test_a_portal_without_the_application_says_how_to_install_it(desk, folder):
    (folder / "shop.yaml").write_text(f"{HEAD}line: 1\n", encoding="utf-8")
    shown = desk.run("mappings", "check", str(folder), "--portal", "main", "--lang", "ru")
    assert (shown.exit_code, "Traceback" in shown.output) == (1, False)
    assert "Приложение не установлено на портале" in shown.stderr
