"""What a PBX's API may answer to us, and that nothing of it surprises: the verdict is always ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connector.domain.calls import CallRecorded
from connector.domain.effects import Dial
from connector.domain.provider import Outgoing, Provider, Source
from connector.domain.request import Reply
from connector.domain.telephony import Telephony
from connector.domain.values import File, Receipt
from connector.errors import ConnectorError, TransientError
from tests.contract.providers.pbxs import POSTING, proof, telephony_fixtures
from tests.contract.providers.recorded import Wire, account, parse_http

UNTIL = datetime(2026, 1, 15, 13, 0, tzinfo=UTC)
DIAL = Dial(account="pbx", extension="101", phone="+79001112233", call="b24-1", line="")
ODD = {
    "html": Reply(body=b"<html>down for maintenance</html>", content_type="text/html"),
    "nothing": Reply(body=b""),
    "list": Reply(body=b"[]", content_type="application/json"),
    "null": Reply(body=b"null", content_type="application/json"),
    "strange": Reply(body=b'{"result": {"a": [1]}, "data": 7, "status": []}', content_type="application/json"),
    "no_text": Reply(body=b"\xff\xfe\x00", content_type="application/json"),
    "moved": Reply(status=301, headers={"location": "https://evil.example/"}),
    "moved_to_nothing": Reply(status=302),
    **{str(status): Reply(status=status, body=b'{"error": "x"}') for status in (400, 401, 403, 404, 409, 422)},
    **{str(status): Reply(status=status, body=b"<html>") for status in (500, 502, 503, 504)},
}


def recording_of(provider: Provider) -> File:
    """A recording as this PBX names it; a made-up one where none of its requests tells of a recording."""
    assert provider.telephony is not None
    settings = account(provider)
    found = [
        event.recording
        for known, path in telephony_fixtures()
        if known is provider
        for event in provider.telephony.parse(parse_http(path.read_bytes()), settings)
        if isinstance(event, CallRecorded)
    ]
    return found[0] if found else File(ref="no-such-recording")


def _dial(provider: Provider, telephony: Telephony, http: Any) -> Any:
    assert telephony.dial is not None
    return telephony.dial(Outgoing(command=DIAL, idempotency_key="dial:1"), account(provider), http)


def _recording(provider: Provider, telephony: Telephony, http: Any) -> Any:
    assert telephony.recording is not None
    return telephony.recording(recording_of(provider), account(provider), http)


def _history(provider: Provider, telephony: Telephony, http: Any) -> Any:
    assert telephony.history is not None
    return list(telephony.history(UNTIL - timedelta(hours=1), UNTIL, account(provider), http))


WAYS: dict[str, Callable[[Provider, Telephony, Any], Any]] = {
    "dial": _dial,
    "recording": _recording,
    "history": _history,
}
# Their recordings come with a whole address: nobody is asked where they lie.
TOLD = frozenset(("megafon", "pbx", "twilio", "uis"))
ASKING = [
    pytest.param(provider, way, id=f"{provider.slug}-{way}")
    for provider in POSTING
    for way in WAYS
    if getattr(provider.telephony, way) is not None and not (way == "recording" and provider.slug in TOLD)
]


class Cut:
    """A connection that breaks while we wait for the answer."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        raise requests.ConnectionError("reset by peer")


def ask(provider: Provider, way: str, http: Any) -> Any:
    """What came of it: a result, or the verdict."""
    assert provider.telephony is not None
    try:
        return WAYS[way](provider, provider.telephony, http)
    except ConnectorError as error:
        assert_told(provider, error)
        return error


def assert_told(provider: Provider, error: ConnectorError) -> None:
    assert error.cause.startswith(f"{provider.slug}.")
    assert error.hint.en
    assert error.hint.ru
    assert error.hint.en != error.hint.ru
    settings = account(provider)
    for name in proof(provider).secrets:
        value = getattr(settings, name)
        for secret in value if isinstance(value, tuple) else (value,):
            assert secret.get_secret_value() not in f"{error} {error.detail} {error.hint}"


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(("provider", "way"), ASKING)
def test_whatever_the_vendor_answers_the_verdict_is_ours(provider: Provider, way: str, name: str):
    wire = Wire(lambda _: ODD[name])
    came = ask(provider, way, wire)
    assert wire.seen
    if name.startswith("5"):
        assert isinstance(came, TransientError)
    elif name.startswith("4"):
        assert isinstance(came, ConnectorError), "a refusal was taken for a success"
    else:
        assert isinstance(came, ConnectorError | Receipt | Source | list)


@pytest.mark.parametrize(("provider", "way"), ASKING)
def test_a_vendor_that_asks_to_wait_is_waited_for(provider: Provider, way: str):
    wire = Wire(lambda _: Reply(status=429, body=b"slow down", headers={"retry-after": "7"}))
    came = ask(provider, way, wire)
    assert wire.seen
    assert len(wire.seen) == 1
    assert isinstance(came, TransientError)
    assert came.retry_after == 7
    assert not came.maybe_done


@pytest.mark.parametrize(("provider", "way"), ASKING)
def test_a_cut_connection_is_tried_again(provider: Provider, way: str):
    came = ask(provider, way, Cut())
    assert isinstance(came, TransientError)
    assert came.maybe_done


@pytest.mark.parametrize("provider", [known for known in POSTING if known.check], ids=lambda known: known.slug)
def test_a_check_never_raises(provider: Provider):
    assert provider.check is not None
    for http in (Cut(), *(Wire(lambda _, reply=reply: reply) for reply in ODD.values())):
        findings = provider.check(account(provider), "https://connector.example/hooks/pbx", http)
        assert findings
        assert {finding.state for finding in findings} <= {"ok", "warn", "bad"}
        assert all(finding.hint for finding in findings if finding.state != "ok")
