"""What a mailbox keeps between two letters: its token and its pace."""

from __future__ import annotations

import base64
import threading
from typing import Any

import pytest

from connector.errors import Stopped, TransientError
from connector.letters.writing import Paper
from connector.providers.oauth import Tokens, xoauth2
from connector.providers.postal import PostalSettings
from connector.providers.postman import Postman
from tests.unit.providers.token_office import CLIENT, Answer, Office, Ticks, sold


def test_a_token_is_bought_once_and_again_before_it_ends():
    office, clock = Office(sold("t1", refresh_token="r2"), sold("t2")), Ticks()
    tokens = Tokens(CLIENT, clock)
    assert [tokens.token(office), tokens.token(office)] == ["t1", "t1"]
    clock.now = 3600.0 - 61
    assert tokens.token(office) == "t1"
    clock.now += 2
    assert tokens.token(office) == "t2"
    assert [form["refresh_token"] for _, _, form in office.asked] == ["r1", "r2"]
    assert office.asked[0] == (
        "POST",
        "https://id.test/token",
        {
            "grant_type": "refresh_token",
            "refresh_token": "r1",
            "client_id": "we",
            "client_secret": "s",
            "scope": "mail",
        },
    )


def test_a_token_that_was_refused_is_bought_anew_unless_another_has_come_meanwhile():
    office = Office(sold("t1"), sold("t2"))
    tokens = Tokens(CLIENT, Ticks())
    tokens.drop(tokens.token(office))
    assert tokens.token(office) == "t2"
    tokens.drop("t1")
    assert tokens.token(office) == "t2"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_consent_that_was_withdrawn_waits_for_a_person(status: int):
    with pytest.raises(Stopped) as caught:
        Tokens(CLIENT, Ticks()).token(Office(Answer(status, {"error": "invalid_grant"})))
    assert (caught.value.cause, caught.value.state) == ("oauth.refused", "needs_reauth")
    assert "invalid_grant" in caught.value.hint.ru


def test_an_application_that_is_not_known_is_told_from_a_consent():
    with pytest.raises(Stopped) as caught:
        Tokens(CLIENT, Ticks()).token(Office(Answer(401, {"error": "invalid_client"})))
    assert "client_secret" in caught.value.hint.ru


OUT_OF_ORDER = [
    Answer(503, ValueError()),
    Answer(200, ["x"]),
    Answer(200, {}),
    Answer(429, {}),
    Answer(400, {"error": "temporarily_unavailable"}),
]


@pytest.mark.parametrize("answer", OUT_OF_ORDER)
def test_a_token_office_that_is_out_of_order_is_asked_again(answer: Answer):
    with pytest.raises(TransientError) as caught:
        Tokens(CLIENT, Ticks()).token(Office(answer))
    assert not caught.value.maybe_done


def test_the_response_of_xoauth2_is_the_documented_one():
    # The example of Google's and Microsoft's own pages.
    told = xoauth2("someuser@example.com", "vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==")
    assert base64.b64encode(told.encode()).decode() == (
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB2RjlkZnQ0cW1UYzJOdmIzUmxja0JoZEhSaGRtbHpkR0V1WTI5dENnPT0BAQ=="
    )


def settings(**smtp: Any) -> PostalSettings:
    told = {"host": "127.0.0.1", "port": 9, "security": "none", **smtp}
    return PostalSettings.model_validate(
        {"account": "a", "provider": "mail", "portal": "main", "address": "support@acme.test", "smtp": told}
    )


PAPER = Paper(message_id="a@b", raw=b"", writer="support@acme.test", to="anna@client.test")


class Paced(Postman):
    """Its letters leave as soon as they may."""

    left = 0

    def try_(self) -> float:
        """0 when it left, else the seconds that it is to wait."""
        try:
            self.deliver(PAPER)
        except TransientError as error:
            if error.cause == "smtp.unreachable":  # nobody listens: the pace let it go
                self.left += 1
                return 0.0
            return error.retry_after or 0.0
        raise AssertionError("somebody listens")


def test_no_more_letters_leave_in_a_minute_than_the_pace_allows():
    clock = Ticks()
    office = Paced(settings(pace=3), Office(), clock=clock)
    assert [office.try_() for _ in range(3)] == [0.0, 0.0, 0.0]
    clock.now = 20.0
    assert office.try_() == 40.0
    clock.now = 59.9
    assert office.try_() > 0
    clock.now = 60.0
    assert [office.try_() for _ in range(4)] == [0.0, 0.0, 0.0, 60.0]


def test_the_pace_holds_for_many_threads():
    office = Paced(settings(pace=5), Office(), clock=Ticks())
    threads = [threading.Thread(target=office.try_) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.left == 5


def test_who_we_are_is_said_once_for_both_servers():
    office = Postman(settings(password="p"), Office())
    assert office.key(settings(password="p").smtp).user == "support@acme.test"
    assert office.key(settings(user="u", password="p").smtp).password == "p"
    by_token = settings(oauth=CLIENT.model_dump()).smtp
    shared = Postman(settings(), Office(sold("t1")))
    first, second = shared.key(by_token), shared.key(by_token)
    assert first.token is not None
    assert second.token is not None
    assert [first.token(), second.token()] == ["t1", "t1"]
