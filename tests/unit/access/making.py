"""People, users and rows for tests, with everything that a test does not care about left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connector.domain.access import AccessSettings
from connector.journal import MirrorRow, Run
from connector.sync.access.difference import Held
from connector.sync.access.matching import User, matched
from connector.sync.access.people import people_of
from connector.sync.access.planning import Plan, planned
from connector.sync.access.survey import Site, Survey
from connector.sync.access.targets import Target, named
from connector.sync.access.wishing import desired

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COLUMNS = {"external_id": "guid", "email": "mail", "name": "name", "active": "active"}


def access(*targets: Mapping[str, Any], **more: Any) -> AccessSettings:
    """Settings with these targets."""
    return AccessSettings.model_validate({"person": COLUMNS, "targets": list(targets), **more})


def row(name: str, *groups: str, **more: Any) -> MirrorRow:
    """The record of a person whose e-mail and external id are made of the name."""
    values = {"guid": f"guid-{name}", "mail": f"{name}@acme.ru", "name": name, "groups": list(groups), "active": True}
    return kept({**values, **more})


def kept(values: Mapping[str, Any], *, gone: bool = False, cause: str = "") -> MirrorRow:
    """A row of the mirror with these values."""
    return MirrorRow(
        source="staff",
        record=str(values.get("guid") or values.get("mail") or "?"),
        hash="h",
        values=values,
        where="staff.csv:2",
        state="parked" if cause else "done",
        gone=gone,
        seen=1,
        run=1,
        outcome="",
        mapping="",
        crm=(),
        attempts=0,
        due_at=NOW,
        changed_at=NOW,
        settled_at=NOW,
        cause=cause,
    )


def user(number: int, name: str, *departments: int, **more: Any) -> User:
    """An employee who was learnt by external id, unless told otherwise."""
    known = {"name": name, "email": f"{name}@acme.ru", "xml_id": f"guid-{name}", "departments": departments or (1,)}
    return User(id=number, **{**known, **more})


def target(key: str) -> Target:
    """The target of this key."""
    found = named(key)
    assert found is not None
    return found


def run(*, allow_gone: bool = False) -> Run:
    """A run that is open."""
    return Run(
        id=1,
        source="staff",
        state="writing",
        trigger="person",
        who="test",
        full=True,
        allow_gone=allow_gone,
        position=None,
        bookmark=None,
        started_at=NOW,
        updated_at=NOW,
        ended_at=None,
        due_at=NOW,
        attempts=0,
        total=None,
        counts={},
    )


def seen(
    settings: AccessSettings,
    rows: Iterable[MirrorRow],
    users: Iterable[User],
    actual: Mapping[str, Mapping[int, str]],
    managed: Mapping[str, Mapping[int, Held]] | None = None,
    *,
    kept: Mapping[str, Mapping[int, Any]] | None = None,
    was_groups: Iterable[str] = (),
    **more: Any,
) -> Survey:
    """The survey of a portal in which ``actual`` people are in the targets."""
    people, by_id = people_of(rows, settings), {one.id: one for one in users}
    matches = matched(people.people, by_id.values(), {})
    wishes = desired(settings, matches.of, by_id)
    sites = {
        target(key): Site(target=target(key), actual=here, kept=(kept or {}).get(key, {}))
        for key, here in actual.items()
    }
    told: dict[str, Any] = {
        "settings": settings,
        "people": people,
        "users": by_id,
        "matches": matches,
        "wishes": wishes,
        "sites": sites,
        "managed": {target(key): held for key, held in (managed or {}).items()},
        "others": {},
        "protected": {},
        "was_groups": frozenset(was_groups),
    }
    return Survey(**told | more)


def held(*groups: str, grade: str = "in", state: str = "granted", **more: Any) -> Held:
    """Somebody whom we put there for these groups."""
    return Held(state=state, grade=grade, groups=groups, chain="earlier", **more)


def moved(plan: Plan, key: str) -> tuple[dict[int, str], set[int]]:
    """``(granted: grade, revoked)`` of one target."""
    steps = next(steps for steps in plan.steps if steps.target == target(key))
    return {step.user: step.grade for step in steps.grants}, {step.user for step in steps.revokes}


def plan_of(survey: Survey, *, allow_gone: bool = False) -> Plan:
    """What a run would do."""
    return planned(survey, allow_gone=allow_gone)
