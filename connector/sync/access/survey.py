"""All that a decision needs: the people, the portal's users, every target as it is, and what we put there before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.domain.access import AccessSettings
from connector.speech import Text
from connector.sync.access.difference import Held
from connector.sync.access.matching import Matches, User
from connector.sync.access.people import People
from connector.sync.access.targets import Target
from connector.sync.access.wishing import Wishes


@dataclass(frozen=True, kw_only=True)
class Site:
    """One target as the portal has it: who is there as what, and whom nothing may be taken from there.

    ``detail`` is what writing needs: of a field its code and the value as it goes over the wire, of a queue the line.
    """

    target: Target
    actual: Mapping[int, str]
    kept: Mapping[int, Text] = field(default_factory=dict)
    detail: Any = None


@dataclass(frozen=True, kw_only=True)
class Survey:
    """``managed`` is what this source granted, ``others`` what other sources granted, by target and user.

    ``protected`` are users that nothing is taken from anywhere. A target without a site could not be read: ``problems``
    say why. ``was_groups`` are the groups of the run before, ``bases`` what :class:`~.brake.Scene` says.
    """

    settings: AccessSettings
    people: People
    users: Mapping[int, User]
    matches: Matches
    wishes: Wishes
    sites: Mapping[Target, Site]
    managed: Mapping[Target, Mapping[int, Held]]
    others: Mapping[Target, Mapping[int, Mapping[str, Held]]]
    protected: Mapping[int, Text]
    was_groups: frozenset[str]
    bases: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Text, ...] = ()
