from __future__ import annotations

import pytest

from connector.settings import SettingsMistakesError


def test_machines_share_one_outgoing_address_unless_told(desk, portal):
    assert desk.load(portal).egress == ""


def test_the_environment_of_a_machine_wins_over_the_file(desk, portal):
    assert desk.load(portal + "egress: office").egress == "office"
    assert desk.load(portal + "egress: office", CONNECTOR_EGRESS="203.0.113.7").egress == "203.0.113.7"


@pytest.mark.parametrize("written", ["[1]", "'a b'", "'" + "x" * 61 + "'", "5"])
def test_a_strange_name_is_a_mistake(desk, portal, written):
    with pytest.raises(SettingsMistakesError) as caught:
        desk.load(portal + f"egress: {written}")
    assert "egress" in str(caught.value)


def test_a_strange_name_in_the_environment_is_a_mistake(desk, portal):
    with pytest.raises(SettingsMistakesError) as caught:
        desk.load(portal, CONNECTOR_EGRESS="a b")
    assert "CONNECTOR_EGRESS" in str(caught.value)


def test_figures_that_were_not_written_are_known_as_such(desk, portal):
    assert desk.load(portal).portals["main"].budget.model_fields_set == set()
    given = portal.replace("url:", "budget: {burst: 100}, url:")
    assert desk.load(given).portals["main"].budget.model_fields_set == {"burst"}
