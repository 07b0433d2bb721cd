"""Every known error through the sandbox: our verdict, what is tried first, and what the official SDK makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from b24pysdk import errors
from b24pysdk.credentials import BitrixWebhook
from b24pysdk.errors import BitrixSDKException
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConnectorError, PermanentError, Refused, Stopped, TransientError
from connector.portal.answers import Answer, Fault, decode
from connector.portal.faults import TABLE, judge
from connector.sandbox import SandboxServer
from tests.contract.portal.conftest import House
from tests.contract.portal.error_table import ROWS, Row
from tests.contract.sandbox.test_b24pysdk import LocalApp
from tests.contract.sandbox.tls_front import Front, tls_front

METHOD = "crm.contact.list"
TYPES = {"wait": TransientError, "park": PermanentError, "stop": Stopped, "refuse": Refused}
SPOILT = {"renewal": "oauth.token", "adoption": "oauth.app.info"}
CASES = [pytest.param(row, status, id=f"{row.name}-{status}") for row in ROWS for status in row.statuses]
CURED = [pytest.param(row, status, id=f"{row.name}-{status}") for row in ROWS if row.cure for status in row.statuses]
HEARD = [row for row in ROWS if row.where not in ("command", "adoption")]


@pytest.fixture(scope="module")
def one_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(burst=0, operating_limit=0) as sandbox:
        yield sandbox


@pytest.fixture
def troubled(one_sandbox: SandboxServer) -> House:
    one_sandbox.reset()
    return House(one_sandbox)


@pytest.fixture(scope="module")
def front(one_sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with tls_front(one_sandbox.app, tmp_path_factory.mktemp("tls")) as door, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(door.certificate))
        yield door


def play(sandbox: SandboxServer, row: Row, status: int, times: int = -1) -> None:
    """Let the sandbox answer so."""
    fault: dict[str, Any] = {"code": row.code, "description": row.words}
    if row.where == "v3":
        body = {"error": {"code": row.code, "message": row.words, "validation": []}}
        fault = {"body": json.dumps(body), "content_type": "application/json"}
    if row.where == "raw":
        fault = {"body": row.words}
    sandbox.fault("fail", method=SPOILT.get(row.where, METHOD), status=status, times=times, **fault)


def hear(house: House, row: Row) -> ConnectorError:
    """What our client makes of it."""
    if row.where == "adoption":
        return raised(lambda: house.portal().adopt(house.grant()))
    portal = house.installed()
    if row.where == "renewal":
        house.sandbox.expire_tokens()
    if row.where != "command":
        return raised(lambda: portal.call(METHOD))
    outcome = portal.batch({"one": (METHOD, {}), "other": ("profile", {})})
    assert outcome["other"].state == "ok"
    assert outcome["one"].error is not None
    return outcome["one"].error


def raised(act: Callable[[], object]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        act()
    return caught.value


@pytest.mark.parametrize(("row", "status"), CASES)
def test_the_verdict_is_as_the_table_says(troubled: House, row: Row, status: int):
    play(troubled.sandbox, row, status)
    error = hear(troubled, row)
    cause = row.cause if row.act == "refuse" else f"bitrix24.{row.cause}"
    assert (type(error), error.cause) == (TYPES[row.act], cause)
    assert getattr(error, "maybe_done", False) is row.maybe_done
    if isinstance(error, Stopped):
        assert error.state == row.state
        assert troubled.state() == ("" if row.where == "adoption" else row.state)
    elif row.where not in ("adoption", "command"):
        assert troubled.state() == "active"


@pytest.mark.parametrize(("row", "status"), CASES)
def test_nothing_is_tried_twice_that_the_table_does_not_cure(troubled: House, row: Row, status: int):
    play(troubled.sandbox, row, status)
    hear(troubled, row)
    asked = len(troubled.sandbox.calls(METHOD))
    renewed = len(troubled.sandbox.calls("oauth.token"))
    # A renewal whose answer proves nothing is asked once more with the same refresh token (§8).
    expected = {"adoption": (0, 0), "renewal": (1, 2 if row.act == "wait" else 1)}
    assert (asked, renewed) == expected.get(row.where, (2 if row.cure else 1, 1 if row.cure == "renew" else 0))


@pytest.mark.parametrize(("row", "status"), CURED)
def test_what_can_be_cured_is_cured_without_anybody_noticing(troubled: House, row: Row, status: int):
    portal = troubled.installed()
    play(troubled.sandbox, row, status, times=1)
    assert portal.call(METHOD) == []
    assert troubled.state() == "active"


def test_the_portals_trouble_with_the_authorization_server_costs_no_token(troubled: House):
    portal = troubled.installed()
    before = troubled.store.installation("main")
    troubled.sandbox.fault("fail", method=METHOD, status=401, code="CONNECTION_ERROR", times=3)
    for _ in range(3):
        assert isinstance(raised(lambda: portal.call(METHOD)), TransientError)
    assert troubled.store.installation("main").grant == before.grant  # type: ignore[union-attr]
    assert portal.call(METHOD) == []


def sdk_hears(sandbox: SandboxServer, front: Front, row: Row) -> BitrixSDKException:
    config = sandbox.portal.config
    webhook = BitrixWebhook(domain=front.domain, webhook_token=f"{config.webhook_user}/{config.webhook_code}")
    acts: dict[bool, Callable[[], object]] = {
        True: lambda: LocalApp(sandbox).refresh_oauth_token(sandbox.grant()["refresh_token"]),
        False: lambda: webhook.call_method(METHOD, max_retries=1),
    }
    act = acts[row.where == "renewal"]
    with pytest.raises(BitrixSDKException) as caught:
        act()
    return caught.value


def meaning(error: BitrixSDKException) -> str:
    """What the SDK's class tells its caller: try again, authorise again, or leave it."""
    again = (errors.BitrixAPIServiceUnavailable, errors.BitrixAPITooManyRequests, errors.BitrixAPIInternalServerError)
    if isinstance(error, (*again, errors.BitrixResponseJSONDecodeError)):
        return "again"
    return "authorise" if isinstance(error, errors.BitrixBaseAPIUnauthorized) else "leave"


