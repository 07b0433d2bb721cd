"""``connector init``: the first file, the first administrator, and where one stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connector import settings
from connector.cli import cli
from connector.cli.first_file import KEY_FILE
from connector.journal import Journal, Vault, open_journal
from connector.registry import models

PASSWORD = "correct horse battery"
URL = ("--url", "https://acme.bitrix24.ru")


class Machine:
    """A new machine: nothing is written, nothing is set."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "connector.yaml"

    def run(self, *arguments: str, answer: str = "") -> Result:
        return CliRunner().invoke(cli, ["init", *arguments], input=answer)

    def json(self, *arguments: str, code: int = 0, answer: str = "") -> Any:
        result = self.run(*arguments, "--json", answer=answer)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def journal(self) -> Journal:
        key = (self.folder / KEY_FILE).read_text().strip()
        return open_journal(f"sqlite:///{self.folder / 'var' / 'connector.db'}", Vault([key]))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("CONNECTOR_CONFIG", str(tmp_path / "connector.yaml"))
    monkeypatch.setenv("PORT", "1")
    for name in ("CONNECTOR_SECRET_KEY", "CONNECTOR_SECRET_KEY_FILE", "CONNECTOR_PUBLIC_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Machine(tmp_path)


@pytest.fixture
def signs_in(machine: Machine) -> Callable[[str], bool]:
    def try_it(name: str) -> bool:
        journal = machine.journal()
        try:
            return bool(journal.visitor(journal.sign_in(name, PASSWORD, "")))
        finally:
            journal.close()

    return try_it


def test_the_administrator_is_made_with_the_key_that_was_just_written(machine: Machine, signs_in):
    result = machine.run(*URL, answer=f"\n\n\nboss\n{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    assert signs_in("boss")
    journal = machine.journal()
    assert [(user.name, user.role) for user in journal.users()] == [("boss", "admin")]
    assert [note.why for note in journal.audits() if note.what == "user.added"] == ["connector init"]
    journal.close()


def test_what_will_not_do_is_asked_again(machine: Machine, signs_in):
    answers = f"\n\n\nboss\nshort\nshort\nboss\n{PASSWORD}\nanother battery staple\nboss\n{PASSWORD}\n{PASSWORD}\n"
    result = machine.run(*URL, "--lang", "en", answer=answers)
    assert result.exit_code == 0, result.output
    assert "12 to 256 characters" in result.output
    assert "They differ" in result.output
    assert signs_in("boss")


def test_a_program_gives_the_name_and_a_file_with_the_password(machine: Machine, signs_in, tmp_path: Path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    told = machine.json(*URL, "--admin", "boss", "--password-file", str(file))
    assert told["admin"] == "boss"
    assert signs_in("boss")


def test_without_them_nobody_is_made_and_it_is_said(machine: Machine):
    result = machine.run(*URL, "--yes", "--lang", "en")
    assert result.exit_code == 0
    assert "Nobody may sign in" in result.output
    journal = machine.journal()
    assert journal.users() == []
    journal.close()


def test_the_administrator_may_be_made_later_and_is_made_once(machine: Machine, signs_in):
    machine.json(*URL)
    first = machine.json("--admin", "boss", "--password-file", "-", answer=PASSWORD, code=1)
    assert (first["admin"], first["written"]) == ("boss", [])
    again = machine.json("--admin", "other", "--password-file", "-", answer=PASSWORD, code=1)
    assert again["admin"] is None
    assert signs_in("boss")


def test_a_password_that_will_not_do_is_said(machine: Machine):
    result = machine.run(*URL, "--admin", "boss", "--password-file", "-", "--json", answer="short")
    assert (result.exit_code, json.loads(result.stdout)["error"]["cause"]) == (1, "user.weak_password")


def test_the_steps_are_told_with_the_next_thing_to_do(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    told = machine.json(*URL)
    states = {step["step"]: step["state"] for step in told["steps"]}
    assert list(states) == ["public", "card", "keys", "installation", "account", "line", "test", "answer"]
    assert told["now"] == "public"  # no https yet
    keys = next(step for step in told["steps"] if step["step"] == "keys")
    assert all(name in keys["told"] for name in ("B24_CLIENT_SECRET", "SHOP_TOKEN", "SHOP_SECRET"))
    assert "CONNECTOR_SECRET_KEY" not in keys["told"]  # it was just written
    shown = machine.run("--lang", "ru")
    assert shown.exit_code == 1
    assert "остаётся как есть" in shown.stdout
    assert "Сейчас: Внешний адрес" in shown.stdout
    monkeypatch.setenv("SHOP_TOKEN", "1:abc")
    keys = next(step for step in machine.json(code=1)["steps"] if step["step"] == "keys")
    assert "SHOP_TOKEN" not in keys["told"]


def test_a_mistake_of_another_kind_is_told_as_ever(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    machine.json(*URL)
    monkeypatch.setenv("SHOP_TOKEN", "no token at all")
    result = machine.run("--lang", "en")
    assert result.exit_code == 1
    assert "BotFather" in result.output
    assert "no token at all" not in result.output


def test_the_way_of_a_telephone_system_ends_with_a_call_and_it_has_no_open_line(machine: Machine):
    told = machine.json(*URL, "--provider", "asterisk", "--set", "host=192.0.2.10")
    assert [step["step"] for step in told["steps"]][-3:] == ["account", "lines", "call"]
    text = machine.path.read_text(encoding="utf-8")
    assert '  office:\n    provider: asterisk\n    portal: main\n    host: "192.0.2.10"\n' in text
    assert "line:" not in text
    assert "Путь к первому звонку" in machine.run("--lang", "ru").stdout


def test_what_a_provider_must_be_told_is_asked_and_optional_things_wait_in_comments(machine: Machine):
    answers = f"\nmegafon\npbx\nhttps://vats1.example\nboss\n{PASSWORD}\n{PASSWORD}\n"
    result = machine.run(*URL, "--lang", "en", answer=answers)
    assert result.exit_code == 0, result.output
    assert 'api_url: "https://vats1.example"' in machine.path.read_text(encoding="utf-8")


def test_the_address_that_twilio_signs_is_our_own(machine: Machine):
    machine.json(*URL, "--provider", "twilio", "--account", "calls")
    text = machine.path.read_text(encoding="utf-8")
    assert '    url: "${CONNECTOR_PUBLIC_URL}/hooks/calls"\n' in text
    assert '    # employees: {"101": ' in text


@pytest.mark.parametrize(("given", "said"), [("prot=1", "host, username"), ("host", "NAME=VALUE"), ("host=", "NAME=")])
def test_what_cannot_be_set_is_said(machine: Machine, given: str, said: str):
    result = machine.run(*URL, "--yes", "--provider", "asterisk", "--set", given, "--lang", "en")
    assert result.exit_code == 2
    assert said in result.output or "ИМЯ=" in result.output
    assert not machine.path.exists()


@pytest.mark.parametrize("provider", sorted(models()))
def test_the_file_of_every_provider_wants_nothing_but_its_variables(
    machine: Machine, provider: str, monkeypatch: pytest.MonkeyPatch
):
    told = machine.json(*URL, "--provider", provider)
    monkeypatch.setenv("CONNECTOR_SECRET_KEY", "k" * 40)
    with pytest.raises(settings.SettingsMistakesError) as caught:
        settings.load(machine.path, {"CONNECTOR_SECRET_KEY": "k" * 40}, models())
    variables = {line.removeprefix("export ").partition("=")[0] for line in told["next"] if line.startswith("export ")}
    assert {mistake.found.strip("${}") for mistake in caught.value.mistakes} <= variables


def test_a_mailbox_is_sketched_with_both_its_servers_and_one_password(machine: Machine):
    told = machine.json(*URL, "--provider", "mail", "--set", "imap.host=imap.yandex.ru")
    text = machine.path.read_text(encoding="utf-8")
    assert '    imap:\n      host: "imap.yandex.ru"\n      password: "${SUPPORT_PASSWORD}"\n' in text
    assert '    smtp:\n      host: "smtp.acme.ru"\n' in text
    assert '    # aliases: ["help@acme.ru"]\n' in text
    assert "export SUPPORT_PASSWORD=…" in told["next"]
    assert [step["title"] for step in told["steps"] if step["step"] == "account"] in (["Mailbox"], ["Почтовый ящик"])


def test_a_mailbox_asks_where_its_servers_are(machine: Machine):
    answers = f"\n\nhelp@acme.ru\nsmtp.x.ru\nimap.x.ru\nboss\n{PASSWORD}\n{PASSWORD}\n"
    result = machine.run(*URL, "--provider", "mail", "--lang", "en", answer=answers)
    assert result.exit_code == 0, result.output
    text = machine.path.read_text(encoding="utf-8")
    assert 'address: "help@acme.ru"' in text
    assert 'host: "smtp.x.ru"' in text
    assert 'host: "imap.x.ru"' in text
