"""Letters by webhook at the real edge: gunicorn, a real journal, the store of files on a disk."""

from __future__ import annotations

import base64
import json
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from connector import registry
from connector.bootstrap import build
from connector.cli import cli
from connector.cli.shape import Tools
from connector.domain.request import Request
from connector.intake import Intake
from connector.journal.spool import Spool
from connector.letters import digest
from connector.providers import postal
from connector.routes import Account
from tests.integration.edge.processes import Place, children
from tests.unit.providers.couriers import LETTER, PASSWORD, Shelf, mailgun, postmark, sendgrid

MIB = 1024 * 1024
KEY, TOKEN = "recorded-signing-key-0123456789", "t" * 32
ACCOUNTS = f"""
  gun: {{provider: mailgun, portal: main, line: 1, address: support@acme.ru, signing_key: {KEY}, smtp: {{user: u}}}}
  grid: {{provider: sendgrid, portal: main, line: 1, address: support@acme.ru, password: {PASSWORD}, smtp: {{}}}}
  mark: {{provider: postmark, portal: main, line: 1, address: support@acme.ru, token: {TOKEN}, smtp: {{}}}}
"""
ASCII = LETTER.replace(b"\xe5\xd3\xd4\xd8", b"Size")
PATHS = {"gun": "/hooks/gun/mime", "grid": "/hooks/grid", "mark": f"/hooks/mark/{TOKEN}"}


@pytest.fixture(scope="module")
def running(lasting_place: Place) -> Place:
    """A web server with an account of each service that brings letters."""
    opened(lasting_place)
    return lasting_place


@pytest.fixture
def mailroom(running: Place) -> Place:
    """The same server for every test, and nothing has come yet."""
    running.empty()
    return running


def opened(place: Place) -> None:
    with (place.folder / "connector.yaml").open("a") as settings:
        settings.write(ACCOUNTS)
    place.serve()


def brought(account: str, raw: bytes | None = ASCII, **more: Any) -> Request:
    if account == "gun":
        return mailgun(raw, at=datetime.now(UTC), **more)
    return sendgrid(raw, **more) if account == "grid" else postmark(raw, **more)


def post(place: Place, account: str, request: Request) -> requests.Response:
    return requests.post(place.url(PATHS[account]), data=request.body, headers=request.headers, timeout=60)


