from __future__ import annotations

import pytest

from connector.portal import limits_check


def row(seconds: float, *, blocked: float = 0.0, limit: float = 480.0) -> dict[str, float]:
    return {"seconds": seconds, "limit": limit, "reset": 240.0, "blocked": blocked}


@pytest.mark.parametrize(
    ("source", "words"), [("set", "connector.yaml"), ("learned", "portal"), ("default", "assumed")]
)
def test_the_bucket_tells_whose_figures_count(source, words):
    found = limits_check.bucket({"used": 3.4, "burst": 250.0, "per_second": 5.0}, source)
    assert found.state == "ok"
    assert "3 of 250" in found.what.en
    assert "5 a second" in found.what.en
    assert words in found.what.en


def test_a_full_bucket_is_worth_a_word():
    found = limits_check.bucket({"used": 46.0, "burst": 50.0, "per_second": 2.0}, "default")
    assert (found.state, found.hint is None) == ("warn", False)


def test_a_portal_without_a_limit_has_no_figures():
    found = limits_check.bucket({"used": 900.0, "burst": 0.0, "per_second": 2.0}, "learned")
    assert found.state == "ok"
    assert "not limited" in found.what.en


def test_methods_that_wait_come_first_then_the_hungriest():
    methods = {f"m{number}": row(number * 10.0) for number in range(1, 10)}
    methods |= {"crm.item.list": row(100.0, blocked=130.0), "idle": row(0.0), "hot": row(400.0)}
    found = list(limits_check.operating(methods))
    told = [finding.what.en.split()[0].rstrip(":") for finding in found]
    assert told == ["crm.item.list", "hot", "m9", "m8", "m7"]
    assert [finding.state for finding in found] == ["warn", "warn", "ok", "ok", "ok"]
    assert "waits 2 min" in found[0].what.en
    assert "400 of 480" in found[1].what.en
    assert "4 min" in found[1].what.en


def test_all_methods_that_wait_are_told_however_many():
    methods = {f"m{number}": row(1.0, blocked=5.0) for number in range(9)}
    assert len(list(limits_check.operating(methods))) == 9


def test_a_quiet_portal_says_so():
    (found,) = limits_check.operating({"profile": row(0.0)})
    assert found.state == "ok"
