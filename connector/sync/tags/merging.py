"""The merge of two sets of tags against what was agreed last. Pure; its laws are in tests/unit/tags.

Each side is compared with what *it* last had, because without ``back`` the two never become the same. Tags are keys
here: how they are written is no matter of the merge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from connector.domain.tagging import Policy

Giver = Literal["source", "portal", "rule"]
Newer = Literal["source", "portal", ""]


@dataclass(frozen=True, kw_only=True)
class Known:
    """How both sides were after the last merge, what was ``agreed``, and who gave each tag that either side has."""

    source: Set[str] = frozenset()
    portal: Set[str] = frozenset()
    agreed: Set[str] = frozenset()
    by: Mapping[str, Giver] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """How both sides are now; rules want the tags in ``ruled``, those in ``kept`` are the portal's own affair."""

    source: Set[str]
    portal: Set[str]
    ruled: Set[str] = frozenset()
    kept: Set[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class _Tag:
    """One tag: ``s`` and ``p`` whether the sides have it, ``s0`` and ``p0`` whether they had, ``agreed`` if it was."""

    s: bool
    p: bool
    s0: bool
    p0: bool
    agreed: bool
    by: Giver | None
    newer: Newer


def merge(sides: Sides, known: Known | None, *, policy: Policy, back: bool, newer: Newer = "") -> Known:
    """How both sides are to be. ``known`` ``None``: they meet for the first time, and nothing can have been taken away.

    Without ``back`` the source stays as it is. ``newer`` is the side that was changed last, where that is known.
    """
    before = known or Known()
    tags = (sides.source | sides.portal | before.source | before.portal | before.by.keys()) - sides.kept
    wanted = {tag for tag in tags if _wanted(tag, sides, before, known is None, policy, newer)}
    ruled = (sides.ruled & sides.portal) - sides.kept
    portal = wanted | ruled | (sides.kept & sides.portal)
    # What rules give is the portal's: they say it again whenever it is lost, so it is nothing to write back.
    source = (wanted - ruled) | (sides.source & (ruled | sides.kept)) if back else set(sides.source)
    by = {tag: _giver(tag, sides, before, source, portal) for tag in (source | portal) - sides.kept}
    return Known(source=frozenset(source), portal=frozenset(portal), agreed=frozenset(wanted), by=MappingProxyType(by))


def _wanted(tag: str, sides: Sides, before: Known, first: bool, policy: Policy, newer: Newer) -> bool:
    by = before.by.get(tag)
    # A rule took its tag back: nobody who works in the portal did.
    lost_by_rule = by == "rule" and tag not in sides.ruled | sides.portal
    one = _Tag(
        s=tag in sides.source,
        p=tag in sides.portal,
        s0=tag in before.source,
        p0=tag in before.portal and not lost_by_rule,
        agreed=tag in before.agreed,
        by=by,
        newer=newer,
    )
    return one.s or one.p if first and policy == "newest" else _POLICIES[policy](one)


def _source(one: _Tag) -> bool:
    return one.s if one.s or one.s0 or one.by == "source" else one.p


def _portal(one: _Tag) -> bool:
    return one.p if one.p or one.p0 or one.by == "portal" else one.s


def _union(one: _Tag) -> bool:
    return one.s or one.p


def _newest(one: _Tag) -> bool:
    changed = one.s != one.s0, one.p != one.p0
    if changed == (True, True) and one.s != one.p:
        return {"source": one.s, "portal": one.p, "": True}[one.newer]
    if changed == (False, False):
        return one.agreed
    return one.s if changed[0] else one.p


_POLICIES: Mapping[Policy, Callable[[_Tag], bool]] = MappingProxyType(
    {"source": _source, "portal": _portal, "union": _union, "newest": _newest}
)


def _giver(tag: str, sides: Sides, before: Known, source: Set[str], portal: Set[str]) -> Giver:
    if tag in sides.ruled & sides.portal:
        return "rule"
    if tag in source and tag not in portal:
        # Taken away in the portal, and still in a source that is only read: the portal's word stands.
        return "portal"
    known = before.by.get(tag)
    if known in ("source", "portal") and tag in before.source | before.portal:
        return known
    return "portal" if tag in sides.portal else "source"
