"""The control API over HTTP, and the command line in front of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from connector.sandbox.cli import sandbox as group
from connector.sandbox.control import READS, WRITES, Control
from tests.contract.sandbox.caller import Caller, item


def run(app: Caller, *words: str, lang: str = "en") -> Result:
    return CliRunner().invoke(group, [*words, "--url", app.server.url, "--lang", lang])


@pytest.fixture
def busy(app: Caller) -> Caller:
    app.connect()
    app.send(item(text="Where is my order?"))
    return app


def test_every_action_is_a_method_of_the_server() -> None:
    assert all(callable(getattr(Control, name)) for name in (*READS, *WRITES))


def test_an_operator_replies_over_http(busy: Caller) -> None:
    base = f"{busy.server.url}/_sandbox"
    content = base64.b64encode(b"data").decode()
    row = requests.post(
        f"{base}/say", json={"chat": "c1", "text": "Here", "files": [{"name": "a.txt", "content": content}]}
    )
    assert row.json()["files"][0]["size"] == 4
    chat = requests.get(f"{base}/chats/c1").json()
    assert [message["text"] for message in chat["messages"]] == ["Where is my order?", "Here"]
    assert requests.get(f"{base}/calls", params={"method": "imconnector.send.*"}).json()[0]["status"] == 200
    assert requests.post(f"{base}/settle", json={}).json() is True


@pytest.mark.parametrize(
    ("action", "body", "status", "error"),
    [
        ("nonsense", {}, 404, "UNKNOWN"),
        ("say", {"colour": 1}, 400, "ARGUMENTS"),
        ("say", [1], 400, "JSON"),
        ("say", {"chat": "nobody", "text": "x"}, 404, "CHAT_ID"),
        ("say", {"chat": "c1"}, 400, "MESSAGE_EMPTY"),
        ("seed", {"entity": "planet", "count": 1}, 400, "ARGUMENTS"),
        ("fault", {"kind": "explode"}, 400, "FAULT"),
        ("install", {"url": "http://127.0.0.1:9/"}, 502, "UNREACHABLE"),
    ],
)
def test_what_cannot_be_done_says_why(busy: Caller, action: str, body: object, status: int, error: str) -> None:
    answer = requests.post(f"{busy.server.url}/_sandbox/{action}", json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_another_site_may_not_drive_the_sandbox(busy: Caller) -> None:
    answer = requests.post(f"{busy.server.url}/_sandbox/reset", data="{}", headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403
    assert len(busy.server.chats()) == 1


def test_the_command_line_holds_a_conversation(busy: Caller, tmp_path: Path) -> None:
    assert "Where is my order?" in run(busy, "chats").output
    file = tmp_path / "bill.pdf"
    file.write_bytes(b"%PDF")
    assert run(busy, "say", "c1", "Here", "--file", str(file)).exit_code == 0
    row = busy.server.messages("c1", author="operator")[0]
    shown = run(busy, "show", "c1", lang="ru").output
    assert "Анна Смирнова: Here [bill.pdf, 4]  (отправляется)" in shown
    assert run(busy, "edit", str(row["id"]), "There").exit_code == 0
    assert run(busy, "delete", str(row["id"])).exit_code == 0
    assert run(busy, "transfer", "c1", "--operator", "2").exit_code == 0
    assert "closed" in run(busy, "finish", "c1").output
    last = busy.server.messages("c1")[-1]
    assert (last["text"], last["deleted"]) == ("There", True)


def test_faults_are_set_listed_and_cleared(busy: Caller) -> None:
    assert run(busy, "faults").output == "The portal behaves.\n"
    run(busy, "faults", "fail", "--method", "crm.*", "--times", "-1", "--code", "X")
    assert json.loads(run(busy, "faults", "--json").output)[0]["method"] == "crm.*"
    assert "сняты" in run(busy, "faults", "clear", lang="ru").output
    assert busy.server.faults() == []


def test_shared_options_stand_before_or_after_the_command(busy: Caller) -> None:
    for words in (
        ["--url", busy.server.url, "--json", "--lang", "ru", "chats"],
        ["chats", "--json", "--url", busy.server.url],
    ):
        answer = CliRunner().invoke(group, words)
        assert (answer.exit_code, len(json.loads(answer.output))) == (0, 1)


def test_exit_codes_tell_done_from_wrong_from_misuse(busy: Caller) -> None:
    assert run(busy, "chats").exit_code == 0
    refused = run(busy, "show", "nobody", "--json")
    assert (refused.exit_code, json.loads(refused.output)) == (1, {"error": "CHAT_ID"})
    assert run(busy, "transfer", "c1").exit_code == 2
    assert run(busy, "faults", "explode").exit_code == 2
    away = CliRunner().invoke(group, ["chats", "--url", "http://127.0.0.1:9", "--lang", "ru"])
    assert away.exit_code == 1
    assert "песочница не отвечает" in away.output


def test_a_sandbox_is_not_served_to_the_world() -> None:
    answer = CliRunner().invoke(group, ["serve", "--host", "0.0.0.0"])
    assert answer.exit_code == 2
    assert "loopback" in answer.output


def test_a_taken_port_is_said(busy: Caller) -> None:
    answer = CliRunner().invoke(group, ["serve", "--port", str(busy.server.port), "--lang", "en"])
    assert answer.exit_code == 1
    assert "Choose another with --port" in answer.output


def test_an_installation_without_finish_is_a_failure(busy: Caller) -> None:
    answer = run(busy, "install", "--app-url", f"{busy.server.url}/oauth/authorize/?client_id=local.sandbox")
    assert answer.exit_code == 1
    assert "installFinish" in answer.output
