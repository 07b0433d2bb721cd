"""What a dry run of a source of people tells: whom, where, as what, and what the source itself has lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from connector.cli.output import Output
from connector.cli.sync_forecast import tell
from connector.domain.sources import SourceSettings
from connector.sync.access import AccessOutcome, Change
from connector.sync.planning import Forecast

STAFF = SourceSettings(source="staff", provider="table", portal="main")


def change(what: Any, target: str, grade: str, why: str) -> Change:
    return Change(what=what, target=target, user=7, person="ivan (7)", grade=grade, why=why, state="planned")


def told(capsys: pytest.CaptureFixture[str], language: str = "en", **found: Any) -> str:
    changes = [
        change("granted", "workgroup:5", "moderator", 'group "leads" → workgroup:5'),
        change("granted", "department:2", "in", 'group "sales" → department:2'),
        change("learned", "", "", "found by e-mail"),
    ]
    given = {"counts": Counter(read=4), "full": True, "people": AccessOutcome(grants=2, changes=changes), **found}
    tell(Output(as_json=False, language=language), Forecast(**given), STAFF, 2.0)
    return capsys.readouterr().out


def test_a_role_is_told_with_its_target_and_nothing_as_if_it_were_done(capsys: pytest.CaptureFixture[str]):
    shown = told(capsys)
    assert "workgroup:5 (moderator)" in shown
    assert "department:2 " in shown
    assert "would be granted 2" in shown
    assert "найден по почте" in told(capsys, "ru")


def test_a_source_that_lost_most_of_its_people_is_told_of(capsys: pytest.CaptureFixture[str]):
    shown = told(capsys, missing=6, total=10, braked=True)
    assert "No longer in the source: 6 of 10." in shown
    assert "more than 20 % (brake)" in shown
    assert "brake" not in told(capsys, missing=1, total=10)
