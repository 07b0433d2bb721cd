"""The shelf that a source's tags belong on, and the words that its field has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.domain.effects import Plan
from connector.domain.tagging import FindSettings, TaggingSettings
from connector.errors import ConnectorError, PermanentError
from connector.handlers.case import Case, Place
from connector.handlers.processes import named
from connector.handlers.tagfields import NOT_ALLOWED
from connector.speech import Text
from connector.sync.tags.asking import answers
from connector.sync.tags.dictionary import Dictionary, enlarged, looked_up
from connector.sync.tags.finding import type_of
from connector.sync.tags.shelves import CrmShelf, GroupShelf, Held, Shelf, TaskShelf
from connector.sync.tags.tools import Tools

FIELD, FIELD_OF_ITEMS = "UF_CRM_TAGS", "UF_TAGS"
_NOT_TAKEN = Text(
    "Bitrix24 did not take new options of {field} ({tags}), so nobody was given them: {why}",
    "Битрикс24 не принял новые варианты поля {field} ({tags}), поэтому они никому не записаны: {why}",
)
_NO_COMMAS = Text(
    "Tags of workgroups have no commas: {tags} were left out",
    "В тегах рабочих групп нет запятых: не записаны {tags}",
)


@dataclass(frozen=True, kw_only=True)
class Room:
    """``place`` is ``None`` for tasks and workgroups, which have no field and no dictionary."""

    shelf: Shelf
    place: Place | None = None

    def lacking(self, tags: Sequence[str]) -> list[str]:
        """Those that nothing stands for yet."""
        return [tag for tag in tags if self.shelf.value(tag) is None]

    def knowing(self, tools: Tools, held: Sequence[Held]) -> Room:
        """With a dictionary that was looked at again, if something stands in a row that the known one has not."""
        shelf = self.shelf
        if not isinstance(shelf, CrmShelf) or not any(shelf.dictionary.unknown(each.values) for each in held):
            return self
        return self._with(tools, looked_up(tools.case(), self._of(), shelf.name, again=True))

    def enlarged(self, tools: Tools, tags: Sequence[str]) -> Room:
        """With these tags in its dictionary, as far as we may; a note tells which could not be."""
        shelf, room = self.shelf, self
        if isinstance(shelf, CrmShelf):
            try:
                room = self._with(tools, enlarged(tools.case(), self._of(), shelf.name, tags))
            except PermanentError as error:
                # A field that takes no more of them is no reason to leave all other tags as they are.
                tools.outcome.note(_NOT_TAKEN.with_(field=shelf.name, tags=", ".join(tags[:20]), why=error.hint))
                return self._with(tools, looked_up(tools.case(), self._of(), shelf.name, again=True))
        if left := room.lacking(tags):
            told = ", ".join(left[:20])
            known = isinstance(shelf, CrmShelf)
            name = shelf.name if isinstance(shelf, CrmShelf) else ""
            tools.outcome.note(NOT_ALLOWED.with_(field=name, what=told) if known else _NO_COMMAS.with_(tags=told))
        return room

    def _with(self, tools: Tools, plan: Plan) -> Room:
        assert isinstance(self.shelf, CrmShelf)
        return replace(self, shelf=replace(self.shelf, dictionary=_answer(plan, tools)))

    def _of(self) -> Place:
        assert self.place is not None
        return self.place


def room_of(tools: Tools, tags: TaggingSettings) -> Room:
    """Where they belong. Raises ``PermanentError`` for a field that cannot bear tags."""
    if tags.find is None:
        return Room(shelf=TaskShelf() if tags.task else GroupShelf())
    place = Place(tags.find.entity, type_of(tags.find))
    case = tools.case()
    name = _answer(named(case, place, tags.field or _usual(case, tags.find), "tags"), tools)
    dictionary: Dictionary = _answer(looked_up(case, place, name), tools)
    return Room(shelf=CrmShelf(type_id=place.type_id, name=name, dictionary=dictionary), place=place)


def _usual(case: Case, find: FindSettings) -> str:
    fallback = FIELD_OF_ITEMS if find.entity == "item" else FIELD
    return case.settings.tag_fields.get(str(find.type) if find.entity == "item" else find.entity, fallback)


def _answer(plan: Plan, tools: Tools) -> Any:
    (found,) = answers([plan], tools)
    if isinstance(found, ConnectorError):
        raise found
    return found
