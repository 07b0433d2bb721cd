"""The words of a user field that bears tags: its options and what they stand for. Only ever added to (§2.8, §2.9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.effects import Plan
from connector.errors import PermanentError
from connector.handlers.case import Case, Place
from connector.handlers.tagfields import WRONG_FIELD, values_of
from connector.handlers.userfields import Field, defined
from connector.sync.tags.spelling import key_of

_MADE_UP = re.compile(r"[0-9a-f]{32}")  # the portal gives an option that people add a digest for an XML_ID


@dataclass(frozen=True, kw_only=True)
class Dictionary:
    """``field`` is ``None`` while the portal has none."""

    field: Field | None = None

    def tag(self, value: Any) -> str:
        """The tag that a value of the field stands for; empty for an option that is not known."""
        if self.field is None or self.field["type"] != "enumeration":
            return " ".join(str(value).split())
        return self._tags().get(str(value), "")

    def value(self, tag: str) -> Any | None:
        """What stands for a tag; ``None`` when there is no such option."""
        if self.field is None:
            return None
        if self.field["type"] != "enumeration":
            return tag
        return self._numbers().get(key_of(tag))

    def unknown(self, values: Sequence[Any]) -> bool:
        """Whether there are options among ``values`` that it does not know."""
        return any(not self.tag(value) for value in values)

    def _tags(self) -> dict[str, str]:
        return {str(number): _tag(value, xml_id) for number, value, xml_id in self._options()}

    def _numbers(self) -> dict[str, int]:
        """By what an option stands for first, then by how it is called now."""
        named = {key_of(value): int(number) for number, value, _ in reversed(self._options())}
        return named | {key_of(_tag(value, xml_id)): int(number) for number, value, xml_id in reversed(self._options())}

    def _options(self) -> Sequence[Any]:
        return list(self.field.get("options") or []) if self.field else []


def looked_up(case: Case, place: Place, name: str, *, again: bool = False) -> Plan:
    """The dictionary of a field. Raises ``PermanentError`` (``mapping.tag_field``) when it cannot bear tags."""
    field: Field | None = yield from defined(case, place, name, again=again)
    if field is not None and (field["type"] not in ("enumeration", "string") or not field["multiple"]):
        raise PermanentError("mapping.tag_field", hint=WRONG_FIELD.with_(field=name))
    return Dictionary(field=field)


def enlarged(case: Case, place: Place, name: str, tags: Sequence[str]) -> Plan:
    """The dictionary with these tags in it, as far as we may: the field and its options are made. What is lacking
    stands in the notes of ``case``.
    """
    yield from values_of(case, place, name, tags, ())
    return (yield from looked_up(case, place, name))


def _tag(value: Any, xml_id: Any) -> str:
    meant = str(xml_id or "").strip()
    return " ".join((meant if meant and not _MADE_UP.fullmatch(meant) else str(value)).split())
