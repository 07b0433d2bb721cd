from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sync.tags.merging import Known, Sides, merge

TAGS = st.frozensets(st.sampled_from("abcdef"), max_size=6)
POLICIES = st.sampled_from(["source", "portal", "newest", "union"])
NEWER = st.sampled_from(["source", "portal", ""])
SIDES = st.builds(Sides, source=TAGS, portal=TAGS, ruled=TAGS, kept=TAGS)
PLAIN = st.builds(Sides, source=TAGS, portal=TAGS)


@st.composite
def known(draw: st.DrawFn, *, ruled: bool = True) -> Known | None:
    """What a history of merges with one policy left behind, or nothing."""
    if draw(st.booleans()):
        return None
    found: Known | None = None
    for _ in range(draw(st.integers(1, 3))):
        sides = draw(SIDES if ruled else PLAIN)
        found = merge(sides, found, policy=draw(POLICIES), back=draw(st.booleans()), newer=draw(NEWER))
    return found


def _again(sides: Sides, merged: Known, **how: Any) -> Known:
    after = Sides(source=merged.source, portal=merged.portal, ruled=sides.ruled, kept=sides.kept)
    return merge(after, merged, **how)


@given(SIDES, known(), POLICIES, st.booleans(), NEWER, NEWER)
def test_a_second_run_changes_nothing(sides, before, policy, back, newer, later) -> None:
    merged = merge(sides, before, policy=policy, back=back, newer=newer)
    again = _again(sides, merged, policy=policy, back=back, newer=later)
    assert (again.source, again.portal) == (merged.source, merged.portal)


@given(SIDES, known(), POLICIES, NEWER)
def test_a_source_that_is_only_read_stays_as_it_is(sides, before, policy, newer) -> None:
    assert merge(sides, before, policy=policy, back=False, newer=newer).source == sides.source


@given(SIDES, known(), st.booleans())
def test_union_takes_nothing_from_anybody(sides, before, back) -> None:
    merged = merge(sides, before, policy="union", back=back)
    assert merged.portal >= sides.portal | (sides.source - sides.kept)
    assert merged.source >= sides.source


@given(SIDES, known(), POLICIES, st.booleans(), NEWER)
def test_what_rules_gave_and_what_is_kept_is_never_taken_away(sides, before, policy, back, newer) -> None:
    merged = merge(sides, before, policy=policy, back=back, newer=newer)
    theirs = (sides.ruled & sides.portal) | sides.kept
    assert merged.portal >= sides.portal & theirs
    assert merged.portal & sides.kept == sides.portal & sides.kept
    assert merged.source & theirs == sides.source & theirs


@given(SIDES, known(), POLICIES, st.booleans(), NEWER)
def test_nothing_comes_from_nowhere(sides, before, policy, back, newer) -> None:
    merged = merge(sides, before, policy=policy, back=back, newer=newer)
    once = before.agreed if before else frozenset()
    assert merged.source | merged.portal <= sides.source | sides.portal | once


@given(PLAIN, known(ruled=False), st.booleans())
def test_where_the_source_wins_the_portal_has_what_the_source_has_of_its_tags(sides, before, back) -> None:
    merged = merge(sides, before, policy="source", back=back)
    its = sides.source | (before.source if before else frozenset())
    assert merged.portal & its == sides.source


@given(PLAIN, known(ruled=False))
def test_where_the_portal_wins_the_source_gets_what_the_portal_has_of_its_tags(sides, before) -> None:
    merged = merge(sides, before, policy="portal", back=True)
    its = sides.portal | (before.portal if before else frozenset())
    assert merged.source & its == sides.portal


@given(PLAIN, known(ruled=False))
def test_with_both_directions_both_sides_end_the_same(sides, before) -> None:
    for policy in ("source", "portal", "newest", "union"):
        merged = merge(sides, before, policy=policy, back=True)
        assert merged.source == merged.portal == merged.agreed


@given(TAGS, TAGS)
def test_a_union_does_not_care_who_is_who(one, other) -> None:
    there = merge(Sides(source=one, portal=other), None, policy="union", back=True)
    here = merge(Sides(source=other, portal=one), None, policy="union", back=True)
    assert there.agreed == here.agreed == one | other