def ours(row: Row) -> set[str]:
    if row.cure:
        return {"authorise"}
    # Whoever stops a portal neither repeats nor goes on: the SDK's "authorise" and "leave" both say so.
    return {"wait": {"again"}, "park": {"leave"}, "stop": {"authorise", "leave"}}[row.act]


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.name}-{row.statuses[0]}") for row in HEARD])
def test_the_official_sdk_agrees_or_the_table_says_why_not(one_sandbox: SandboxServer, front: Front, row: Row):
    unlike: dict[int, str] = {}
    for status in row.statuses:
        one_sandbox.reset()
        play(one_sandbox, row, status)
        said = meaning(sdk_hears(one_sandbox, front, row))
        if said not in ours(row):
            unlike[status] = said
    assert bool(unlike) == bool(row.differs), f"{row.name}: the SDK says {unlike or 'the same'}; {row.differs}"


def test_every_code_of_the_verdicts_is_played():
    played = {row.code.upper().removeprefix("BITRIX_REST_V3_EXCEPTION_").removeprefix("VALIDATION_") for row in ROWS}
    lines = {code for code in TABLE if "LINE" in code or "IMCONNECTOR" in code or code == "CHAT_RENAMING_FAILED"}
    assert set(TABLE) - played == lines


@given(st.text(max_size=40), st.sampled_from([200, 400, 401, 402, 403, 404, 429, 500, 503]))
def test_any_code_at_any_status_gets_a_verdict(code: str, status: int):
    met = decode(Answer(status=status, body=json.dumps({"error": code}).encode()))
    assert isinstance(met, Fault)
    assert isinstance(judge(met), ConnectorError)


def test_no_row_is_played_twice():
    names = [f"{row.name}-{status}-{row.words}" for row in ROWS for status in row.statuses]
    assert len(names) == len(set(names))
