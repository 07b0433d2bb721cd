"""``/ops/calls``: what goes on, what was finished, and what a viewer does not see of it."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from connector.domain.calls import CALL_KINDS, Cause
from connector.journal.called import Recording
from connector.speech import Text
from tests.conftest import FakeClock
from tests.unit.telephony.pbx import Past, pbx
from tests.unit.webhooks.console.calls_stage import finished, going
from tests.unit.webhooks.console.conftest import Console
from webhooks.console.call_words import CAUSES, MISSED, STATUSES, outcome, recorded
from webhooks.console.kinds import kind_of

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def office(console: Console) -> Console:
    """The console of a house with telephony."""
    console.connector.accounts["office"] = pbx(listens=True, history=Past())
    return console


def test_a_house_without_telephony_has_no_such_page_in_its_menu(console: Console) -> None:
    browser = console.signed_in("operator")
    assert 'href="/ops/calls"' not in browser.get("/ops").text
    assert "no account of telephony" in browser.get("/ops/calls").text


def test_a_house_of_telephony_has(office: Console) -> None:
    page = office.signed_in("viewer").get("/ops").text
    assert 'href="/ops/calls"' in page


def test_a_finished_call_is_told_whole(office: Console) -> None:
    trace = finished(office.journal, "c1", recording="done")
    page = office.signed_in("operator").get("/ops/calls").text
    for told in ("incoming", "+79001234567", "Анна", "74951234567", "101", "user 5", "talked", "1 min 23", "attached"):
        assert told in page.replace("\xa0", " ")
    assert f"/ops/trace/{trace}" in page


def test_it_is_told_in_russian(office: Console) -> None:
    finished(office.journal, "c1", status="304", talk=0, missed=True)
    page = office.signed_in("operator", "ru").get("/ops/calls").text
    assert all(word in page for word in ("входящий", "пропущен", "Звонки", "Идут сейчас", "Сейчас звонков нет"))


def test_a_viewer_sees_the_end_of_a_number_and_no_name(office: Console) -> None:
    finished(office.journal, "c1")
    going(office.journal, "c2", name="Мария")
    page = office.signed_in("viewer").get("/ops/calls").text
    assert "…4567" in page
    assert "…2233" in page
    for hidden in ("79001234567", "89001112233", "Анна", "Мария", "/ops/trace/"):
        assert hidden not in page


def test_calls_that_go_on_are_on_top(office: Console, clock: FakeClock) -> None:
    going(office.journal, "c1")
    going(office.journal, "c2", answered="102")
    clock.advance(120)
    page = office.signed_in("operator").get("/ops/calls").text
    assert re.search(r"101, 102.*?rings", page, re.DOTALL)
    assert re.search(r"<bdi>102</bdi>.*?talk goes on", page, re.DOTALL)
    assert "2 minutes ago" in page


@pytest.mark.parametrize("kept", [None, "x", [], {"unknown": 1}, {"done": {"new": 1}}])
def test_a_story_of_another_version_is_no_crash(office: Console, kept: object) -> None:
    going(office.journal, "c1")
    office.journal.remember("event.call", "office.c1", kept)
    page = office.signed_in("operator").get("/ops/calls")
    assert page.status_code == 200
    assert "hidden" in page.text


def test_a_recording_that_is_parked_leads_to_the_bench(office: Console) -> None:
    finished(office.journal, "c1", recording="parked")
    finished(office.journal, "c2", recording="waiting")
    finished(office.journal, "c3")
    page = office.signed_in("operator").get("/ops/calls").text
    assert re.search(r'<a href="/ops/parked/\d+">not attached</a>', page)
    assert ">waits<" in page
    assert "/ops/parked/" not in office.signed_in("viewer").get("/ops/calls").text


def test_calls_are_filtered_and_paged(office: Console) -> None:
    office.connector.accounts["second"] = pbx("second")
    for number in range(55):
        finished(office.journal, f"c{number}", phone=f"+7900100{number:04}")
    finished(office.journal, "m", account="second", status="304", talk=0, missed=True, phone="+79002000000")
    browser = office.signed_in("operator")
    assert len(re.findall('data-label="Outcome"', browser.get("/ops/calls").text)) == 50
    only = browser.get("/ops/calls?account=second").text
    assert len(re.findall('data-label="Outcome"', only)) == 1
    assert "+79002000000" in browser.get("/ops/calls?missed=yes").text
    further = re.search(r'<a href="([^"]+)" rel="next">', browser.get("/ops/calls").text)
    assert further
    older = browser.get(further[1].replace("&amp;", "&")).text
    assert len(re.findall('data-label="Outcome"', older)) == 6
    assert "Going on now" not in older
    assert "The newest" in older


@pytest.mark.parametrize(
    "query", ["before=x", "before=9999999999999999999999", "account=%00", "account=nobody&missed=1"]
)
def test_nonsense_in_the_address_is_passed_over(office: Console, query: str) -> None:
    finished(office.journal, "c1")
    page = office.signed_in("operator").get(f"/ops/calls?{query}")
    assert page.status_code == 200
    assert "+79001234567" in page.text


def test_what_strangers_wrote_stays_text(office: Console) -> None:
    finished(office.journal, "c1", name=HOSTILE, phone=HOSTILE, line=HOSTILE, employee=HOSTILE, status=HOSTILE, talk=0)
    going(office.journal, "c2", client=HOSTILE, answered=HOSTILE)
    page = office.signed_in("operator").get("/ops/calls").text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_a_call_found_in_the_history_says_so(office: Console) -> None:
    finished(office.journal, "c1", past=True)
    assert "found in the history" in office.signed_in("operator").get("/ops/calls").text


def test_a_stream_that_nobody_reads_is_told_above_the_calls(office: Console) -> None:
    page = office.signed_in("viewer").get("/ops/calls").text
    assert "<code>connector listen</code>" in page
    assert "nobody listens" in page


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_words(status: str) -> None:
    mark, words = outcome({"status": status, "talk": 0, "missed": True})
    assert mark == "warn"
    assert words.en.startswith("missed")
    assert words.ru.startswith("пропущен")
    assert outcome({"status": status, "talk": 0, "missed": False}) == ("", STATUSES[status])
    assert outcome({"status": status, "talk": 1})[0] == "good"


@pytest.mark.parametrize("cause", CAUSES)
def test_a_missed_call_says_why(cause: str) -> None:
    why = CAUSES[cause]
    assert why.en != why.ru
    told = outcome({"status": "304", "talk": 0, "missed": True, "cause": cause})
    assert told == ("warn", Text(f"missed: {why.en}", f"пропущен: {why.ru}"))


def test_every_cause_has_words_but_the_one_that_says_nothing_more() -> None:
    assert {*CAUSES, "", "missed"} == set(get_args(Cause))


@pytest.mark.parametrize("cause", ["", "missed", "a cause of tomorrow", None])
def test_a_missed_call_whose_cause_says_nothing_is_missed(cause: Any) -> None:
    assert outcome({"status": "304", "talk": 0, "missed": True, "cause": cause}) == ("warn", MISSED)


def test_why_a_client_was_missed_stands_on_the_page(office: Console) -> None:
    finished(office.journal, "c1", status="304", talk=0, missed=True, cause="after_hours")
    browser = office.signed_in("operator")
    assert "missed: after hours" in browser.get("/ops/calls").text


def test_every_kind_of_call_event_has_words() -> None:
    told = (*CALL_KINDS, "call.settled", "call.finished", "call.recording_due", "call.transcript_due")
    for kind in (*told, "call.requested", "call.prepared", "call.refused", "client.reached"):
        assert kind_of(kind).ru != kind


def test_of_several_recordings_the_one_that_needs_a_look_is_told() -> None:
    found = [Recording(id=1, state="done", cause=""), Recording(id=2, state="parked", cause="x")]
    told = recorded(found)
    assert told is not None
    assert (told[0], told[2]) == ("warn", 2)
    assert recorded([]) is None


def test_the_accounts_page_shows_a_pbx_rightly(office: Console) -> None:
    office.journal.remember("stream", "office", {"state": "connected", "since": "", "heard": "", "why": ""})
    going(office.journal, "c1")
    page = office.signed_in("operator").get("/ops/accounts").text
    line = re.search(r"<strong>office</strong>.*?</tr>", page, re.DOTALL)
    assert line
    assert "no open line" not in line[0]
    assert all(word in line[0] for word in ("telephony", "stream: connected", "calls now: 1", "in order"))


def test_a_pbx_that_is_away_alarms_on_the_accounts_page_and_the_overview(office: Console) -> None:
    browser = office.signed_in("operator")
    line = re.search(r"<strong>office</strong>.*?</tr>", browser.get("/ops/accounts").text, re.DOTALL)
    assert line
    assert 'class="pill bad">nobody listens' in line[0]
    card = re.search(r'id="card-account-office".*?</li>', browser.get("/ops").text, re.DOTALL)
    assert card
    assert 'class="pill bad">nobody listens' in card[0]


def test_the_page_of_a_pbx_has_its_stream_its_calls_and_no_test_message(office: Console) -> None:
    page = office.signed_in("operator").get("/ops/accounts/office").text
    for told in ("calls now", "history read up to", "connector listen", "calls by a click", "What the PBX can do"):
        assert told in page
    for foreign in ("Test message", "open line", "/hooks/office", "edit a sent message"):
        assert foreign not in page


def test_the_page_of_a_pbx_that_calls_us_has_the_address(office: Console) -> None:
    office.connector.accounts["hooks"] = pbx("hooks")
    page = office.signed_in("operator", "ru").get("/ops/accounts/hooks").text
    assert "/hooks/hooks" in page
    assert "звонки по клику" in page


def test_a_pbx_that_we_subscribe_to_has_no_address_to_copy(office: Console) -> None:
    office.connector.accounts["cloud"] = pbx("cloud", renew=lambda *_: None)
    browser = office.signed_in("integrator")
    for place in ("/ops/accounts/cloud", "/ops/connect?portal=main&account=cloud"):
        page = browser.get(place).text
        assert "subscribes to its calls by itself" in page
        assert "/hooks/cloud" not in page


def test_the_way_to_a_pbx_asks_for_no_open_line(office: Console) -> None:
    page = office.signed_in("integrator").get("/ops/connect?portal=main&account=office").text
    for told in ("Telephone system", "Lines in Bitrix24", "First call", "connector listen"):
        assert told in page
    for foreign in ("Open line", "Test message", "/hooks/office"):
        assert foreign not in page


def test_the_way_to_a_pbx_that_calls_us_has_the_address(office: Console) -> None:
    office.connector.accounts["hooks"] = pbx("hooks")
    page = office.signed_in("integrator", "ru").get("/ops/connect?portal=main&account=hooks").text
    assert "/hooks/hooks" in page
    assert "Первый звонок" in page
