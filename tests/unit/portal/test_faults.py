from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.portal.answers import Answer, Fault, Success, decode, tidy
from connector.portal.faults import TABLE, judge, remedy
from connector.portal.hints import HINTS


def verdict(code: str, words: str = "", status: int = 400) -> ConnectorError:
    body = {"error": code, "error_description": words}
    met = decode(Answer(status=status, body=json.dumps(body).encode()))
    assert isinstance(met, Fault)
    return judge(met, method="x.y")


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("code", sorted(set(TABLE) - {"ERROR_CORE", "ACCESSDENIEDEXCEPTION"}))
def test_the_code_decides_whatever_the_status_and_case(code, status):
    first, second = verdict(code, status=status), verdict(code.lower(), status=401)
    assert (type(first), first.cause) == (type(second), second.cause)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_verdict_speaks_both_languages_and_has_no_hole(code):
    error = verdict(code)
    assert error.hint.en
    assert re.search("[а-я]", error.hint.ru)
    assert not re.search(r"\{\w+\}", error.hint.en + error.hint.ru)
    assert re.fullmatch(r"bitrix24\.[a-z0-9_]+", error.cause)


@pytest.mark.parametrize("code", ["QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT", "CONNECTION_ERROR", "expired_token"])
def test_what_was_refused_before_it_ran_may_simply_be_repeated(code):
    error = verdict(code, status=503)
    assert isinstance(error, TransientError)
    assert not error.maybe_done
    assert error.retry_after


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("INTERNAL_SERVER_ERROR", ""),
        ("ERROR_UNEXPECTED_ANSWER", ""),
        ("ERROR_CORE", "MySQL Query Error!"),
        ("ERROR_CORE", "Allowed memory size exhausted"),
    ],
)
def test_trouble_on_their_side_may_have_done_the_work(code, words):
    error = verdict(code, words, 500)
    assert isinstance(error, TransientError)
    assert error.maybe_done


@pytest.mark.parametrize(
    ("code", "words", "state"),
    [
        ("OVERLOAD_LIMIT", "REST API is blocked due to overload.", "blocked"),
        ("PORTAL_BLOCKED_BY_LICENSE_SCANNER", "", "blocked"),
        ("ACCESS_DENIED", "REST is available only on commercial plans.", "suspended"),
        ("ACCESS_DENIED", "REST API is available only by subscription.", "suspended"),
        ("PAYMENT_REQUIRED", "Subscription has been ended", "suspended"),
        ("ERROR_OAUTH", "Disk quota exceeded.<br>", "suspended"),
        ("ERROR_OAUTH", "Application not installed", "uninstalled"),
        ("ACCESS_DENIED", "Current user can't be authorized in this context", "needs_reauth"),
        ("invalid_grant", "", "needs_reauth"),
        ("authorization_error", "Unable to authorize user", "needs_reauth"),
        ("INVALID_CREDENTIALS", "", "needs_reauth"),
        ("PORTAL_DELETED", "", "unreachable"),
    ],
)
def test_what_a_person_must_settle_stops_the_portal(code, words, state):
    error = verdict(code, words, 401)
    assert isinstance(error, Stopped)
    assert error.state == state


@pytest.mark.parametrize(
    ("code", "words", "cause"),
    [
        ("ACCESS_DENIED", "Access denied! Application context required", "bitrix24.needs_application"),
        ("ACCESS_DENIED", "Access denied!", "bitrix24.access_denied"),
        ("", "Not found", "bitrix24.not_found"),
        ("", "Access denied", "bitrix24.access_denied"),
        ("", "ID is not defined or invalid.", "bitrix24.unnamed"),
        ("ERROR_CORE", "Unable to set event handler: Handler already binded", "bitrix24.handler_already_bound"),
        ("404", "", "bitrix24.404"),
        ("SOME_NEW_CODE", "words", "bitrix24.some_new_code"),
    ],
)
def test_business_errors_are_parked_with_their_cause(code, words, cause):
    error = verdict(code, words)
    assert isinstance(error, PermanentError)
    assert error.cause == cause


@pytest.mark.parametrize("code", ["NOT_ACTIVE_LINE", "IMCONNECTOR_NO_CORRECT_PROVIDER"])
def test_a_message_waits_for_its_line_and_its_connector(code):
    error = verdict(code)
    assert isinstance(error, TransientError)
    assert error.retry_after == 5.0
    assert not error.maybe_done


def test_the_line_hint_leads_to_contact_center():
    error = verdict("NOT_ACTIVE_LINE")
    assert "Contact Center" in error.hint.en
    assert "Контакт-центр" in error.hint.ru


@pytest.mark.parametrize("status", [200, 403, 404, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"<html><h1>502</h1></html>", b"", b'{"result": ', b"[]", b"{}", b"[" * 100_000])
def test_what_is_no_answer_may_have_done_the_work(status, body):
    met = decode(Answer(status=status, body=body))
    assert isinstance(met, Fault)
    error = judge(met)
    assert isinstance(error, TransientError)
    assert error.maybe_done


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_read_as_an_answer(status):
    met = decode(Answer(status=status, body=b'{"result": 1}', location="https://new/rest/"))
    assert isinstance(met, Fault)
    assert (met.shape, met.location) == ("redirect", "https://new/rest/")


