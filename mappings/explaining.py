"""Evaluates parts of rules: what fails says where it stands, and what succeeds says why when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mappings.expressions import ExpressionError
from mappings.faults import RuleError, Said
from mappings.outcome import Reason
from mappings.rules import Part, Rule
from mappings.tidying import UnfitError

Scope = Mapping[str, Any]


class Teller:
    """Evaluates, and with ``asked`` keeps the reasons in the order in which they came; a later one of a name won."""

    def __init__(self, *, asked: bool) -> None:
        self.asked = asked
        self.reasons: list[Reason] = []

    def value(self, rule: Rule, part: Part, scope: Scope, tidy: Callable[[Any], Any] | None = None) -> Any:
        """The part's value, through ``tidy``. Raises ``RuleError``."""
        try:
            value = part(scope)
            return value if tidy is None else tidy(value)
        except ExpressionError as error:
            raise failed(rule, _culprit(part, scope), error.said, error.mend) from None
        except UnfitError as error:
            raise failed(rule, part, error.said, error.mend) from None

    def because(self, what: str, value: Any, rule: Rule, part: Part, scope: Scope) -> None:
        """Keep why ``what`` has ``value``: ``part`` said so, in ``scope``."""
        if self.asked:
            self.note(what, value, rule, part.at, part.text, saw(part, scope))

    def note(self, what: str, value: Any, rule: Rule, at: int, text: str, seen: Mapping[str, Any]) -> None:
        """Keep a reason that no part gives by itself."""
        if self.asked:
            reason = Reason(
                what=what, value=value, rule=rule.name, file=rule.file, line=at, expression=text, saw=dict(seen)
            )
            self.reasons.append(reason)


def saw(part: Part, scope: Scope) -> dict[str, Any]:
    """What the expressions of ``part`` read, by dotted name."""
    seen: dict[str, Any] = {}
    for leaf in part.leaves():
        if leaf.expression is not None:
            seen |= leaf.expression.saw(scope)
    return seen


def failed(rule: Rule, part: Part, said: Said, mend: Said) -> RuleError:
    """The error of ``part``, placed."""
    return RuleError(
        rule=rule.name, file=rule.file, line=part.at, what=part.path, expression=part.text, said=said, mend=mend
    )


def _culprit(part: Part, scope: Scope) -> Part:
    for leaf in part.leaves():
        try:
            leaf(scope)
        except ExpressionError:
            return leaf
    return part
