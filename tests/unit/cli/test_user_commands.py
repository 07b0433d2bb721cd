"""``connector user``."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.journal.sessions import Visitor
from tests.unit.cli.conftest import Desk

PASSWORD = "correct horse battery"
TWICE = f"{PASSWORD}\n{PASSWORD}\n"


@pytest.fixture
def anna(desk: Desk) -> Desk:
    desk.house.journal.add_user("anna", "viewer", PASSWORD, who="root", why="new")
    return desk


def test_a_user_is_made_with_a_password_that_is_asked_for(desk: Desk):
    result = desk.run("user", "add", "Boss", "--role", "admin", "--lang", "en", answer=TWICE)
    assert result.exit_code == 0, result.output
    assert "/ops as admin" in result.stdout
    assert PASSWORD not in result.output
    token = desk.house.journal.sign_in("boss", PASSWORD, "")
    assert desk.house.journal.visitor(token) == Visitor(name="boss", role="admin")


def test_a_password_may_come_from_a_file_or_stdin(desk: Desk, tmp_path: Path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    assert desk.json("user", "add", "anna", "--role", "viewer", "--password-file", str(file))["role"] == "viewer"
    assert desk.run("user", "password", "anna", "--password-file", "-", answer="another horse battery").exit_code == 0
    assert desk.house.journal.sign_in("anna", "another horse battery", "")


def test_what_cannot_be_is_said(desk: Desk):
    differ = desk.run("user", "add", "a", "--role", "admin", "--lang", "en", answer="correct horse\nbattery\n")
    assert (differ.exit_code, "differ" in differ.output) == (1, True)
    unread = desk.json("user", "add", "a", "--role", "admin", "--password-file", "/nowhere", code=1)
    assert unread["error"]["cause"] == "user.password_file"
    assert desk.run("user", "add", "a", "--role", "king").exit_code == 2
    assert desk.json("user", "disable", "nobody", code=1)["error"]["cause"] == "user.unknown"
    assert desk.house.journal.users() == []


def test_users_are_listed_with_their_roles(anna: Desk):
    assert [(one["name"], one["role"], one["disabled_at"]) for one in anna.json("user", "list")] == [
        ("anna", "viewer", None)
    ]
    assert "viewer" in anna.run("user", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("disable", "anna"), "user.disabled"),
        (("enable", "anna"), "user.enabled"),
        (("role", "anna", "admin"), "user.role"),
    ],
)
def test_each_deed_says_who_and_why_and_signs_out(anna: Desk, arguments: tuple[str, ...], what: str):
    journal = anna.house.journal
    token = journal.sign_in("anna", PASSWORD, "")
    assert anna.json("user", *arguments, "--who", "root", "--why", "asked")["signed_out"]
    assert journal.visitor(token) is None
    note = journal.audits(limit=1)[0]
    assert (note.who, note.what, note.why, note.target) == ("root", what, "asked", "user:anna")
