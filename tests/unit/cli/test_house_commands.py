from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime

import pytest

from connector.cli.init import KEY_FILE
from connector.cli.processes import PROCESSES, procfile
from connector.cli.words import pick
from connector.domain.ports import Grant, Installation
from connector.journal import JournalAway, Vault
from tests.unit.telephony.pbx import pbx


def test_status_tells_problems_and_leaves_with_one(desk):
    desk.park()
    seen = desk.json("status", code=1)
    assert (seen["database"], seen["redis"], seen["ok"]) == (True, False, False)
    (row,) = seen["destinations"]
    assert (row["name"], row["parked"], row["waiting"], row["leased"]) == ("portal:main", 1, 0, False)
    assert seen["portals"][0]["state"] == "not_installed"
    shown = desk.run("status", "--lang", "ru")
    assert "Redis не отвечает" in shown.stdout
    assert "connector portal install main" in shown.stdout


def test_check_says_what_is_wrong_and_what_to_do(desk):
    result = desk.run("check")
    assert result.exit_code == 1
    for words in (
        "✗ Redis answers",
        "apt-get install redis-server",
        "✓ The database answers",
        "portal main",
        "account shop",
    ):
        assert words in result.stdout
    found = desk.json("check", code=1)
    assert found["bad"] >= 2
    assert all(finding["hint"] for finding in found["findings"] if finding["state"] != "ok")


def test_a_portal_of_this_machine_needs_no_public_address(desk):
    public = [f for f in desk.json("check", code=1)["findings"] if "public address" in f["what"]]
    assert public[0]["state"] == "warn"


def test_rebind_is_a_delivery_with_an_audit(desk):
    traces = desk.json("portal", "rebind", "--who", "anna")
    found = desk.house.journal.trace(traces["main"])
    assert [row["kind"] for row in found["deliveries"]] == ["app.installed"]
    assert [(row["who"], row["what"]) for row in found["audit"]] == [("anna", "rebind")]


def test_connecting_an_account_is_in_the_audit(desk):
    desk.run("account", "connect", "shop")
    (note,) = desk.house.journal.audits()
    assert (note.what, note.target, note.why) == ("account.connected", "account:shop", "connector account connect")
    assert note.who


@pytest.mark.parametrize("command", [("portal", "rebind"), ("portal", "check"), ("account", "connect")])
def test_an_unknown_name_is_told_with_the_known_ones(desk, command):
    answer = desk.json(*command, "nobody", code=1)
    assert answer["error"]["hint"].startswith("known here:")


def test_install_prints_what_to_paste_before_there_are_secrets(desk, config, monkeypatch):
    config.write_text('portals: {main: {url: "https://acme.bitrix24.ru", app: {client_secret: "${NOT_YET}"}}}')
    monkeypatch.setenv("CONNECTOR_CONFIG", str(config))
    monkeypatch.setenv("CONNECTOR_PUBLIC_URL", "https://bridge.example")
    answer = desk.json("portal", "install")
    assert answer["handler"] == "https://bridge.example/bitrix24/app"
    assert answer["install"] == "https://bridge.example/bitrix24/install"
    assert {"imconnector", "telephony", "userfieldconfig", "humanresources"} <= {*answer["rights"]}
    told = desk.run("portal", "install", "--lang", "ru").stdout
    assert "humanresources: команды в структуре компании; нужно только для `access:` источника" in told
    assert "acme.bitrix24.ru" in desk.run("portal", "install", "main").stdout


def test_portals_and_accounts_are_listed_with_their_state(desk):
    assert desk.json("portal", "list") == [
        {"portal": "main", "url": "http://127.0.0.1:1", "by": "app", "state": "not_installed"}
    ]
    (account,) = desk.json("account", "list")
    assert (account["account"], account["line"], account["url"]) == ("shop", 1, "http://127.0.0.1:8000/hooks/shop")


def test_an_address_is_shown_only_for_who_has_to_be_told_it(desk):
    accounts = {"hooks": pbx("hooks"), "office": pbx(listens=True), "cloud": pbx("cloud", renew=lambda *_: None)}
    desk.house.accounts.clear()
    desk.house.accounts.update(accounts)
    told = {one["account"]: one["url"] for one in desk.json("account", "list")}
    assert told == {"hooks": "http://127.0.0.1:8000/hooks/hooks", "office": "", "cloud": ""}
    shown = desk.run("account", "list", "--lang", "ru").stdout
    assert "connector listen" in shown
    assert "подписывается сам" in shown
    assert desk.json("account", "connect", "office") == {"ok": True, "listens": True}
    assert "fakepbx/README.md" in desk.run("account", "connect", "office", "--lang", "en").stdout


def test_rotation_seals_with_the_first_key(desk):
    journal = desk.house.journal
    grant = Grant(
        access_token="a", refresh_token="r", expires_at=datetime.now(UTC), member_id="m", client_endpoint="https://a/rest/",
        server_endpoint="https://o/rest/",
    )  # fmt: skip
    journal.keep_installation(Installation(portal="main", state="active", grant=grant))
    journal.vault = Vault(["n" * 40, "k" * 40])
    assert desk.json("secrets", "rotate")["resealed"] == 1
    journal.vault = Vault(["n" * 40])
    assert journal.installation("main").grant.refresh_token == "r"


