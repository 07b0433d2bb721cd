"""A mailbox without a password: its tokens bought, used, refused and bought anew, with real servers on both ways."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import yaml
from sqlalchemy import text
from structlog.testing import capture_logs

from connector import settings as house_settings
from connector.bootstrap import Connector, build
from connector.errors import Stopped, TransientError
from connector.providers.mail import outbound, setup
from connector.providers.mail.session import opened
from connector.providers.mail.settings import MailboxSettings
from connector.providers.postman import Postman
from connector.registry import models
from jobs import listen as listener
from tests.conftest import SECRET
from tests.integration.mail.imap_home import QUICK, Home, account, letter, served
from tests.integration.mail.posting import OURS, outgoing
from tests.mail.dovecot import Dovecot, dovecot
from tests.mail.fixtures import SUPPORT
from tests.mail.next_hop import NextHop, next_hop
from tests.services import free_port, until

GRANT = (400, {"error": "invalid_grant", "error_description": "AADSTS50173: The provided grant has expired"})


class Office:
    """Sells tokens ``t1``, ``t2``… at ``/token`` and tells at ``/introspect`` whose they are. ``answers`` are what the
    next buyers hear instead, ``more`` what stands beside a token that is sold; a token of ``ended`` is not good any
    more, nor is a refresh token of ``over``. ``asked`` are the forms of the buyers.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.more: dict[str, Any] = {"expires_in": 3600}
        self.ended: set[str] = set()
        self.over: set[str] = set()
        self.port = free_port()

    def client(self) -> dict[str, str]:
        """``oauth`` of an account."""
        token_url = f"http://127.0.0.1:{self.port}/token"
        return {"token_url": token_url, "client_id": "we", "client_secret": "hush", "refresh_token": "r0"}

    @property
    def introspection(self) -> str:
        """What a server asks."""
        return f"http://127.0.0.1:{self.port}/introspect"

    def end(self) -> None:
        """All tokens that were sold."""
        self.ended |= {f"t{number}" for number in range(1, len(self.asked) + 1)}

    def good(self, user: str, token: str) -> bool:
        """Whether the token is the user's."""
        return user == SUPPORT and token not in self.ended and token[:1] == "t"

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/introspect":
            return 200, {"active": self.good(SUPPORT, form["token"]), "email": SUPPORT}
        self.asked.append(form)
        if self.answers:
            return self.answers.pop(0)
        if form["refresh_token"] in self.over:
            return GRANT
        return 200, {"access_token": f"t{len(self.asked)}", "token_type": "Bearer", **self.more}

    @contextmanager
    def open(self) -> Iterator[None]:
        """It answers."""
        office = self

        class Desk(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
                status, told = office.answer(self.path, form)
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(told).encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing to tell."""

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Desk)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    with made.open():
        yield made


@pytest.fixture(params=["xoauth2 oauthbearer", "oauthbearer"])
def mailboxes(office: Office, request: pytest.FixtureRequest) -> Iterator[Dovecot]:
    with dovecot(SUPPORT, introspection=office.introspection, mechanisms=request.param) as server:
        yield server


@pytest.fixture
def hop(office: Office) -> Iterator[NextHop]:
    with next_hop(bearer=office.good) as server:
        yield server


def box(office: Office, imap: Dovecot | None = None, smtp: int = 9) -> MailboxSettings:
    return account(imap or ("127.0.0.1", 9), smtp=smtp, password=None, oauth=office.client())


def postman(settings: MailboxSettings) -> Postman:
    return Postman(settings, requests.Session())


def test_letters_come_and_leave_by_one_token(office: Office, mailboxes: Dovecot, hop: NextHop):
    settings = box(office, mailboxes, hop.port)
    http = postman(settings)
    assert {found.code: found.state for found in setup.check(settings, "", http)} == dict.fromkeys(
        ("mail.login", "mail.folders", "mail.idle", "mail.sent", "mail.smtp"), "ok"
    )
    assert outbound.send(outgoing(), settings, http).ids == (OURS,)
    assert [taken.user for taken in hop.letters] == [SUPPORT]
    assert outbound.look(OURS, settings, http)
    assert office.asked == [
        {"grant_type": "refresh_token", "refresh_token": "r0", "client_id": "we", "client_secret": "hush"}
    ]


def test_a_token_that_ended_before_its_time_is_bought_anew_on_both_ways(
    office: Office, mailboxes: Dovecot, hop: NextHop
):
    settings = box(office, mailboxes, hop.port)
    http = postman(settings)
    for expected in (1, 2):
        with opened(settings, http.key(settings.imap)) as client:
            assert client.folder_exists("INBOX")
        outbound.send(outgoing(), settings, http)
        assert len(office.asked) == expected
        office.end()
    outbound.send(outgoing(), settings, http)
    assert len(office.asked) == 3
    assert len(hop.letters) == 3


def test_a_token_that_no_server_takes_waits_for_a_person_who_is_told_of_the_token(
    office: Office, mailboxes: Dovecot, hop: NextHop
):
    office.ended |= {"t1", "t2", "t3", "t4"}
    settings = box(office, mailboxes, hop.port)
    http = postman(settings)
    with pytest.raises(Stopped) as refusal, opened(settings, http.key(settings.imap)):
        pass
    assert (refusal.value.cause, refusal.value.state) == ("mail.login", "needs_reauth")
    assert "refresh_token" in refusal.value.hint.ru
    with pytest.raises(Stopped) as refusal:
        outbound.send(outgoing(), settings, http)
    assert (refusal.value.cause, refusal.value.state) == ("smtp.login", "needs_reauth")
    assert "oauth" in refusal.value.hint.ru
    assert hop.letters == []


def test_a_mailbox_whose_consent_was_withdrawn_waits_and_a_new_one_needs_no_restart(
    office: Office, mailboxes: Dovecot, tmp_path: Path
):
    office.answers = [GRANT] * 3
    home = Home(tmp_path, mailboxes, password=None, oauth=office.client())
    with served(home):
        until(lambda: home.link().get("state") == "refused", "it is not refused")
        english, russian = home.link()["why"]
        assert "invalid_grant" in english
        assert "refresh_token" in russian
        until(home.connected, "no connection")
        mailboxes.deliver(SUPPORT, letter(1))
        until(lambda: home.count() == 1, "no letter")


def test_an_office_that_is_away_or_out_of_order_is_asked_again(office: Office, mailboxes: Dovecot, tmp_path: Path):
    away = Office()
    with pytest.raises(TransientError) as failure, opened(box(away, mailboxes)):
        pass
    assert failure.value.cause == "oauth.unreachable"
    assert "token_url" in failure.value.hint.ru
    office.answers = [(503, {}), (400, {"error": "temporarily_unavailable"})]
    home = Home(tmp_path, mailboxes, password=None, oauth=office.client())
    with served(home):
        until(home.connected, "no connection")
    assert len(office.asked) == 3


def test_a_refresh_token_that_is_given_is_used_from_then_on_and_told_once(office: Office, hop: NextHop):
    office.more = {"expires_in": 60, "refresh_token": "r1"}  # over at once: it is bought a minute before its end
    settings = box(office, smtp=hop.port)
    http = postman(settings)
    with capture_logs() as logs:
        for _ in range(3):
            assert setup.check(settings, "", http)[-1].state == "ok"
    assert {form["refresh_token"] for form in office.asked[1:]} == {"r1"}
    assert office.asked[0]["refresh_token"] == "r0"
    assert [told["event"] for told in logs if told["event"].startswith("oauth")] == ["oauth.renewed"]
    assert "r1" not in str(logs)


def built(folder: Path, url: str, office: Office, imap: int, smtp: int) -> Connector:
    """A house as every process of it is wired."""
    raw = {
        "provider": "mail", "portal": "main", "line": 2, "address": SUPPORT,
        "imap": {"host": "127.0.0.1", "port": imap, "security": "none", "oauth": office.client(), "poll": 5},
        "smtp": {"host": "127.0.0.1", "port": smtp, "security": "none"},
    }  # fmt: skip
    portal = {"url": "http://127.0.0.1:1", "app": {"client_id": "local.1", "client_secret": "secret"}}
    path = folder / "connector.yaml"
    path.write_text(yaml.safe_dump({"portals": {"main": portal}, "accounts": {"support": raw}}))
    env = {"CONNECTOR_SECRET_KEY": SECRET, "REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": url}
    return build(house_settings.load(path, env, models()))


@contextmanager
def listening(house: Connector) -> Iterator[None]:
    """Its listener, in a thread, once it is connected."""
    stop = threading.Event()
    thread = threading.Thread(target=listener.serve, args=(house, stop), kwargs={"pace": QUICK}, daemon=True)
    thread.start()
    try:
        until(lambda: (house.journal.recall("stream", "support") or {}).get("state") == "connected", "no connection")
        yield
    finally:
        stop.set()
        thread.join(40)


def test_a_mailbox_goes_on_after_a_restart_when_the_token_of_the_settings_is_over(
    office: Office, hop: NextHop, tmp_path: Path, journal_url: str
):
    office.more = {"expires_in": 60, "refresh_token": "r1-given"}
    with dovecot(SUPPORT, introspection=office.introspection) as server, capture_logs() as logs:
        houses = [built(tmp_path, journal_url, office, server.imap_port, hop.port) for _ in range(3)]
        listen, worker, restarted = houses
        with listening(listen):
            assert [form["refresh_token"] for form in office.asked] == ["r0"]
        office.over = {"r0"}
        office.more = {"expires_in": 60, "refresh_token": "r2-given"}
        sender = worker.accounts["support"]
        outbound.send(outgoing(), sender.settings, sender.http)
        office.over = {"r0", "r1-given"}
        with listening(restarted):
            assert {form["refresh_token"] for form in office.asked[1:]} == {"r1-given", "r2-given"}
        with listen.journal.store.reading() as db:
            kept = str(db.execute(text("SELECT * FROM links")).all())
        for house in houses:
            house.journal.close()
    assert office.asked[-1]["refresh_token"] == "r2-given"
    assert "oauth.refresh" in kept
    assert not any("-given" in told for told in (kept, str(logs)))
    assert not any(told["event"].startswith("oauth") for told in logs)
    assert len(hop.letters) == 1