def large(size: int) -> bytes:
    """A letter whose attachment has so many bytes in base64."""
    return ASCII.replace(b"JVBERi0xLjQ=", (b"JVBERi0x" * 9 + b"\r\n") * (size // 74))


def envelopes(place: Place, **filters: str) -> list[dict[str, Any]]:
    journal = place.journal()
    try:
        return [journal.show(row["trace"]) for row in journal.list("envelopes", **filters)]
    finally:
        journal.close()


def waiting(place: Place) -> list[str]:
    journal = place.journal()
    try:
        return [row["kind"] for row in journal.list("deliveries", state="waiting")]
    finally:
        journal.close()


def files(place: Place) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (place.folder / "var/media").glob("??/??/*")}


def command(place: Place, *words: str, code: int = 0) -> str:
    """What ``connector journal`` says of that place."""
    env = {**place.env, "CONNECTOR_VAR": str(place.folder / "var")}
    connector = build(registry.settings(place.folder / "connector.yaml", env))
    done = CliRunner().invoke(cli, ["journal", *words], obj=Tools(connector=lambda: connector))
    connector.journal.close()
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize("account", sorted(PATHS))
def test_the_letter_lies_in_the_store_and_the_envelope_is_small(mailroom: Place, account: str):
    raw = large(2 * MIB)
    assert post(mailroom, account, brought(account, raw)).status_code == 200
    (envelope,) = envelopes(mailroom)
    told = json.loads(envelope["body"])
    assert len(envelope["body"]) < 4000
    stored = files(mailroom)
    assert stored[told["raw"]] == raw
    assert stored[told["parts"][0]["key"]] == base64.b64decode(b"JVBERi0x" * 9 * (2 * MIB // 74))
    assert waiting(mailroom) == ["letter.received"]
    database = b"".join(path.read_bytes() for path in mailroom.folder.glob("connector.db*"))
    assert not [secret for secret in (PASSWORD, TOKEN, KEY) if secret.encode() in database]
    assert not [secret for secret in (PASSWORD, TOKEN, KEY) if secret in mailroom.log("web")]


@pytest.mark.parametrize("account", sorted(PATHS))
def test_a_letter_that_is_brought_many_times_is_one(mailroom: Place, account: str):
    with ThreadPoolExecutor(6) as senders:
        requests_ = [brought(account, **({"token": f"t{number}"} if account == "gun" else {})) for number in range(6)]
        answers = list(senders.map(lambda request: post(mailroom, account, request).status_code, requests_))
    assert answers == [200] * 6
    assert len(envelopes(mailroom)) == len(waiting(mailroom)) == 1


@pytest.mark.parametrize("account", sorted(PATHS))
def test_the_same_letter_read_by_imap_is_one_with_the_one_that_was_brought(mailroom: Place, account: str):
    assert post(mailroom, account, brought(account)).status_code == 200
    read = digest(ASCII, Shelf().keep, where={"uid": 7}, received=datetime.now(UTC))
    path = f"/listen/{account}"
    frame = Request(method="STREAM", path=path, headers={}, body=postal.frame(read), received_at=datetime.now(UTC))
    raw = {"account": account, "provider": "mail", "portal": "main", "address": "support@acme.ru"}
    servers = {"imap": {"host": "i.example", "password": "x"}, "smtp": {"host": "s.example"}}
    provider = registry.providers()["mail"]
    moved = Account(
        name=account,
        settings=provider.settings.model_validate(raw | servers),
        provider=provider,
        portal="main",
        http=requests.Session(),
    )
    journal = mailroom.journal()
    intake = Intake(journal, Spool(mailroom.folder / "spool"), {account: moved}, lambda: datetime.now(UTC))
    assert not intake.keep(*intake.read(moved, frame))
    journal.close()
    assert len(envelopes(mailroom)) == 1


@pytest.mark.parametrize("account", sorted(PATHS))
def test_a_forged_letter_leaves_nothing(mailroom: Place, account: str):
    request = brought(account)
    if account == "gun":
        request = replace(request, body=request.body.replace(b'"token"\r\n\r\ntok', b'"token"\r\n\r\ntoc'))
    path = PATHS[account] if account != "mark" else "/hooks/mark/" + "u" * 32
    headers = {**request.headers, "authorization": "Basic Ym90OnBhc3N3b3Jk"}
    answer = requests.post(mailroom.url(path), data=request.body, headers=headers, timeout=15)
    assert answer.status_code == 401
    assert answer.json()["hint_ru"] != answer.json()["hint"]
    assert (envelopes(mailroom), files(mailroom)) == ([], {})


@pytest.mark.parametrize("path", ["/hooks/grid", "/hooks/mark/" + "u" * 32])
def test_a_stranger_is_turned_away_before_the_body_is_read(mailroom: Place, path: str):
    with socket.create_connection(("127.0.0.1", mailroom.port), timeout=10) as line:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 30000000\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("account", sorted(PATHS))
def test_a_letter_that_comes_taken_apart_is_parked_readably_and_its_body_is_kept(mailroom: Place, account: str):
    request = brought(account, None)
    assert post(mailroom, account, request).status_code == 200
    (envelope,) = envelopes(mailroom, state="parked")
    assert envelope["cause"].endswith(".not_raw")
    assert envelope["hint"]["ru"] != envelope["hint"]["en"]
    (stored,) = files(mailroom).values()
    assert b"Size?" in stored
    shown = command(mailroom, "show", envelope["trace"], "--lang", "ru")
    assert envelope["cause"] in shown
    assert "сохранено" in shown
    assert PASSWORD not in shown
    assert TOKEN not in shown


def test_a_parked_letter_is_replayed_once_it_can_be_read(mailroom: Place):
    request = brought("grid", None)
    assert post(mailroom, "grid", request).status_code == 200
    (envelope,) = envelopes(mailroom, state="parked")
    assert "raw, full MIME" in command(mailroom, "replay", envelope["trace"], "--why", "x", "--yes", code=1)
    # What was sent is what a later version, or a bug mended, finds in the store: here the same form with the letter.
    key = json.loads(envelope["body"])["request"]
    (mailroom.folder / "var/media" / key[:2] / key[2:4] / key).write_bytes(brought("grid").body)
    command(mailroom, "replay", envelope["trace"], "--why", "mended", "--yes")
    assert waiting(mailroom) == ["letter.received"]
    assert envelopes(mailroom, state="parked") == []


def test_an_envelope_of_a_letter_is_readable(mailroom: Place):
    assert post(mailroom, "gun", brought("gun")).status_code == 200
    (envelope,) = envelopes(mailroom)
    shown = " ".join(command(mailroom, "show", envelope["trace"]).split())
    for words in ("/hooks/gun", "Size 42?", "a1@client.example", "price.pdf"):
        assert words in shown


@pytest.mark.parametrize("account", sorted(PATHS))
def test_what_is_larger_than_the_service_takes_is_told_so(mailroom: Place, account: str):
    proof = brought(account).headers.get("authorization", "none")
    head = f"POST {PATHS[account]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {proof}\r\n"
    with socket.create_connection(("127.0.0.1", mailroom.port), timeout=15) as wire:
        wire.sendall(f"{head}Content-Length: {200 * MIB}\r\n\r\n".encode())
        with wire.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 413")
            assert any(b"body.too_large" in line for line in answer)
    assert post(mailroom, account, brought(account, large(20 * MIB))).status_code == 200


@pytest.mark.parametrize("account", sorted(PATHS))
def test_a_letter_that_is_cut_is_not_taken_and_its_repeat_is(mailroom: Place, account: str):
    request = brought(account, large(MIB))
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", mailroom.port), timeout=15) as wire:
        wire.sendall(f"POST {PATHS[account]} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request.body)}\r\n".encode())
        wire.sendall(head.encode() + b"\r\n" + request.body[:-1000])
    assert post(mailroom, account, request).status_code == 200
    assert len(envelopes(mailroom)) == 1
    assert len(files(mailroom)) == 2


def test_a_slow_letter_holds_nobody_up(mailroom: Place):
    request = brought("grid", large(MIB))
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    slow = [socket.create_connection(("127.0.0.1", mailroom.port), timeout=30) for _ in range(8)]
    for wire in slow:
        wire.sendall(f"POST /hooks/grid HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request.body)}\r\n".encode())
        wire.sendall(head.encode() + b"\r\n" + request.body[:5000])
    began = time.monotonic()
    assert post(mailroom, "gun", brought("gun")).status_code == 200
    assert time.monotonic() - began < 30
    time.sleep(2)
    for wire in slow:
        wire.sendall(request.body[5000:])
    for wire in slow:
        assert wire.recv(65536).startswith(b"HTTP/1.1 200")
        wire.close()
    assert len(envelopes(mailroom, account="grid")) == 1


@contextmanager
def full_disk(place: Place) -> Iterator[None]:
    """No process of the web server may write a file of more than a megabyte."""
    pids = [pid for web in place.running for pid in children(web.pid)]
    try:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (MIB, resource.RLIM_INFINITY))
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize("account", sorted(PATHS))
def test_while_the_disk_is_full_the_service_is_asked_to_come_again(mailroom: Place, account: str):
    request = brought(account, large(2 * MIB))
    with full_disk(mailroom):
        answer = post(mailroom, account, request)
        assert (answer.status_code, answer.json()["error"]) == (503, "files.not_kept")
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["hint_ru"] != answer.json()["hint"]
        assert envelopes(mailroom) == []
    assert not list((mailroom.folder / "var/media/new").glob("*"))
    assert post(mailroom, account, request).status_code == 200
    assert waiting(mailroom) == ["letter.received"]


def test_a_large_letter_is_held_in_memory_a_few_times_at_most(small_place: Place):
    small_place.env["WEB_CONCURRENCY"] = "1"
    opened(small_place)  # a server of its own: what earlier letters left in its memory would hide, or add to, this one
    size = 24 * MIB
    before = peak(small_place)
    assert post(small_place, "gun", brought("gun", large(size))).status_code == 200
    assert peak(small_place) - before < 7 * size


def peak(place: Place) -> int:
    """The most that any process of the web server held, bytes."""
    status = [Path(f"/proc/{pid}/status").read_text() for web in place.running for pid in children(web.pid)]
    lines = [line for text in status for line in text.splitlines() if line.startswith("VmHWM")]
    return max(int(line.split()[1]) * 1024 for line in lines)