def test_errors_are_one_message_and_never_a_traceback(desk, refuse):
    for arguments in (("status",), ("journal", "list"), ("check",)):
        result = desk.run(*arguments, make=refuse)
        assert (result.exit_code, result.stderr.count("these settings are wrong")) == (1, 1)
        assert "Traceback" not in result.output
    answer = json.loads(desk.run("status", "--json", make=refuse).stdout)
    assert answer["error"]["cause"] == "settings"


def test_a_journal_that_is_away_is_told_with_its_hint(desk):
    def make():
        raise JournalAway("refused")

    result = desk.run("journal", "list", "--lang", "ru", make=make)
    assert (result.exit_code, "База данных недоступна" in result.stderr) == (1, True)


def test_a_bug_is_told_too_and_shown_whole_on_demand(desk, monkeypatch):
    def make():
        raise ZeroDivisionError("deep inside")

    result = desk.run("status", make=make)
    assert (result.exit_code, "CONNECTOR_DEBUG=1" in result.stderr, "Traceback" in result.output) == (1, True, False)
    monkeypatch.setenv("CONNECTOR_DEBUG", "1")
    assert isinstance(desk.run("status", make=make).exception, ZeroDivisionError)


def test_init_writes_settings_and_a_key_once(desk, tmp_path, monkeypatch):
    path = tmp_path / "new" / "connector.yaml"
    path.parent.mkdir()
    monkeypatch.setenv("CONNECTOR_CONFIG", str(path))
    monkeypatch.delenv("CONNECTOR_SECRET_KEY", raising=False)
    monkeypatch.delenv("CONNECTOR_SECRET_KEY_FILE", raising=False)
    answer = desk.json("init", "--url", "https://acme.bitrix24.ru", "--account", "front-desk")
    key = path.parent / KEY_FILE
    assert answer["written"] == [str(path), str(key)]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_text().strip()) >= 32
    assert "${FRONT_DESK_TOKEN}" in path.read_text()
    before = path.read_text(), key.read_text()
    assert desk.json("init", code=1)["written"] == []
    assert (path.read_text(), key.read_text()) == before


def test_what_init_writes_is_sound(desk, tmp_path, monkeypatch):
    from connector import settings
    from connector.registry import models

    path = tmp_path / "sound" / "connector.yaml"
    path.parent.mkdir()
    monkeypatch.setenv("CONNECTOR_CONFIG", str(path))
    admin = "boss\n" + 2 * "correct horse battery\n"
    result = desk.run("init", answer='https://acme.bitrix24.ru\nlocal."x\ntelegram\nshop\n' + admin)
    assert result.exit_code == 0
    env = {"CONNECTOR_SECRET_KEY": "k" * 40, "B24_CLIENT_SECRET": "s", "SHOP_TOKEN": "1:abc", "SHOP_SECRET": "abc"}
    loaded = settings.load(path, env, models())
    assert loaded.portals["main"].app.client_id == 'local."x'


@pytest.mark.parametrize("wrong", [("--url", "http://acme.ru"), ("--provider", "fax"), ("--account", "Shop!")])
def test_init_refuses_wrong_answers_as_usage(desk, tmp_path, monkeypatch, wrong):
    monkeypatch.setenv("CONNECTOR_CONFIG", str(tmp_path / "none.yaml"))
    assert desk.run("init", "--yes", *wrong).exit_code == 2
    assert not (tmp_path / "none.yaml").exists()


def test_processes_become_what_the_procfile_says(desk, config, monkeypatch):
    for name, value in {"CONNECTOR_CONFIG": str(config), "CONNECTOR_SECRET_KEY": "k" * 40}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CONNECTOR_SECRET_KEY_FILE", raising=False)
    desk.run("web")
    desk.run("worker", "--processes", "3")
    desk.run("clock")
    desk.run("listen")
    desk.run("sandbox", "--port", "9000", "--json")
    web, worker, clock, listen, sandbox = ([os.path.basename(part) for part in command[1:]] for command in desk.became)
    assert (web[:2], web[-1]) == (["-m", "gunicorn"], "webhooks.wsgi:app")
    assert worker == ["-m", "jobs.worker", "--processes", "3"]
    assert clock == ["-m", "jobs.clock"]
    assert listen == ["-m", "jobs.listen"]
    assert sandbox == ["-m", "connector.sandbox", "--port", "9000", "--json"]


def test_run_follows_the_procfile_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(procfile()) == set(PROCESSES)
    (tmp_path / "Procfile").write_text("web: serve\n# nothing\nworker: work --hard\n")
    assert procfile() == {"web": "serve", "worker": "work --hard"}


def test_wrong_settings_start_nothing(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("CONNECTOR_CONFIG", str(tmp_path / "nowhere.yaml"))
    for name in ("web", "worker", "clock", "listen", "run"):
        result = desk.run(name)
        assert (result.exit_code, "connector init" in result.stderr) == (1, True)
    assert desk.became == []


@pytest.mark.parametrize(
    ("arguments", "env", "language"),
    [
        (["--lang", "ru"], {}, "ru"),
        (["--lang=en"], {"LANG": "ru_RU.UTF-8"}, "en"),
        ([], {"CONNECTOR_LANGUAGE": "ru"}, "ru"),
        ([], {"LANG": "ru_RU.UTF-8"}, "ru"),
        ([], {"LANG": "ru_RU.UTF-8", "CONNECTOR_LANGUAGE": "en"}, "en"),
        (["--lang"], {}, "en"),
    ],
)
def test_the_language_of_the_command_line(arguments, env, language):
    assert pick(arguments, env) == language
