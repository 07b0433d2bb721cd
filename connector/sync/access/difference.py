"""From how it is to how it should be, for one target. We take away only what we gave (§3.7 (3)-(5))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from connector.speech import Text
from connector.sync.access.targets import Target
from connector.sync.access.wishing import Wish

What = Literal["", "grant", "revoke", "settled", "elsewhere"]
_NOBODY_ELSE: Mapping[int, Mapping[str, Held]] = MappingProxyType({})
_ELSEWHERE = Text("source {source} leads them here as well", "сюда их ведёт и источник {source}")


@dataclass(frozen=True, kw_only=True)
class Held:
    """What we remember of a person whom we put into a target. ``state``: ``granting`` and ``revoking`` were begun and
    their end is not known, ``granted`` is done. ``had`` is what they were there before us, whichever source it was that
    put them there first. ``chain`` is why, ``groups`` those of the source that led here.
    """

    state: str
    grade: str
    had: str = ""
    chain: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Step:
    """Somebody becomes ``grade`` in a target (empty: leaves it); ``was`` is what they are there now."""

    user: int
    grade: str
    was: str = ""
    had: str = ""
    chain: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What is to be done in one target.

    ``revokes`` are all who lose something: their place, or a part of their role. ``settled`` need nothing in the portal
    and are remembered as ours; ``dropped`` need nothing but that we forget them, ``kept`` are not taken out and why.
    ``held`` are those whom we put here, ``elsewhere`` those of ``dropped`` whom another source leads here.
    """

    target: Target
    grants: tuple[Step, ...] = ()
    revokes: tuple[Step, ...] = ()
    settled: tuple[Step, ...] = ()
    dropped: Mapping[int, Held] = field(default_factory=dict)
    kept: Mapping[int, Text] = field(default_factory=dict)
    held: Mapping[int, Held] = field(default_factory=dict)
    elsewhere: frozenset[int] = frozenset()


def difference(
    target: Target,
    *,
    wished: Mapping[int, Wish],
    actual: Mapping[int, str],
    managed: Mapping[int, Held],
    kept: Mapping[int, Text],
    others: Mapping[int, Mapping[str, Held]] = _NOBODY_ELSE,
) -> Steps:
    """The steps of one target. ``actual`` are all who are there, ``managed`` those whom we put there, ``others`` whom
    other sources put there, ``kept`` users that nothing may be taken from.
    """
    told: dict[What, list[Step]] = {"grant": [], "revoke": [], "settled": []}
    stay: dict[int, Text] = {}
    dropped, elsewhere = {}, {}
    for user_id in {**wished, **managed}:
        now, held, beside = actual.get(user_id, ""), managed.get(user_id), others.get(user_id, {})
        if user_id in wished:
            what, step = _wanted(target, user_id, wished[user_id], now, held, beside)
        elif not now:
            dropped[user_id] = managed[user_id]
            continue
        else:
            what, step = _let_go(target, user_id, now, managed[user_id], beside)
        if what == "revoke" and user_id in kept:
            stay[user_id] = kept[user_id]
        elif what == "elsewhere":
            dropped[user_id] = managed[user_id]
            elsewhere[user_id] = _ELSEWHERE.with_(source=min(beside))
        elif what:
            told[what].append(step)
    return Steps(
        target=target,
        grants=tuple(told["grant"]),
        revokes=tuple(told["revoke"]),
        settled=tuple(told["settled"]),
        dropped=dropped,
        kept={**stay, **elsewhere},
        held=managed,
        elsewhere=frozenset(elsewhere),
    )


def _wanted(
    target: Target, user_id: int, wish: Wish, now: str, held: Held | None, beside: Mapping[str, Held]
) -> tuple[What, Step]:
    """What is to be done with somebody who belongs there: nothing when they are there and remembered."""
    rank = target.rank
    had = min((*(one.had for one in beside.values()), held.had if held else now, now), key=rank)
    highest = max((wish.grade, had, *(one.grade for one in beside.values())), key=rank)
    grade = had if rank(had) > rank(wish.grade) else wish.grade
    step = Step(user=user_id, grade=grade, was=now, had=had, chain=wish.chain(target), groups=wish.groups)
    if rank(now) < rank(grade):
        return "grant", step
    if held is not None and now == held.grade and rank(now) > rank(highest):
        return "revoke", replace(step, grade=highest)
    if held is None:  # who was there before all of us is nobody's
        return ("settled" if beside and rank(had) < rank(grade) else ""), step
    return ("settled" if held.state != "granted" or held.groups != wish.groups else ""), step


def _let_go(target: Target, user_id: int, now: str, held: Held, beside: Mapping[str, Held]) -> tuple[What, Step]:
    """Somebody goes back to what they had, or to what another source leads them to, if they are not that already."""
    back = max((held.had, *(one.grade for one in beside.values())), key=target.rank)
    less = target.rank(now) > target.rank(back)
    step = Step(user=user_id, grade=back, was=now, had=back, chain=held.chain, groups=held.groups)
    return ("elsewhere" if beside and not less else "revoke"), step
