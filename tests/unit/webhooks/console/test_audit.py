"""The audit reads like sentences, whatever people have typed into it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from connector.journal.deeds import Line
from connector.journal.sieve import Sieve
from connector.journal.sweeps import described
from tests.contract.journal.making import a_delivery
from tests.unit.webhooks.console.bench_stage import park
from tests.unit.webhooks.console.conftest import Console
from webhooks.console.aims import aims
from webhooks.console.audit import DEEDS
from webhooks.console.reading import Reader

RTL = "\u202eevil"


def told(target: str, language: str = "en") -> str:
    read = Reader(language=language, zone=UTC, now=datetime.now(UTC))  # type: ignore[arg-type]
    return " · ".join(f"{aim.word} {aim.value}".strip() for aim in aims(target, read, "anna"))


@pytest.mark.parametrize(
    ("target", "en", "ru"),
    [
        ("delivery:7", "delivery № 7", "доставка № 7"),
        ("portal:main https://x.example", "portal main https://x.example", "портал main https://x.example"),
        ("deliveries: 35 (all)", "35 deliveries · all of them", "35 доставок · все, что были"),
        ("envelopes: 1 (#a, #b …)", "1 request · #a, #b …", "1 запрос · #a, #b …"),
        ("mapping:ab12cd34ef56", "version ab12cd34ef56", "версия ab12cd34ef56"),
        ("user:bert", "→ bert", "→ bert"),
        ("user:anna", "", ""),
        ("installations", "installations", "installations"),
        ("deliveries: x (all)", "deliveries: x (all)", "deliveries: x (all)"),
    ],
)
def test_a_target_is_told_in_words(target: str, en: str, ru: str):
    assert (told(target), told(target, "ru")) == (en, ru)


def test_the_filter_of_a_deed_is_told_in_words():
    sieve = Sieve(
        cause="bitrix24.unpaid",
        destination="portal:main",
        kind="message.received",
        since=datetime(2026, 5, 1, 10, tzinfo=UTC),
        text='cause=no) "quoted" account=x',
    )
    shown = told(f"deliveries: 2 ({described(sieve)})", "ru")
    assert shown == (
        "2 доставки · причина bitrix24.unpaid · куда portal:main · что сообщение клиента · отложено с "
        '2026-05-01T10:00Z · с текстом cause=no) "quoted" account=x'
    )


def test_what_people_type_turns_no_line_around(console: Console):
    console.journal.audit(f"anna{RTL}", "replay", f"why{RTL}", f"delivery:7{RTL}", trace="t-12345678")
    page = console.signed_in().get("/ops/audit").text
    for typed in (f"anna{RTL}", f"why{RTL}", f"7{RTL}"):
        assert f"<bdi>{typed}</bdi>" in page
    assert 'href="/ops/trace/t-12345678"' in page


def test_a_deed_by_filter_leads_to_what_came_of_it(console: Console):
    (parked,) = park(console.journal, a_delivery())
    done = console.journal.sweep(Sieve(names=(parked,)), "discard", "anna", "spam")
    browser = console.signed_in()
    page = browser.get("/ops/audit").text
    assert f'href="/ops/parked/done/{done.note}"' in page
    assert browser.get(f"/ops/parked/done/{done.note}").status_code == 200
    assert page.count("/ops/parked/done/") == 1


def test_a_russian_reader_finds_no_english_reason_of_ours(console: Console):
    page = console.signed_in("admin", "ru").get("/ops/audit").text
    assert DEEDS["signed_in"].ru in page
    assert "через консоль" in page
    assert not re.search(r"<bdi>(console|everywhere)</bdi>", page)


def test_which_role_was_given_and_from_where_somebody_came_is_told(console: Console):
    console.journal.add_user("bert", "viewer", "long enough 1", who="admin", why="new here")
    console.journal.set_role("bert", "integrator", who="admin", why="moved")
    page = console.signed_in("admin", "ru").get("/ops/audit").text
    for told in ("наблюдатель", "интегратор", "127.0.0.1"):
        assert f"<bdi>{told}</bdi>" in page


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ("the demo's visitor", "посетитель демо"),
        ("the portal does not know of this delivery", "портал не знает об этой доставке"),
        ("a person's own words", "a person&#39;s own words"),
    ],
)
def test_a_reason_of_the_connector_s_own_is_in_the_reader_s_language(console: Console, why: str, shown: str):
    console.journal.audit("demo", "replay", why, "delivery:7")
    assert shown in console.signed_in("operator", language="ru").get("/ops/audit").text


def test_what_access_groups_did_is_told_in_words_and_with_the_role(console: Console):
    for what in ("granted", "revoked", "invited", "dismissed", "learned"):
        line = Line(
            what=f"access.{what}", why="another source leads them here", target="main #7 console", detail="operator"
        )
        console.journal.keep_deeds((), [line], owner="portal:main", who="sync:staff")
    page = console.signed_in("admin", "ru").get("/ops/audit").text
    assert "access." not in page
    assert "выдан доступ" in page
    assert "сюда ведёт и другой источник" in page
    assert "<bdi>оператор</bdi>" in page
