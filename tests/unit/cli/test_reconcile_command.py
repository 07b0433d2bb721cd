from __future__ import annotations


def test_a_portal_without_the_application_is_told_what_to_do(desk):
    answer = desk.json("portal", "reconcile", "main", code=1)
    assert "connector portal install main" in answer["error"]["message"]
    assert desk.json("portal", "reconcile") == {}


def test_an_unknown_portal_is_told_with_the_known_ones(desk):
    answer = desk.json("portal", "reconcile", "nobody", code=1)
    assert answer["error"]["hint"].startswith("known here:")
