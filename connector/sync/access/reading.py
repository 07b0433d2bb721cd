"""Asking the portal: its users, and every target as it is (facts/bitrix24-telephony-crm.md §3.1-3.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from connector.domain.access import AccessSettings
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.portal import Outcome, Portal
from connector.speech import Text
from connector.sync.access.matching import User
from connector.sync.access.targets import Target

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk

_COLUMNS = ("ID", "ACTIVE", "NAME", "LAST_NAME", "EMAIL", "XML_ID", "USER_TYPE", "UF_DEPARTMENT")
_TRUE = frozenset({True, "Y", "y", "1", "true"})
_ADMIN = Text("administers the portal", "администратор портала")
_OURS = Text("the connector itself works under this user", "от имени этого сотрудника работает сам коннектор")
_PROTECTED = Text("stands in access.protect", "указан в access.protect")
_UNREADABLE = Text("{target} cannot be read ({cause}): {hint}", "{target}: не прочитать ({cause}): {hint}")


def users_in(bulk: Bulk, fields: Iterable[str], ids: Collection[int] = ()) -> dict[int, User]:
    """The portal's users with these user fields, dismissed ones too; with ``ids`` only those."""
    names = sorted(set(fields))
    params: dict[str, Any] = {"select": [*_COLUMNS, *names], "ADMIN_MODE": True}
    wanted = params | ({"FILTER": {"ID": sorted(ids)}} if ids else {})
    found = (user_of(row, names) for page in bulk.rows("user.get", wanted) for row in page)
    return {user.id: user for user in found}


def user_of(row: Mapping[str, Any], fields: Iterable[str] = ()) -> User:
    """A row of ``user.get``; scalars are texts there (gotcha 24), an empty set may be ``false`` or null."""
    departments = tuple(int(part) for part in _texts(row.get("UF_DEPARTMENT")) if part.isdecimal())
    kind = str(row.get("USER_TYPE") or "")
    return User(
        id=int(row["ID"]),
        name=" ".join(str(row.get(name) or "") for name in ("NAME", "LAST_NAME")).strip(),
        email=str(row.get("EMAIL") or "").strip(),
        xml_id=str(row.get("XML_ID") or "").strip(),
        active=row.get("ACTIVE", True) in _TRUE,
        employee=kind == "employee" if kind else bool(departments),
        admin=row.get("IS_ADMIN") in _TRUE or row.get("ADMIN") in _TRUE,
        departments=departments,
        fields={name: _texts(row.get(name)) for name in fields},
    )


def protected(
    portal: Portal, settings: AccessSettings, users: Mapping[int, User], admins: Iterable[int]
) -> dict[int, Text]:
    """Users that nothing is taken from, and why. ``user.get`` does not tell who administers: ``admins`` are known."""
    found: dict[int, Text] = {user.id: _ADMIN for user in users.values() if user.admin}
    found |= {user: _ADMIN for user in admins if user in users}
    row = portal.call("user.current", live=False)
    own = int(row.get("ID") or 0) if isinstance(row, Mapping) else 0
    found |= {own: _OURS} if own else {}
    for entry in settings.protect:
        wanted = str(entry).strip().casefold().removeprefix("#")
        found |= {
            user.id: _PROTECTED
            for user in users.values()
            if wanted in (str(user.id), user.email.casefold(), user.xml_id.casefold())
        }
    return found


def answered(target: Target, outcome: Outcome) -> tuple[Any, Text | None]:
    """``(result, problem)`` of a read in a pack. Raises ``TransientError`` and ``Stopped``: the run is for later."""
    if outcome.state == "ok":
        return outcome.result, None
    if isinstance(outcome.error, PermanentError):
        return None, unreadable(target, outcome.error)
    raise outcome.error or TransientError("portal.not_run", hint=_AGAIN)


def unreadable(target: Target, error: ConnectorError) -> Text:
    """What a person should know of a target that the portal does not show."""
    return _UNREADABLE.with_(target=target.said(), cause=error.cause, hint=error.hint)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        value = list(value.values())
    some = value if isinstance(value, list) else [value]
    return tuple(str(part).strip() for part in some if part not in (None, False, "", True))


_AGAIN = Text("The portal did not answer this; it is asked again", "Портал на это не ответил; спросим ещё раз")
