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
from structlog.testing import capture_logs

from connector.errors import Stopped, TransientError
from connector.providers.mail import outbound, setup
from connector.providers.mail.session import opened
from connector.providers.mail.settings import MailboxSettings
from connector.providers.postman import Postman
from tests.integration.mail.imap_home import Home, account, letter, served
from tests.integration.mail.posting import OURS, outgoing
from tests.mail.dovecot import Dovecot, dovecot
from tests.mail.fixtures import SUPPORT
from tests.mail.next_hop import NextHop, next_hop
from tests.services import free_port, until

GRANT = (400, {"error": "invalid_grant", "error_description": "AADSTS50173: The provided grant has expired"})


class Office:
    """Sells tokens ``t1``, ``t2``… at ``/token`` and tells at ``/introspect`` whose they are. ``answers`` are what the
    next buyers hear instead, ``more`` what stands beside a token that is sold; a token of ``ended`` is not good any
    more. ``asked`` are the forms of the buyers.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.more: dict[str, Any] = {"expires_in": 3600}
        self.ended: set[str] = set()
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
