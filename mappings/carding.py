"""The card: the client's latest items, told to whoever talks with them; what a rule says of it, what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.deciding import Turn
from mappings.desk import Desk
from mappings.explaining import Teller
from mappings.nodes import Path
from mappings.outcome import Card
from mappings.rules import CardPart, Part, Rule
from mappings.tidying import text

ITEM = "item"
"""What its line calls the item at hand."""
_PATH: Path = ("card",)


class Line:
    """What is said of one item; printed, it is the text of the rule."""

    def __init__(self, rule: Rule, part: Part, scope: Mapping[str, Any]) -> None:
        self._rule, self._part, self._scope = rule, part, scope

    def __call__(self, item: Mapping[str, Any]) -> str:
        """The line of ``item``. Raises ``RuleError``."""
        return str(Teller(asked=False).value(self._rule, self._part, {**self._scope, ITEM: item}, text) or "")

    def __str__(self) -> str:
        return self._part.text

    def __deepcopy__(self, memo: Mapping[int, Any]) -> Line:
        return self


def card(desk: Desk, given: Mapping[str, Any]) -> CardPart | None:
    """The card of a rule; ``None`` when its faults leave nothing of it."""
    if not isinstance(given, dict):
        return None
    type_id = desk.type_of(_PATH, given, "items")
    if not type_id or "line" not in given:
        return None
    return CardPart(
        type_id=type_id,
        at=desk.document.mark(_PATH)[0],
        of=given.get("of", "contact"),
        latest=given.get("latest", 3),
        order=given.get("order", {"id": "desc"}),
        title=desk.part((*_PATH, "title"), given["title"]) if "title" in given else None,
        line=desk.knowing(ITEM).part((*_PATH, "line"), given["line"]),
    )


def dealt(rule: Rule, part: CardPart, turn: Turn) -> Card:
    """The card as it is to be shown. Raises ``RuleError``; so does its line, told of each item."""
    teller, scope = turn.teller, dict(turn.scope)
    title = teller.value(rule, part.title, scope, text) if part.title is not None else ""
    if part.title is not None:
        teller.because("card.title", title, rule, part.title, scope)
    teller.because("card.line", part.line.text, rule, part.line, scope)

    words = [name.split(".") for name in part.line.names]
    names = {word[1] if len(word) > 1 else "*" for word in words if word[0] == ITEM}
    return Card(
        name=rule.name,
        type_id=part.type_id,
        of=part.of,
        latest=part.latest,
        order=part.order,
        title=title or "",
        fields=tuple(sorted(names)),
        line=Line(rule, part.line, scope),
    )
