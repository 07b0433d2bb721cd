from __future__ import annotations

from connector.handlers.portals import EVENTS
from connector.portal import WANTED
from connector.reconcile.handlers import differences

URL = "https://hub.example/bitrix24/events"
ALL = [{"event": name, "handler": URL, "auth_type": "0", "offline": 0} for name in WANTED]


def wrong(*more: dict[str, object], without: str = "") -> list[str]:
    return differences([*(row for row in ALL if row["event"] != without), *more], URL, WANTED)


def test_what_is_checked_is_what_an_installation_binds():
    assert set(WANTED) == set(EVENTS)


def test_all_bound_once_is_well_in_any_letter_case():
    assert wrong() == []
    assert differences([{**row, "event": str(row["event"]).lower()} for row in ALL], URL, WANTED) == []


def test_nothing_bound_is_all_missing():
    assert (
        differences([], URL, WANTED) == differences(None, URL, WANTED) == sorted(f"missing {name}" for name in WANTED)
    )


def test_one_that_is_gone_is_missing():
    assert wrong(without="ONAPPUPDATE") == ["missing ONAPPUPDATE"]


def test_a_second_user_or_another_spelling_makes_a_double():
    twice = {"event": "ONAPPUPDATE", "handler": URL, "auth_type": "7"}
    slash = {"event": "ONAPPUNINSTALL", "handler": f"{URL}/"}
    assert wrong(twice, slash) == ["doubled ONAPPUNINSTALL", "doubled ONAPPUPDATE"]


def test_an_event_that_nobody_wants_is_stale():
    assert wrong({"event": "ONCRMLEADADD", "handler": URL}) == ["stale ONCRMLEADADD"]


def test_other_addresses_and_offline_bindings_are_left_alone():
    foreign = {"event": "ONCRMLEADADD", "handler": "https://other.example/bitrix24/events"}
    offline = {"event": "ONCRMLEADADD", "offline": 1, "connector_id": ""}
    assert wrong(foreign, offline) == []
