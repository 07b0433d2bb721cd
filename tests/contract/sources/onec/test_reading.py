"""Reading a list of 1C."""

from __future__ import annotations

import pytest

from connector.errors import PermanentError
from connector.providers.answers import basic
from connector.providers.onec import PROVIDER
from tests.contract.sources.onec.reads import LIST, Base
from tests.integration.sources.onec_service import Said, error, key, shipment


def at(second: int) -> str:
    return f"2026-02-01T10:{second // 60:02}:{second % 60:02}"


def reader_of(base: Base, **more):
    assert PROVIDER.source
    return PROVIDER.source.open(base.desk(**more))


def test_a_full_read_has_every_row_once(base: Base):
    base.rows.extend(shipment(number) for number in range(1, 24))
    run = base.read(top=5)
    assert sorted(run.numbers) == list(range(1, 24))
    assert (run.start.full, run.start.total, run.last.partial, run.last.bookmark) == (True, 23, False, {})


def test_a_row_is_as_rules_want_it(base: Base):
    base.rows.append(shipment(1))
    row = base.read().records[0]
    assert row.id == key(1)
    assert row.values["Date"] == "2026-02-01T10:00:00+03:00"
    assert (row.values["ДатаДоставки"], row.values["Склад_Key"]) == (None, None)
    assert row.values["Товары"] == [{"LineNumber": "1", "Количество": 2}]
    assert not [name for name in row.values if "@" in name]
    assert row.values["DataVersion"]


def test_an_object_that_is_marked_for_deletion_is_gone(base: Base):
    base.rows.extend([shipment(1, DeletionMark=True), shipment(2)])
    assert [(row.values["Number"][-1], row.gone) for row in base.read().records] == [("1", True), ("2", False)]


def test_names_and_conditions_reach_1c_as_they_are(base: Base):
    base.rows.extend([shipment(1), shipment(2, Posted=False)])
    run = base.read(select=["Number", "СуммаДокумента"], filter="Posted eq true", allowed_only=True)
    assert run.numbers == [1]
    assert set(run.records[0].values) == {"Ref_Key", "DataVersion", "DeletionMark", "Number", "СуммаДокумента"}
    asked = base.infobase.asked[1]
    assert asked.startswith(f"/trade/odata/standard.odata/{LIST}?")
    assert "$filter=(Posted eq true)" in asked
    assert "allowedOnly=true" in asked
    assert "+" not in asked


def test_the_next_run_asks_for_what_changed_since_less_the_overlap(base: Base):
    base.rows.extend(shipment(number, at(number)) for number in range(1, 8))
    first = base.read(changed="ДатаИзменения")
    assert first.last.bookmark == {"newest": at(7)}
    base.rows[0] = shipment(1, "2026-02-01T11:00:00")
    second = base.read(first.last.bookmark, changed="ДатаИзменения", overlap=2)
    assert (second.numbers, second.start.full) == ([5, 6, 7, 1], False)
    assert second.last.bookmark == {"newest": "2026-02-01T11:00:00"}
    third = base.read(second.last.bookmark, changed="ДатаИзменения", overlap=0)
    assert (third.numbers, third.last.bookmark) == ([1], second.last.bookmark)


def test_a_date_in_the_future_does_not_hide_what_comes(base: Base):
    base.rows.extend([shipment(1), shipment(2, "2030-01-01T00:00:00")])
    assert base.read(changed="ДатаИзменения").last.bookmark == {"newest": "2026-03-01T15:00:00"}  # 12:00 UTC


def test_dates_that_are_none_lead_nowhere(base: Base):
    base.rows.extend(shipment(number, "0001-01-01T00:00:00") for number in range(1, 4))
    run = base.read(changed="ДатаИзменения", top=2)
    assert (run.numbers, run.last.bookmark) == ([1, 2, 3], {"newest": None})
    assert base.read(run.last.bookmark, changed="ДатаИзменения").start.full


