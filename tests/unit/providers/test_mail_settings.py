"""A mailbox in ``connector.yaml``."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.unit.providers.mail_account import account

OAUTH = {
    "token_url": "https://oauth.example/token",
    "client_id": "1",
    "client_secret": "hush",
    "refresh_token": "hush",
}


def test_the_port_follows_the_kind_of_connection():
    assert account().imap.address == ("imap.yandex.ru", 993)
    assert account({"security": "starttls"}).imap.address == ("imap.yandex.ru", 143)
    assert account({"security": "none", "host": "127.0.0.1"}).imap.address == ("127.0.0.1", 143)
    assert account({"port": 1993}).imap.address == ("imap.yandex.ru", 1993)


def test_the_user_is_the_address_unless_said_otherwise():
    assert account().user == "support@acme.test"
    assert account({"user": "support"}).user == "support"


def test_smtp_takes_from_imap_who_we_are_unless_it_says_so_itself():
    taken = account({"user": "support", "ca": "/ca.pem"}).smtp
    assert (taken.user, taken.password.get_secret_value(), taken.ca) == ("support", "hush", "/ca.pem")
    own = account({"user": "support"}, {"user": "sender", "password": "own"}).smtp
    assert (own.user, own.password.get_secret_value()) == ("sender", "own")
    by_token = account({"password": None, "oauth": OAUTH}).smtp
    assert by_token.oauth.client_id == "1"
    assert by_token.password is None
    assert account({"password": None, "oauth": OAUTH}, {"password": "own"}).smtp.oauth is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": None},
        {"password": ""},
        {"password": "hush\r\nA1 DELETE INBOX"},
        {"oauth": OAUTH},
        {"user": "x\r\nA1 LOGOUT"},
        {"host": ""},
        {"security": "none"},
        {"security": "ssl"},
        {"folders": []},
        {"folders": ["INBOX", "inbox"]},
        {"folders": ["a\r\nb"]},
        {"folders": [" "]},
        {"poll": 0},
        {"poll": 3600},
        {"since": -1},
        {"largest": 1},
        {"verify": False},
    ],
    ids=str,
)
def test_what_cannot_be_right_is_refused_without_showing_secrets(wrong):
    with pytest.raises(ValidationError) as mistake:
        account(wrong)
    assert "hush" not in str(mistake.value)


def test_a_mailbox_without_a_way_in_is_told_what_to_make():
    with pytest.raises(ValidationError) as mistake:
        account({"password": None})
    expected, hint = mistake.value.errors()[0]["ctx"]["error"].args
    assert "`oauth`" in expected.en
    assert "app password" in hint.en
    assert "пароль приложения" in hint.ru


def test_secrets_are_seen_nowhere():
    for ours in (account(), account({"password": None, "oauth": OAUTH})):
        for text in (repr(ours), str(ours), str(ours.model_dump()), ours.model_dump_json()):
            assert "hush" not in text