@given(TAGS, TAGS, TAGS, NEWER)
def test_source_wins_and_portal_wins_are_mirrors_and_newest_is_its_own(agreed, one, other, newer) -> None:
    both = Known(source=agreed, portal=agreed, agreed=agreed)
    mirror = {"source": "portal", "portal": "source", "": ""}[newer]
    for policy, mirrored in (("source", "portal"), ("portal", "source"), ("newest", "newest")):
        there = merge(Sides(source=one, portal=other), both, policy=policy, back=True, newer=newer)
        here = merge(Sides(source=other, portal=one), both, policy=mirrored, back=True, newer=mirror)
        assert there.agreed == here.agreed


@given(TAGS, TAGS, TAGS)
def test_newest_applies_what_both_sides_did_since(agreed, one, other) -> None:
    both = Known(source=agreed, portal=agreed, agreed=agreed)
    merged = merge(Sides(source=one, portal=other), both, policy="newest", back=True)
    assert merged.agreed == (agreed | (one - agreed) | (other - agreed)) - (agreed - one) - (agreed - other)


@pytest.mark.parametrize(
    ("policy", "after"),
    [("source", "abd"), ("portal", "bcd"), ("newest", "bd"), ("union", "abcd")],
)
def test_each_policy_in_one_case(policy: str, after: str) -> None:
    """Agreed were a, b, c. The source took c away; a person in Bitrix24 took a away and gave d."""
    agreed = Known(source=frozenset("abc"), portal=frozenset("abc"), agreed=frozenset("abc"))
    merged = merge(Sides(source=frozenset("ab"), portal=frozenset("bcd")), agreed, policy=policy, back=True)
    assert "".join(sorted(merged.portal)) == after


def test_a_tag_taken_away_in_the_portal_stays_away_though_the_source_is_only_read() -> None:
    first = merge(Sides(source={"a"}, portal=set()), None, policy="portal", back=False)
    assert first.portal == {"a"}
    taken = merge(Sides(source={"a"}, portal=set()), first, policy="portal", back=False)
    assert taken.portal == set()
    assert merge(Sides(source={"a"}, portal=set()), taken, policy="portal", back=False).portal == set()


def test_the_newer_side_decides_only_what_both_changed() -> None:
    before = Known(source=frozenset(), portal=frozenset("x"), agreed=frozenset("x"), by={"x": "portal"})
    sides = Sides(source={"x", "y"}, portal=set())
    assert merge(sides, before, policy="newest", back=False, newer="source").portal == {"x", "y"}
    assert merge(sides, before, policy="newest", back=False, newer="portal").portal == {"y"}
    assert merge(sides, before, policy="newest", back=False).portal == {"x", "y"}


def test_a_tag_that_a_rule_takes_back_is_not_taken_for_a_persons_wish() -> None:
    sides = Sides(source={"a"}, portal={"a"}, ruled={"a"})
    given_by_rule = merge(sides, None, policy="portal", back=True)
    assert given_by_rule.by == {"a": "rule"}
    after = merge(Sides(source={"a"}, portal=set()), given_by_rule, policy="portal", back=True)
    assert after.source == after.portal == {"a"}


def test_a_person_who_takes_away_what_a_rule_gave_is_heeded() -> None:
    """The rule still wants it, yet it does not stand in the row any more."""
    first = merge(Sides(source={"a"}, portal={"a"}, ruled={"a"}), None, policy="portal", back=True)
    taken = merge(Sides(source={"a"}, portal=set(), ruled={"a"}), first, policy="portal", back=True)
    assert taken.source == taken.portal == set()


def test_it_is_remembered_who_gave_a_tag() -> None:
    first = merge(Sides(source={"a"}, portal={"b", "r"}, ruled={"r"}), None, policy="source", back=True)
    assert first.by == {"a": "source", "b": "portal", "r": "rule"}
    assert _again(Sides(source=set(), portal=set(), ruled={"r"}), first, policy="source", back=True).by == first.by
