"""What 1C's refusals mean, and what a person is told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connector.errors import PermanentError, TransientError
from connector.providers.onec import PROVIDER
from connector.providers.onec.settings import OnecSettings
from tests.contract.sources.onec.reads import Base
from tests.integration.sources.onec_service import Said, error, shipment

HTML = "text/html"
FINAL = [
    (error("Нарушение прав доступа! Document.Отгрузка"), "onec.rights"),
    (error("Свойство ДатаИзм не найдено", 400), "onec.query"),
    (error("Нельзя сравнивать поля неограниченной длины и поля несовместимых типов."), "onec.query"),
    (Said(status=200, body="<!DOCTYPE html><title>Вход</title>", kind=HTML), "onec.page"),
    (Said(status=200, body='{"value": 1}'), "onec.shape"),
    (Said(status=200, body="готово"), "onec.no_json"),
    (Said(status=403, body="<html>", kind=HTML), "onec.rights"),
    (Said(status=406, body=""), "onec.old"),
    (Said(status=302, body=""), "onec.moved"),
]
PASSING = [
    (error("Не обнаружено свободной лицензии!"), "onec.licences", 120),
    (Said(status=200, body="<html>Не обнаружено свободной лицензии!", kind=HTML), "onec.licences", 120),
    (Said(status=503, body="<html>", kind=HTML), "onec.busy", None),
    (error("Начало сеанса с информационной базой запрещено"), "onec.down", None),
    (Said(cut=True), "onec.unreachable", None),
]


def page(base: Base, **more):
    assert PROVIDER.source
    with PROVIDER.source.open(base.desk(**more)) as reader:
        return reader.page(reader.begin({"newest": "2026-01-01T00:00:00"}).position, 100)


@pytest.mark.parametrize(("said", "cause"), FINAL)
def test_what_repeating_does_not_help_says_what_to_do(base: Base, said: Said, cause: str):
    base.infobase.meanwhile = lambda *_: said
    with pytest.raises(PermanentError) as caught:
        page(base, changed="ДатаИзменения")
    assert caught.value.cause == cause
    assert caught.value.hint.en != caught.value.hint.ru
    assert "пароль" not in str(caught.value)


@pytest.mark.parametrize(("said", "cause", "wait"), PASSING)
def test_what_passes_is_asked_again(base: Base, said: Said, cause: str, wait: float | None):
    base.rows.append(shipment(1))
    base.infobase.meanwhile = lambda *_: said
    with pytest.raises(TransientError) as caught:
        page(base, changed="ДатаИзменения")
    assert (caught.value.cause, caught.value.retry_after) == (cause, wait)


def test_a_wrong_password_is_said_so(base: Base):
    with pytest.raises(PermanentError, match=r"onec\.password"):
        page(base, password="другой", changed="ДатаИзменения")


def test_a_list_that_is_not_published_is_said_so(base: Base):
    with pytest.raises(PermanentError, match=r"onec\.missing"):
        page(base, entity="Catalog_Нет", changed="ДатаИзменения")


def test_a_column_that_is_no_date_is_said_so(base: Base):
    base.rows.append(shipment(1, Флаг=True))
    assert PROVIDER.source
    with (
        PROVIDER.source.open(base.desk(changed="Флаг")) as reader,
        pytest.raises(PermanentError, match=r"onec\.changed"),
    ):
        reader.page(reader.begin(None).position, 100)


def test_a_1c_that_is_away_is_asked_again(base: Base):
    with pytest.raises(TransientError, match=r"onec\.unreachable"):
        page(base, url="http://127.0.0.1:1/trade", changed="ДатаИзменения")


def test_check_tells_of_the_rows_and_what_they_cost(base: Base):
    assert PROVIDER.source
    assert PROVIDER.source.check
    assert [each.state for each in PROVIDER.source.check(base.desk())] == ["warn"]
    base.rows.append(shipment(1))
    found = PROVIDER.source.check(base.desk(changed="Date"))
    assert [each.state for each in found] == ["ok", "warn"]
    assert "Number" in found[0].what.en
    assert [each.state for each in PROVIDER.source.check(base.desk(password="x"))] == ["bad"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Moscow"},
        {"url": "http://1c.acme.ru/trade"},
        {"entity": "Отгрузка"},
        {"url": "https://u:p@1c.ru/a"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, str]):
    given = {
        "source": "s",
        "provider": "onec",
        "portal": "main",
        "url": "https://1c.acme.ru/trade",
        "entity": "Catalog_Товары",
        "timezone": "Europe/Moscow",
    }
    assert OnecSettings(**given).address.startswith("https://1c.acme.ru/trade/odata/standard.odata/Catalog_%D0%A2")
    assert OnecSettings(**{**given, "url": "http://10.0.0.5/trade", "plain_http": True})
    with pytest.raises(ValidationError):
        OnecSettings(**{**given, **wrong})