@pytest.mark.parametrize("status", [200, 400, 503])
def test_json_counts_at_any_status(status):
    assert decode(Answer(status=status, body=b'{"result": null}')) == Success(result=None)


def test_a_v3_error_is_matched_by_its_code():
    body = {"error": {"code": "BITRIX_REST_V3_EXCEPTION_RATELIMITEXCEPTION", "message": "wait"}}
    met = decode(Answer(status=429, body=json.dumps(body).encode()))
    assert isinstance(met, Fault)
    assert judge(met).cause == "bitrix24.operating_limit"


@given(
    st.dictionaries(st.text(max_size=5) | st.just("error"), st.none() | st.text(max_size=8) | st.integers(), max_size=4)
)
def test_any_json_gets_some_verdict(body):
    met = decode(Answer(status=400, body=json.dumps(body).encode()))
    if isinstance(met, Fault):
        assert isinstance(judge(met), ConnectorError)
    else:
        assert "result" in body


@pytest.mark.parametrize(
    ("code", "status", "webhook", "cure"),
    [
        ("expired_token", 401, False, "renew:EXPIRED_TOKEN"),
        ("expired_token", 401, True, ""),
        ("INVALID_TOKEN", 401, False, "renew:INVALID_TOKEN"),
        ("BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION", 401, False, "renew:ACCESSDENIEDEXCEPTION"),
        ("BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION", 403, False, ""),
        ("NO_AUTH_FOUND", 401, True, "repeat"),
        ("CONNECTION_ERROR", 401, False, ""),
        ("OVERLOAD_LIMIT", 401, False, ""),
        ("PAYMENT_REQUIRED", 401, False, ""),
        ("insufficient_scope", 401, False, ""),
        ("QUERY_LIMIT_EXCEEDED", 503, False, ""),
    ],
)
def test_a_cure_is_chosen_by_the_code_and_never_by_401_alone(code, status, webhook, cure):
    body = {"error": {"code": code, "message": ""}} if code.startswith("BITRIX") else {"error": code}
    met = decode(Answer(status=status, body=json.dumps(body).encode()))
    assert isinstance(met, Fault)
    assert remedy(met, webhook=webhook) == cure


def test_v3_tells_which_fields_it_did_not_accept():
    rows = [{"field": "title", "message": "is required"}, {"field": "id", "message": "must be a number"}, "odd"]
    error = {"code": "BITRIX_REST_V3_EXCEPTION_VALIDATION_DTOVALIDATIONEXCEPTION", "message": "no", "validation": rows}
    met = decode(Answer(status=400, body=json.dumps({"error": error}).encode()))
    assert isinstance(met, Fault)
    assert met.words == "no; title: is required; id: must be a number"


def test_vendors_words_are_kept_without_tags_and_secrets():
    words = tidy("<b>No</b> access<br>to /rest/1/abcdef123/ with " + "f" * 70)
    assert words == "No access to /rest/…/ with …"
    assert len(tidy("слово " * 500)) <= 300


def test_every_hint_is_used_or_told():
    assert {verdict.hint for verdict in TABLE.values()} <= set(HINTS.values())


@pytest.mark.parametrize(
    ("words", "act", "cause"),
    [
        ("Call is not found (call should be registered prior to finishing)", PermanentError, "call_not_found"),
        ("Call is not found in the statistic table.", TransientError, "call_not_finished"),
        ("Call externalCall.3f0c.1 is not found. Is it finished?", TransientError, "call_not_finished"),
        ("User is not found or is not active", PermanentError, "call_user"),
        ("USER_ID or USER_PHONE_INNER should be set", PermanentError, "call_user"),
        ("Unsupported phone number format", PermanentError, "call_number"),
        ("Line already exists", PermanentError, "line_exists"),
        ("Could not find line with number line-1", PermanentError, "line_unknown"),
        ("Wrong file extension. Only wav and mp3 are allowed", PermanentError, "call_file"),
        ("File name is empty", PermanentError, "call_file"),
        ("File content is empty.", PermanentError, "call_file"),
        ("File content is not properly encoded. Base64 encoding is expected.", PermanentError, "call_file"),
        ("Unexpected database error", TransientError, "server_error"),
        ("DB error", TransientError, "server_error"),
        ("MESSAGES[2][SIDE] should be either Client or User", PermanentError, "bad_argument"),
    ],
)
def test_telephony_tells_everything_by_its_words(words, act, cause):
    error = verdict("ERROR_CORE", words)
    assert type(error) is act
    assert error.cause.endswith(cause)
    if cause.endswith("not_finished"):
        assert (error.retry_after, error.maybe_done) == (30.0, False)


def test_a_webhook_that_telephony_refuses_is_told_that_it_needs_an_application():
    error = verdict("WRONG_AUTH_TYPE", "Current authorization type is denied for this method", 403)
    assert error.cause == "bitrix24.needs_application"
    assert "portals.<name>.app" in error.hint.en
