"""Finished calls from the CSV file of CDRs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector.domain.calls import CallEnded
from connector.errors import PermanentError, TransientError
from connector.providers.asterisk.history import history
from tests.unit.providers.asterisk_files import account

SINCE = datetime(2026, 2, 2, 8, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=12)
TRUNK, PHONE, OTHER = "PJSIP/trunk-00000001", "PJSIP/101-00000002", "PJSIP/102-00000003"


def row(
    src: str,
    dst: str,
    channel: str,
    dstchannel: str,
    at: str,
    *,
    talk: int = 0,
    disposition: str = "ANSWERED",
    unique: str = "1.1",
    linked: str = "",
    app: str = "Dial",
    userfield: str = "",
    context: str = "from-trunk",
) -> str:
    answer = f"2026-02-02 {at}" if talk else ""
    times = f'"2026-02-02 {at}","{answer}","2026-02-02 {at[:5]}:59",59,{talk},"{disposition}","DOCUMENTATION"'
    head = f'"","{src}","{dst}","{context}","""x"" <{src}>","{channel}","{dstchannel}","{app}",""'
    return f'{head},{times},"{unique}","{userfield}"' + (f',"","{linked}",7' if linked else "")


def past(tmp_path: Path, *rows: str, **cdr: str) -> list:
    file = tmp_path / "Master.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return list(history(SINCE, UNTIL, account(cdr={"url": file.as_uri(), **cdr}), None))


def test_without_a_file_there_is_no_past():
    assert list(history(SINCE, UNTIL, account(), None)) == []


def test_an_answered_call_has_its_times_its_people_and_its_recording(tmp_path):
    call, recorded = past(
        tmp_path,
        row("79161234567", "74951234567", TRUNK, PHONE, "12:00:00", talk=40, userfield="/x/a.wav"),
        zone="Europe/Moscow",
    )
    assert isinstance(call, CallEnded)
    assert (call.direction, call.client, call.line, call.employee) == (
        *("incoming", "79161234567", "74951234567", "101"),
    )
    assert (call.talk, call.cause, call.past) == (40, "", True)
    assert call.started_at == call.answered_at == datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
    assert (recorded.call, recorded.recording.ref) == ("1.1", "/x/a.wav")


@pytest.mark.parametrize(
    ("disposition", "app", "cause"),
    [
        ("NO ANSWER", "Dial", "missed"),
        ("BUSY", "Dial", "busy"),
        ("FAILED", "Dial", "failed"),
        ("CONGESTION", "Dial", "unreachable"),
        ("ANSWERED", "VoiceMail", "voicemail"),
        ("ANSWERED", "Queue", "missed"),
    ],
)
def test_a_call_in_vain_says_why(tmp_path, disposition, app, cause):
    talk = 20 if app != "Dial" else 0
    line = row("79161234567", "600", TRUNK, "", "12:00:00", disposition=disposition, app=app, talk=talk)
    (call,) = past(tmp_path, line)
    assert (call.cause, call.talk, call.employee) == (cause, 0, "")


def test_an_outgoing_and_an_internal_call_are_told_apart(tmp_path):
    out, colleagues = past(
        tmp_path,
        row("101", "79161234567", PHONE, TRUNK, "12:00:00", talk=9, unique="1.1", context="from-internal"),
        row("101", "102", PHONE, OTHER, "12:01:00", talk=9, unique="1.3", context="from-internal"),
    )
    assert (out.direction, out.client, out.employee) == ("outgoing", "79161234567", "101")
    assert (colleagues.direction, colleagues.client) == ("internal", "102")


def test_the_rows_of_one_call_are_one_call(tmp_path):
    (call,) = past(
        tmp_path,
        row("79161234567", "101", TRUNK, PHONE, "12:00:00", disposition="NO ANSWER", unique="1.1", linked="1.1"),
        row("79161234567", "102", TRUNK, OTHER, "12:00:20", talk=30, unique="1.9", linked="1.1"),
    )
    assert (call.call, call.employee, call.talk) == ("1.1", "102", 30)


def test_only_calls_that_began_in_the_span_are_told(tmp_path):
    early = row("79161234567", "101", TRUNK, PHONE, "07:59:59", unique="1.1")
    late = row("79161234567", "101", TRUNK, PHONE, "20:00:00", unique="1.2")
    assert past(tmp_path, early, late, "") == []


def test_a_file_without_ids_says_what_to_set(tmp_path):
    with pytest.raises(PermanentError) as refused:
        past(tmp_path, '"","79161234567","101","from-trunk"')
    assert "loguniqueid" in refused.value.hint.ru


def test_a_file_that_is_not_there_is_asked_for_again(tmp_path):
    ours = account(cdr={"url": (tmp_path / "none.csv").as_uri()})
    with pytest.raises(TransientError):
        list(history(SINCE, UNTIL, ours, None))


def test_a_file_may_be_served_by_the_web():
    asked = []

    def answer(method: str, url: str, **options: object) -> SimpleNamespace:
        asked.append((method, url, options["headers"]))
        body = row("79161234567", "101", TRUNK, PHONE, "12:00:00", talk=5)
        return SimpleNamespace(status_code=200, content=body.encode())

    place = {"url": "https://pbx.example/Master.csv", "username": "b24", "password": "hush"}
    (call,) = history(SINCE, UNTIL, account(cdr=place), SimpleNamespace(request=answer))
    assert call.talk == 5
    assert asked == [("GET", "https://pbx.example/Master.csv", {"Authorization": "Basic YjI0Omh1c2g="})]
