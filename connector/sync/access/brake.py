"""When too much would be taken away at once, nothing is, until a person says so (§3.7 (5))."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from connector.speech import Text
from connector.sync.access.difference import Steps
from connector.sync.access.targets import Target

_NOBODY = Text(
    "the source has nobody at all: nothing is taken away. If that is right, run it with --allow-gone",
    "в источнике нет никого: ни у кого ничего не отбираем. Если это верно, запустите с --allow-gone",
)
_ORPHAN = Text(
    "{target} is no longer in the settings: {count} people whom we put there stay. Put it back, or run with "
    "--allow-gone to take them out",
    "{target}: этой цели больше нет в настройках, а добавленные нами люди ({count}) остались. Верните её или запустите "
    "с --allow-gone, чтобы их вывести",
)
_RENAMED = Text(
    "{target}: group «{old}» is gone and «{new}» has mostly the same people: looks like a rename. Write the new name "
    "into access.targets; nobody is taken out until then",
    "{target}: группа «{old}» пропала, а в «{new}» почти те же люди: похоже на переименование. Впишите новое имя в "
    "access.targets; до этого никого не выводим",
)
_VANISHED = Text(
    "{target}: group «{old}» with {count} people is gone from the source. If that is right, run it with --allow-gone",
    "{target}: группа «{old}» ({count} чел.) пропала из источника. Если это верно, запустите с --allow-gone",
)
_MANY = Text(
    "{target}: {revokes} of {managed} people would lose their place or role, more than {brake} %. Look at `connector "
    "sync explain`, then run with --allow-gone",
    "{target}: место или роль потеряли бы {revokes} из {managed}, это больше {brake} %. Посмотрите `connector sync "
    "explain` и запустите с --allow-gone",
)


@dataclass(frozen=True, kw_only=True)
class Braked:
    """A target that nobody is taken out of for now, how many that would be, and why."""

    target: str
    revokes: int
    managed: int
    why: Text


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the brake looks at: who is in which group now, and which targets the settings name.

    ``members`` are the user ids of each group of the source; ``was`` the groups of the run before. ``bases``: of a
    target that was braked already, how many people it had then, so that newcomers do not loosen the brake.
    """

    empty: bool
    members: Mapping[str, Collection[int]]
    was: Collection[str]
    targets: Collection[Target]
    percent: float
    bases: Mapping[str, int] = field(default_factory=dict)

    def base(self, steps: Steps) -> int:
        """How many people of a target the brake counts."""
        return min(len(steps.held), self.bases.get(steps.target.key, len(steps.held)))


def allowed(managed: int, percent: float) -> int:
    """How many of ``managed`` people may be taken out at once. One always may: that is no mass removal."""
    return max(1, int(managed * percent / 100 + 1e-9))


def braked(steps: Steps, scene: Scene) -> Braked | None:
    """Why nobody may be taken out of this target now; ``None``: they may."""
    revokes, managed = len(steps.revokes), scene.base(steps)
    if not revokes:
        return None
    why = _why(steps, scene)
    return Braked(target=steps.target.key, revokes=revokes, managed=managed, why=why) if why else None


def _why(steps: Steps, scene: Scene) -> Text | None:
    said, revokes, managed = steps.target.said(), len(steps.revokes), scene.base(steps)
    if scene.empty:
        return _NOBODY
    if steps.target not in scene.targets:
        return _ORPHAN.with_(target=said, count=revokes)
    if revokes == 1:
        return None
    for old, people in _gone(steps, scene):
        new = _successor(people, scene)
        if new:
            return _RENAMED.with_(target=said, old=old, new=new)
        return _VANISHED.with_(target=said, old=old, count=len(people))
    if revokes > allowed(managed, scene.percent):
        return _MANY.with_(target=said, revokes=revokes, managed=managed, brake=f"{scene.percent:g}")
    return None


def _gone(steps: Steps, scene: Scene) -> Iterable[tuple[str, frozenset[int]]]:
    """Groups that are nowhere in the source any more and led two people or more here, with all whom they led here."""
    leaving = {step.user for step in steps.revokes}
    present = {name.casefold() for name in scene.members}
    names = {name for user in leaving for name in steps.held[user].groups if name.casefold() not in present}
    for name in sorted(names):
        led = frozenset(user for user, held in steps.held.items() if name in held.groups)
        if len(led & leaving) > 1:
            yield name, led


def _successor(people: frozenset[int], scene: Scene) -> str:
    """A group that was not there before and has most of ``people``."""
    before = {name.casefold() for name in scene.was}
    for name, members in scene.members.items():
        same = people.intersection(members)
        if name.casefold() not in before and 2 * len(same) > max(len(people), len(members)):
            return name
    return ""
