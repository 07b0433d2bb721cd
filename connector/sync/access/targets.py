"""Targets by name: ``department:12``, ``workgroup:5``, ``field:UF_USR_GROUPS=Sales``, ``console``.

``dismissed`` is none that settings name: with ``dismiss`` leavers are led there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connector.domain.access import TargetSettings
from connector.speech import Text

_NUMBERED = ("department", "team", "workgroup", "queue")
_PLAIN = ("in",)
# What one may be there, from little to much. Somebody who is more already needs nothing.
GRADES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"workgroup": ("member", "moderator", "owner"), "console": ("viewer", "operator", "integrator", "admin")}
)
_SAID: Mapping[str, Text] = MappingProxyType(
    {
        "department": Text("department {id}", "отдел {id}"),
        "team": Text("team {id}", "команда {id}"),
        "workgroup": Text("workgroup {id}", "рабочая группа {id}"),
        "queue": Text("queue of open line {id}", "очередь открытой линии {id}"),
        "field": Text("user field {id}", "поле сотрудника {id}"),
        "console": Text("the console", "консоль"),
        "dismissed": Text("dismissal", "увольнение"),
    }
)
_SPELLED = re.compile(r"(department|team|workgroup|queue)[\s:=#]*(\d{1,10})")


@dataclass(frozen=True, kw_only=True, order=True)
class Target:
    """One place that people are led to. ``id`` is a number as text; of a field ``NAME=option`` or ``NAME:=value``."""

    kind: str
    id: str = ""

    @property
    def key(self) -> str:
        """Its name in links, audit and on the command line."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @property
    def number(self) -> int:
        """The id as Bitrix24 takes it; 0 for fields and the console."""
        return int(self.id) if self.kind in _NUMBERED else 0

    @property
    def grades(self) -> tuple[str, ...]:
        """What one may be there, from little to much."""
        return GRADES.get(self.kind, _PLAIN)

    def rank(self, grade: str) -> int:
        """How much ``grade`` is; 0 for not being there at all."""
        return self.grades.index(grade) + 1 if grade in self.grades else 0

    def said(self) -> Text:
        """For a person."""
        return _SAID[self.kind].with_(id=self.id)


def target_of(settings: TargetSettings) -> tuple[Target, str]:
    """``(target, grade)`` of one entry of the settings."""
    if settings.console:
        return Target(kind="console"), settings.console
    if settings.field:
        text = f"={settings.option}" if settings.option else f":={settings.value}"
        return Target(kind="field", id=f"{settings.field}{text}"), "in"
    kind = next(kind for kind in _NUMBERED if getattr(settings, kind))
    grade = (settings.role or "member") if kind == "workgroup" else "in"
    return Target(kind=kind, id=str(getattr(settings, kind))), grade


def field_of(target: Target) -> tuple[str, str, bool]:
    """``(field, text, whether the text is an option of a list)`` of a target that is a field."""
    name, _, text = target.id.partition("=")
    return name.removesuffix(":"), text, not name.endswith(":")


def named(text: str) -> Target | None:
    """The target that a person or a link names; ``None`` for what is none."""
    spelled = text.strip()
    if spelled.lower() in ("console", "dismissed"):
        return Target(kind=spelled.lower())
    if spelled.lower().startswith("field:") and "=" in spelled:
        return Target(kind="field", id=spelled[6:])
    found = _SPELLED.fullmatch(spelled.lower())
    return Target(kind=found[1], id=str(int(found[2]))) if found else None
