"""Scripted misbehaviour: what the portal does wrong, for which methods and how many times."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Kind = Literal["fail", "slow", "reset_before", "reset_after"]
DownMode = Literal["", "reset", "unavailable", "html"]


@dataclass(kw_only=True)
class Fault:
    """One rule. ``times`` is how many calls it still spoils (-1: until it is cleared).

    ``fail`` answers ``status`` with ``code`` and ``description``, or with the raw ``body`` (HTML, broken JSON);
    ``slow`` waits ``seconds`` first; ``reset_before`` cuts the connection before the method runs, ``reset_after``
    when it has run. ``method`` is a pattern such as ``imconnector.*``; the authorisation server's
    calls are ``oauth.token`` and ``oauth.app.info``. Commands inside a batch count as calls of their own.
    """

    id: int
    kind: Kind
    method: str = "*"
    times: int = 1
    status: int = 500
    code: str = "INTERNAL_SERVER_ERROR"
    description: str = "Internal server error"
    body: str | None = None
    content_type: str = "text/html; charset=utf-8"
    seconds: float = 0.0

    def matches(self, method: str) -> bool:
        """Whether this call is spoiled by this rule."""
        return self.times != 0 and fnmatch.fnmatchcase(method, self.method.lower())


class FaultBook:
    """The rules in force. Callers hold the portal's lock."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._last = 0

    def add(self, fields: Mapping[str, Any]) -> Fault:
        """One more rule. Unknown fields or kinds raise ``ValueError``."""
        if fields.get("kind") not in get_args(Kind):
            raise ValueError(f"kind: one of {', '.join(get_args(Kind))}")
        try:
            fault = Fault(id=self._last + 1, **fields)
        except TypeError as error:
            raise ValueError(str(error)) from error
        self._last += 1
        self._rules.append(fault)
        return fault

    def take(self, method: str) -> list[Fault]:
        """The rules that spoil this call: every slow one, and the first of the others. Their counts go down."""
        slow = [rule for rule in self._rules if rule.kind == "slow" and rule.matches(method)]
        other = next((rule for rule in self._rules if rule.kind != "slow" and rule.matches(method)), None)
        taken = [*slow, other] if other else slow
        for rule in taken:
            rule.times -= 1 if rule.times > 0 else 0
        self._rules = [rule for rule in self._rules if rule.times]
        return taken

    def clear(self) -> None:
        """Back to good behaviour."""
        self._rules.clear()

    def listing(self) -> list[dict[str, Any]]:
        """The rules in force as plain maps."""
        return [asdict(rule) for rule in self._rules]
