"""The login to a mail server, and what is told when it is refused."""

from __future__ import annotations

import pytest
from imapclient.exceptions import IMAPClientAbortError, LoginError

from connector.errors import Stopped, TransientError
from connector.providers.mail import entry, words
from connector.providers.mail.session import verdicts
from connector.providers.smtp import Key
from tests.unit.providers.mail_account import account

PLAIN, DISABLED = "AUTH=PLAIN", "LOGINDISABLED"


class Client:
    """The part of IMAPClient that logs in; ``taken`` are the tokens that are good."""

    def __init__(self, *able: str, taken: tuple[str, ...] = ("token",)) -> None:
        self._able, self._taken = able, taken
        self.said: list[tuple[str, ...]] = []

    def has_capability(self, name: str) -> bool:
        return name in self._able

    def login(self, user: str, password: str) -> None:
        self.said.append(("LOGIN", user, password))

    def sasl_login(self, mechanism: str, answer) -> None:
        first = answer(b"").decode()
        self.said.append((mechanism, first))
        if "Bearer" in first and not any(f"Bearer {token}\1" in first for token in self._taken):
            assert answer(b'{"status":"400"}') == b""
            raise LoginError("invalid_token")


@pytest.mark.parametrize(
    ("able", "password", "said"),
    [
        ((PLAIN,), "secret", ("LOGIN", "me", "secret")),
        ((), "secret", ("LOGIN", "me", "secret")),
        ((PLAIN, DISABLED), "secret", ("PLAIN", "\0me\0secret")),
        ((PLAIN,), "пароль", ("PLAIN", "\0me\0пароль")),
    ],
)
def test_a_password_goes_the_way_that_the_server_takes(able, password, said):
    client = Client(*able)
    entry.log_in(client, Key(user="me", password=password))
    assert client.said == [said]


@pytest.mark.parametrize(
    ("able", "said"),
    [
        (("AUTH=XOAUTH2", "AUTH=OAUTHBEARER"), ("XOAUTH2", "user=me,you\1auth=Bearer token\1\1")),
        (("AUTH=OAUTHBEARER",), ("OAUTHBEARER", "n,a=me=2Cyou,\1auth=Bearer token\1\1")),
        ((), ("XOAUTH2", "user=me,you\1auth=Bearer token\1\1")),
    ],
)
def test_a_token_goes_the_way_that_the_server_takes(able, said):
    client = Client(*able)
    entry.log_in(client, Key(user="me,you", token=lambda: "token"))
    assert client.said == [said]


def test_a_token_that_ended_is_bought_anew_once():
    tokens, dropped = iter(["old", "token"]), []
    client = Client()
    entry.log_in(client, Key(user="me", token=lambda: next(tokens), drop=dropped.append))
    assert dropped == ["old"]
    assert len(client.said) == 2
    with pytest.raises(LoginError):
        entry.log_in(Client(taken=()), Key(user="me", token=lambda: "bad", drop=dropped.append))


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", "mail.login"),
        ("[AUTHENTICATIONFAILED] LOGIN invalid credentials or IMAP is disabled", "mail.login"),
        ("LOGIN failed.", "mail.login"),
        ("[UNAVAILABLE] Maximum number of connections from user+IP exceeded", "mail.busy"),
        ("[ALERT] Too many simultaneous connections. (Failure)", "mail.busy"),
        ("[UNAVAILABLE] Temporary authentication failure.", "mail.busy"),
    ],
)
def test_a_refusal_that_passes_is_told_from_one_that_wants_a_person(said, cause):
    with pytest.raises((Stopped, TransientError)) as verdict, verdicts(account()):
        raise LoginError(said)
    assert verdict.value.cause == cause
    assert (verdict.type is Stopped) == (cause == "mail.login")


def test_a_connection_that_is_cut_while_we_log_in_is_no_refusal():
    error = LoginError("socket error: EOF")
    error.__context__ = IMAPClientAbortError("socket error: EOF")  # as IMAPClient raises it
    with pytest.raises(TransientError) as verdict, verdicts(account()):
        raise error
    assert verdict.value.cause == "mail.lost"


@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("imap.yandex.ru", "Яндекс"),
        ("imap.mail.ru", "account.mail.ru"),
        ("imap.gmail.com", "myaccount.google.com"),
        ("outlook.office365.com", "Microsoft"),
        ("mail.acme.ru", "пароль приложения"),
        ("notmail.ru", "пароль приложения"),
    ],
)
def test_whoever_is_refused_reads_what_their_own_mail_service_wants(host, word):
    assert word in words.advice(host, oauth=False).ru
    assert "refresh_token" in words.advice(host, oauth=True).ru
