from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests import exceptions
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError

from connector.errors import PermanentError, TransientError
from connector.providers import transport

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
URL = "https://api.example/bot1:SECRET/sendMessage"


class Broken:
    """An ``Http`` that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        raise self.error


def max_retry(reason: Exception) -> exceptions.ConnectionError:
    return exceptions.ConnectionError(MaxRetryError(None, URL, reason))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "maybe_done"),
    [
        (exceptions.ConnectTimeout(URL), False),
        (exceptions.ProxyError(URL), False),
        (max_retry(NewConnectionError(None, "refused")), False),  # type: ignore[arg-type]
        (max_retry(NameResolutionError("h", None, OSError("dns"))), False),  # type: ignore[arg-type]
        (exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), False),
        (exceptions.SSLError("EOF occurred"), True),
        (exceptions.ReadTimeout(URL), True),
        (exceptions.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))), True),
        (exceptions.ConnectionError(), True),
        (exceptions.ChunkedEncodingError(URL), True),
    ],
)
def test_only_a_connection_that_was_never_made_surely_did_nothing(error: Exception, maybe_done: bool):
    with pytest.raises(TransientError) as failure:
        transport.send(Broken(error), "telegram", "POST", URL)
    assert failure.value.cause == "telegram.unreachable"
    assert failure.value.maybe_done is maybe_done


def test_no_failure_tells_the_address_which_may_hold_a_token():
    with pytest.raises(TransientError) as failure:
        transport.send(Broken(exceptions.ReadTimeout(URL)), "telegram", "POST", URL)
    assert "SECRET" not in str(failure.value) + repr(failure.value) + failure.value.detail
    assert failure.value.__suppress_context__


def test_a_refused_port_is_told_from_a_lost_answer():
    with pytest.raises(TransientError) as failure:
        transport.send(requests.Session(), "generic", "POST", "http://127.0.0.1:1/deliver")
    assert failure.value.maybe_done is False


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/x", "http://"])
def test_an_address_that_is_none_is_for_a_person(url: str):
    with pytest.raises(PermanentError) as failure:
        transport.send(requests.Session(), "generic", "POST", url)
    assert failure.value.cause == "generic.address"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("9", 9.0),
        (" 0 ", 0.0),
        ("99999999", transport.MAX_RETRY_AFTER),
        ("Thu, 15 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 15 Jan 2026 11:00:00 GMT", 0.0),
        ("Fri, 15 Jan 2027 11:00:00 GMT", transport.MAX_RETRY_AFTER),
        ("Thu, 15 Jan 2026 12:00:30 -0000", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("１", None),
    ],
)
def test_the_wish_to_wait_is_read_as_seconds(value: str, seconds: float | None):
    assert transport.retry_after(value, lambda: NOW) == seconds
