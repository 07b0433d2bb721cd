from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connector.domain.access import BY_HAND, AccessSettings, GroupTarget
from connector.settings.mistakes import Report
from connector.settings.models import build
from tests.unit.access.making import COLUMNS, access


def told(given: dict[str, Any]) -> Report:
    report = Report(file="connector.yaml")
    assert build(AccessSettings, given, ("sources", "staff", "access"), report) is None
    return report


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_what_rest_cannot_do_is_refused_with_what_to_do_by_hand(name: str):
    (mistake,) = told({"person": COLUMNS, "targets": [{"group": "Sales", name: "Managers"}]}).mistakes
    expected, hint = BY_HAND[name]
    assert mistake.path == "sources.staff.access.targets.0"
    assert (mistake.expected, mistake.hint) == (expected, hint)


@pytest.mark.parametrize(
    "target",
    [
        {},
        {"department": 1, "team": 2},
        {"department": 0},
        {"department": 1, "role": "member"},
        {"workgroup": 1, "role": "owner"},
        {"field": "UF_USR_GROUPS"},
        {"field": "UF_USR_GROUPS", "option": "a", "value": "b"},
        {"field": "UF_DEPARTMENT", "value": "1"},
        {"field": "NAME", "value": "Ivan"},
        {"department": 1, "option": "a"},
        {"console": "owner"},
        {"departmant": 1},
    ],
)
def test_a_target_is_exactly_one_of_the_kinds(target: dict[str, Any]):
    with pytest.raises(ValidationError):
        GroupTarget.model_validate({"group": "Sales", **target})


def test_somebody_must_be_known_by_something():
    (mistake,) = told({"person": {"name": "cn"}}).mistakes
    assert "external_id" in mistake.expected.en


def test_every_refusal_speaks_both_languages():
    for expected, hint in BY_HAND.values():
        assert all((expected.en, expected.ru, hint.en, hint.ru))
        assert expected.en != expected.ru


def test_the_brake_holds_at_a_fifth_and_nobody_is_invited_unless_told():
    settings = access()
    assert (settings.brake, settings.invite, settings.dismiss, settings.learn) == (20.0, False, False, True)
