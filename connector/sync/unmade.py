"""Smart processes that a run would make first: a dry run sees them as if they were there, and empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connector.handlers.processes import PROCESS, pretended, process_key, whole_name
from connector.journal import Journal
from mappings.processes import Process, ProcessField


class Unmade:
    """Those of ``processes`` that this portal has no link to."""

    def __init__(self, journal: Journal, portal: str, processes: Iterable[Process]) -> None:
        every = {process_key(portal, process.type_id): process for process in processes}
        known = journal.recall_all({(PROCESS, key) for key in every})
        missing = {key: process for key, process in every.items() if (PROCESS, key) not in known}
        self._links = {(PROCESS, key): pretended(process) for key, process in missing.items()}
        self._types = {process.type_id for process in missing.values()}
        self._fields = {
            whole_name(0, f"UF_{field.name}"): (number, field)
            for number, field in enumerate((each for process in missing.values() for each in process.fields), start=1)
        }

    def recall(self, kind: str, key: str) -> Any | None:
        """The link that the process will have, or nothing."""
        return self._links.get((kind, key))

    def read(self, method: str, params: Mapping[str, Any]) -> Any | None:
        """The answer to a read that concerns what is not made yet; ``None``: the portal is to be asked."""
        if method == "crm.item.list" and int(params.get("entityTypeId") or 0) in self._types:
            return {"items": []}
        if method == "userfieldconfig.list":
            name = (params.get("filter") or {}).get("fieldName")
            return {"fields": [_config(name, *self._fields[name])]} if name in self._fields else None
        if method == "userfieldconfig.get":
            found = [(name, *held) for name, held in self._fields.items() if params.get("id") == -held[0]]
            return {"field": _config(*found[0])} if found else None
        return None


def _config(name: str, number: int, field: ProcessField) -> dict[str, Any]:
    options = [{"id": -at, "value": option.title[0], "xmlId": option.id} for at, option in enumerate(field.options, 1)]
    kind = {"id": -number, "fieldName": name, "userTypeId": field.type, "multiple": "Y" if field.multiple else "N"}
    return {**kind, "enum": options}
