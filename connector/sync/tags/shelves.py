"""Where Bitrix24 keeps tags, and how they are read and written there: always the whole set of a row at once.

facts/bitrix24-telephony-crm.md §2.9: a user field of CRM rows, TAGS of tasks, KEYWORDS of workgroups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from connector.sync.tags.dictionary import Dictionary
from connector.sync.tags.spelling import key_of

Command = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What stands in a row: ``values`` as the portal has them, and of those that are tags the key and the spelling."""

    values: Sequence[Any] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)
    changed: datetime | None = None

    def without(self, gone: frozenset[str]) -> list[Any]:
        """The values that stay. What is no tag that we know is never touched."""
        away = {str(value) for key, value in self.keys.items() if key in gone}
        return [value for value in self.values if str(value) not in away]


class Shelf(Protocol):
    """One kind of place."""

    def key(self, number: int) -> str:
        """What the row is remembered by, without the portal."""

    def read(self, numbers: Sequence[int]) -> Command:
        """The call that tells of up to fifty rows."""

    def held(self, answer: Any) -> dict[int, Held]:
        """What it told; rows that are not there are left out."""

    def value(self, tag: str) -> Any | None:
        """What stands for a tag in a row; ``None`` when nothing can."""

    def write(self, number: int, values: Sequence[Any]) -> Command:
        """The call that puts these values in the place of all others."""


@dataclass(frozen=True, kw_only=True)
class CrmShelf:
    """Rows of an entityTypeId, in the user field ``name``."""

    type_id: int
    name: str
    dictionary: Dictionary

    def key(self, number: int) -> str:
        return f"{self.type_id}.{number}"

    def read(self, numbers: Sequence[int]) -> Command:
        select = ["id", "updatedTime", self.name]
        params = {"entityTypeId": self.type_id, "select": select, "filter": {"@id": list(numbers)}}
        return "crm.item.list", {**params, "order": {"id": "ASC"}, "useOriginalUfNames": "Y"}

    def held(self, answer: Any) -> dict[int, Held]:
        rows = answer.get("items") if isinstance(answer, Mapping) else None
        return {int(row["id"]): self._held(row) for row in rows or []}

    def value(self, tag: str) -> Any | None:
        return self.dictionary.value(tag)

    def write(self, number: int, values: Sequence[Any]) -> Command:
        params = {"entityTypeId": self.type_id, "id": number, "fields": {self.name: list(values)}}
        return "crm.item.update", {**params, "useOriginalUfNames": "Y"}

    def _held(self, row: Mapping[str, Any]) -> Held:
        values = _listed(row.get(self.name))
        tags = [(value, self.dictionary.tag(value)) for value in values]
        known = {key_of(tag): (value, tag) for value, tag in reversed(tags) if tag}
        return Held(
            values=values,
            keys={key: value for key, (value, _) in known.items()},
            spelled={key: tag for key, (_, tag) in known.items()},
            changed=_moment(row.get("updatedTime")),
        )


@dataclass(frozen=True, kw_only=True)
class TaskShelf:
    """Tasks. Their tags are texts; an update replaces the set."""

    def key(self, number: int) -> str:
        return f"task.{number}"

    def read(self, numbers: Sequence[int]) -> Command:
        return "tasks.task.list", {"filter": {"ID": list(numbers)}, "select": ["ID", "TAGS", "CHANGED_DATE"]}

    def held(self, answer: Any) -> dict[int, Held]:
        rows = answer.get("tasks") if isinstance(answer, Mapping) else None
        return {int(row["id"]): _texts(_titles(row.get("tags")), row.get("changedDate")) for row in rows or []}

    def value(self, tag: str) -> Any | None:
        return tag

    def write(self, number: int, values: Sequence[Any]) -> Command:
        return "tasks.task.update", {"taskId": number, "fields": {"TAGS": list(values)}}


@dataclass(frozen=True, kw_only=True)
class GroupShelf:
    """Workgroups. KEYWORDS is one text, with commas between tags, so none has a comma in it (§3.4)."""

    def key(self, number: int) -> str:
        return f"group.{number}"

    def read(self, numbers: Sequence[int]) -> Command:
        return "sonet_group.get", {"FILTER": {"ID": list(numbers)}}

    def held(self, answer: Any) -> dict[int, Held]:
        rows = answer if isinstance(answer, list) else []
        return {int(row["ID"]): _texts(_words(row.get("KEYWORDS")), row.get("DATE_UPDATE")) for row in rows}

    def value(self, tag: str) -> Any | None:
        return None if "," in tag else tag

    def write(self, number: int, values: Sequence[Any]) -> Command:
        return "sonet_group.update", {"GROUP_ID": number, "KEYWORDS": ", ".join(map(str, values))}


def _texts(values: Sequence[str], changed: Any) -> Held:
    known = {key_of(value): value for value in reversed(values)}
    return Held(values=values, keys=known, spelled=known, changed=_moment(changed))


def _titles(told: Any) -> list[str]:
    """``{"35": {"id": 35, "title": "x"}}``, and an empty list when there are none."""
    rows = told.values() if isinstance(told, Mapping) else told if isinstance(told, list) else []
    titles = [row.get("title") if isinstance(row, Mapping) else row for row in rows]
    return [str(title).strip() for title in titles if str(title or "").strip()]


def _words(told: Any) -> list[str]:
    return [word.strip() for word in str(told or "").split(",") if word.strip()]


def _listed(value: Any) -> list[Any]:
    some = value if isinstance(value, list | tuple) else [value]
    return [each for each in some if each not in (None, "", False)]


def _moment(told: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(told or ""))
    except ValueError:
        return None
    return at if at.tzinfo else None
