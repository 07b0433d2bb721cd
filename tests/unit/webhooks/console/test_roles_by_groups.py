"""Roles in the console that access groups give (docs/access.md); employee 8 of the portal has none by the settings."""

from __future__ import annotations

import pytest

from connector.domain.sources import SourceSettings
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.test_inside import Portal


def grant(portal: Portal, role: str | None, person: str = "main.8") -> None:
    portal.console.journal.remember("access.console", person, role and {"role": role, "by": {"staff": role}})


@pytest.fixture(autouse=True)
def _staff(console: Console) -> None:
    console.connector.settings.sources = {"staff": SourceSettings(source="staff", provider="table", portal="main")}


@pytest.fixture
def portal(console: Console) -> Portal:
    return Portal(console)


def test_a_source_that_left_the_settings_gives_nothing_any_more(portal: Portal):
    grant(portal, "admin")
    portal.comes_in("token")
    assert portal.get("/ops").status_code == 200
    portal.console.connector.settings.sources = {}
    assert portal.get("/ops").status_code == 403


def test_a_group_opens_the_door_to_somebody_whom_the_settings_keep_out(portal: Portal):
    assert portal.door("token") == {}
    grant(portal, "viewer")
    portal.comes_in("token")
    assert portal.get("/ops").status_code == 200
    assert portal.get("/ops/audit").status_code == 403


def test_a_role_that_is_taken_away_ends_at_the_next_request(portal: Portal):
    grant(portal, "operator")
    portal.comes_in("token")
    assert portal.get("/ops").status_code == 200
    grant(portal, None)
    assert portal.get("/ops").status_code == 403
    grant(portal, "viewer")
    assert portal.get("/ops").status_code == 200


def test_a_higher_role_is_felt_at_the_next_request(portal: Portal):
    grant(portal, "viewer")
    portal.comes_in("token")
    assert portal.get("/ops/audit").status_code == 403
    grant(portal, "admin")
    assert portal.get("/ops/audit").status_code == 200


@pytest.mark.parametrize(("settings", "group", "audit"), [("admin", "viewer", 200), ("viewer", "admin", 200)])
def test_the_higher_of_settings_and_groups_counts(console: Console, settings: str, group: str, audit: int):
    portal = Portal(console, employee=settings)
    grant(portal, group)
    portal.comes_in("token")
    assert portal.get("/ops/audit").status_code == audit


def test_a_role_on_one_portal_is_none_on_another_and_none_for_somebody_else(portal: Portal):
    grant(portal, "admin", "other.8")
    grant(portal, "admin", "main.88")
    assert portal.door("token") == {}


def test_a_role_that_nobody_knows_opens_nothing(portal: Portal):
    grant(portal, "king")
    assert portal.door("token") == {}


def test_who_administers_the_portal_is_remembered_while_they_do(portal: Portal):
    portal.opens()
    assert portal.console.journal.recall("portal.admin", "main.7") == {"name": "Ivan Petrov"}
    portal.opens("token")
    assert portal.console.journal.recall("portal.admin", "main.8") is None