@pytest.mark.parametrize("changed", ["", "ДатаИзменения"])
@pytest.mark.parametrize("top", [1, 3, 100])
def test_many_rows_of_one_second_are_read_once_each(base: Base, changed: str, top: int):
    base.rows.extend(shipment(number, at(number // 10)) for number in range(1, 36))
    run = base.read(changed=changed, top=top)
    assert sorted(run.numbers) == list(range(1, 36))


@pytest.mark.parametrize("changed", ["", "ДатаИзменения"])
@pytest.mark.parametrize("trouble", [Said(status=503), Said(cut=True), error("Конфликт блокировок")])
def test_nothing_is_lost_when_each_request_fails_once(base: Base, changed: str, trouble: Said):
    base.rows.extend(shipment(number, at(number // 4)) for number in range(1, 20))
    failed: set[str] = set()

    def once_each(_: int, asked: str) -> Said | None:
        first = asked not in failed
        failed.add(asked)
        return trouble if first else None

    base.infobase.meanwhile = once_each
    run = base.read(changed=changed, top=4)
    assert sorted(run.numbers) == list(range(1, 20))
    assert len(run.failures) >= len(failed) - 1 >= 5  # an unknown number of rows is no failure
    assert not run.last.partial


@pytest.mark.parametrize("changed", ["", "ДатаИзменения"])
def test_a_page_that_is_asked_for_again_says_the_same(base: Base, changed: str):
    base.rows.extend(shipment(number, at(number // 4)) for number in range(1, 20))
    run = base.read(changed=changed, top=4)
    assert len(run.positions) > 4
    for position in run.positions:
        with reader_of(base, changed=changed, top=4) as reader:
            first = reader.page(position, 2000)
        with reader_of(base, changed=changed, top=4) as reader:
            assert reader.page(position, 2000) == first


def test_positions_never_go_back(base: Base):
    base.rows.extend(shipment(number, at(number // 4)) for number in range(1, 20))
    places = [(p["since"] or "", p["skip"]) for p in base.read(changed="ДатаИзменения", top=4).positions]
    assert places == sorted(places)


@pytest.mark.parametrize("changed", ["", "ДатаИзменения"])
@pytest.mark.parametrize("removed", [1, 4, 6])
def test_rows_that_leave_behind_us_hide_no_other_row(base: Base, removed: int, changed: str):
    base.rows.extend(shipment(number) for number in range(1, 21))

    def leave(number: int, _: str) -> None:
        if number == 5:
            del base.rows[:removed]

    base.infobase.meanwhile = leave
    run = base.read(top=4, changed=changed)
    assert set(run.numbers) == set(range(1, 21))
    assert run.last.partial
    assert run.last.notes


def test_a_row_that_moves_before_our_place_is_not_taken_for_gone(base: Base):
    base.rows.extend(shipment(number) for number in range(1, 21))

    def move(number: int, _: str) -> None:
        if number == 4:
            base.rows[-1]["Number"] = "А-000020"  # sorts first

    base.infobase.meanwhile = move
    run = base.read(top=4)
    assert 20 not in run.numbers
    assert run.last.partial


def test_a_row_that_changes_while_we_read_is_read_again(base: Base):
    base.rows.extend(shipment(number, at(number)) for number in range(1, 13))

    def change(number: int, _: str) -> None:
        if number == 4:
            base.rows[0] = shipment(1, at(500))

    base.infobase.meanwhile = change
    run = base.read(top=4, changed="ДатаИзменения")
    assert (set(run.numbers), run.numbers[-1]) == (set(range(1, 13)), 1)


def test_a_row_without_an_id_is_told_and_stops_nothing(base: Base):
    base.rows.extend([shipment(1), shipment(2, Ref_Key=None), shipment(3, Date="2026-13-01T00:00:00")])
    run = base.read(top=2)
    assert run.numbers == [1]
    assert [(row.id, row.where) for row in run.broken] == [("", "2"), (key(3), "3")]
    assert all(row.why.en and row.why.ru for row in run.broken)


def test_rows_of_a_register_are_told_by_their_dimensions(base: Base):
    base.infobase.lists["InformationRegister_Цены"] = [
        {"Period": at(number), "Товар_Key": key(number), "Цена": number} for number in range(1, 8)
    ]
    run = base.read(entity="InformationRegister_Цены", id=["Period", "Товар_Key"], select=["Цена"], top=3)
    assert [row.id for row in run.records] == [f"{at(number)}|{key(number)}" for number in range(1, 8)]
    assert not run.records[0].gone


def test_a_1c_that_does_not_turn_pages_is_seen_through(base: Base):
    base.rows.extend(shipment(number) for number in range(1, 21))
    signed = basic("Обмен", "пароль")["Authorization"]
    page = base.infobase.answer(f"/trade/odata/standard.odata/{LIST}?$top=4", signed)
    assert page.status == 200
    base.infobase.meanwhile = lambda number, asked: page if "$count" not in asked else None
    with pytest.raises(PermanentError, match=r"onec\.ignored"):
        base.read(top=4)
