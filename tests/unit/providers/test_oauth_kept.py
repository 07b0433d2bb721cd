"""Refresh tokens that a mailbox is given outlive the process and serve every other."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from connector.errors import SettingsError, Stopped, TransientError
from connector.providers.oauth import Tokens
from connector.providers.postal import OAuthSettings
from connector.speech import Text
from tests.unit.providers.token_office import CLIENT, Answer, Office, Ticks, sold

AWAY = TransientError("journal.away", hint=Text("It is away.", "Нет связи."))
GRANT = Answer(400, {"error": "invalid_grant"})
OVER = {"expires_in": 60}  # over at once: it is bought a minute before its end


class Shelf:
    """A store of refresh tokens; ``fault`` is what it raises."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.fault: Exception | None = None
        self.writes = 0

    def refreshed(self, grant: str) -> str:
        if self.fault:
            raise self.fault
        return self.tokens.get(grant, "")

    def keep_refreshed(self, grant: str, token: str) -> None:
        if self.fault:
            raise self.fault
        self.writes += 1
        self.tokens[grant] = token


class Process:
    """One of several that share a shelf."""

    def __init__(self, shelf: Shelf | None, client: OAuthSettings = CLIENT) -> None:
        self.tokens = Tokens(client, Ticks(), shelf)

    def buy(self, *answers: Answer) -> list[str]:
        """One token; the refresh tokens that were shown for it."""
        office = Office(*answers)
        try:
            self.tokens.token(office)
        finally:
            assert office.answers == []
            self.shown = [form["refresh_token"] for _, _, form in office.asked]
        return self.shown


def renewed(refresh: str) -> Answer:
    return sold("t", **OVER, refresh_token=refresh)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_the_newest_refresh_token_outlives_the_process_and_serves_the_others(shelf: Shelf):
    listen, worker = Process(shelf), Process(shelf)
    with capture_logs() as logs:
        assert listen.buy(renewed("r2")) == ["r1"]
        assert worker.buy(renewed("r3")) == ["r2"]
        assert listen.buy(sold("t", **OVER)) == ["r3"]
        assert Process(shelf).buy(renewed("r4")) == ["r3"]
    assert list(shelf.tokens.values()) == ["r4"]
    assert logs == []


def test_what_is_kept_has_a_name_without_any_secret(shelf: Shelf):
    Process(shelf).buy(renewed("r2"))
    (name,) = shelf.tokens
    assert (len(name), name.isalnum()) == (64, True)


def test_a_fresh_refresh_token_in_the_settings_is_used_at_once_and_another_client_shares_nothing(shelf: Shelf):
    Process(shelf).buy(renewed("r2"))
    for change in (
        {"refresh_token": SecretStr("n1")},
        {"client_id": "they"},
        {"token_url": "https://other.test/token"},
    ):
        other = CLIENT.model_copy(update=change)
        assert Process(shelf, other).buy(sold("t")) == [other.refresh_token.get_secret_value()]
    assert Process(shelf, CLIENT.model_copy(update={"scope": "more"})).buy(sold("t")) == ["r2"]


def test_a_kept_token_that_is_refused_gives_way_to_that_of_the_settings(shelf: Shelf):
    Process(shelf).buy(renewed("r2"))
    with capture_logs() as logs:
        assert Process(shelf).buy(GRANT, renewed("r3")) == ["r2", "r1"]
        assert Process(shelf).buy(GRANT, sold("t")) == ["r3", "r1"]
        assert Process(shelf).buy(sold("t")) == ["r1"]
    assert [told["event"] for told in logs] == ["oauth.kept_refused"] * 2
    assert not any(secret in str(logs) for secret in ("r1", "r2", "r3"))


def test_when_both_are_refused_a_person_is_waited_for_and_an_unknown_application_is_not_asked_twice(shelf: Shelf):
    Process(shelf).buy(renewed("r2"))
    with pytest.raises(Stopped, match=r"oauth\.refused"):
        Process(shelf).buy(GRANT, GRANT)
    with pytest.raises(Stopped, match=r"oauth\.refused"):
        Process(shelf).buy(Answer(401, {"error": "invalid_client"}))
    assert Process(shelf).buy(sold("t")) == ["r2"]


@pytest.mark.parametrize("fault", [AWAY, SettingsError("key"), RuntimeError("disk")])
def test_a_store_that_is_away_fails_no_mail_and_gets_the_token_later(shelf: Shelf, fault: Exception):
    listen = Process(shelf)
    with capture_logs() as logs:
        shelf.fault = fault
        assert listen.buy(renewed("r2")) == ["r1"]
        assert listen.buy(renewed("r3")) == ["r2"]
        shelf.fault = None
        assert listen.buy(sold("t", **OVER)) == ["r3"]
    assert [told["event"] for told in logs] == ["oauth.not_recalled", "oauth.not_kept", "oauth.not_kept"]
    assert list(shelf.tokens.values()) == ["r3"]
    assert not any(secret in str(logs) for secret in ("r1", "r2", "r3"))


def test_while_nobody_can_tell_whether_a_good_one_is_kept_a_refusal_is_not_the_last_word(shelf: Shelf):
    Process(shelf).buy(renewed("r2"))
    shelf.fault = AWAY
    with pytest.raises(TransientError, match=r"oauth\.unavailable"):
        Process(shelf).buy(GRANT)
    shelf.fault = SettingsError("no key opens it")
    with pytest.raises(Stopped):
        Process(shelf).buy(GRANT)


def test_nothing_is_written_while_the_service_gives_no_other_one_and_what_is_kept_is_seen_to_be_in_use(shelf: Shelf):
    google = Process(shelf)
    google.buy(sold("t", **OVER))
    google.buy(renewed("r1"))
    assert shelf.writes == 0
    google.buy(renewed("r2"))
    google.buy(sold("t", **OVER))
    assert shelf.writes == 2


def test_without_a_store_it_is_used_till_the_end_of_the_process_and_told_once():
    alone = Process(None)
    with capture_logs() as logs:
        assert alone.buy(renewed("r2")) == ["r1"]
        assert alone.buy(renewed("r3")) == ["r2"]
    assert [told["event"] for told in logs] == ["oauth.renewed"]
