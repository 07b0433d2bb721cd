"""What the checks of a portal see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connector.domain.ports import Installation
from connector.domain.provider import Finding
from connector.errors import ConnectorError
from connector.portal.batch import Commands, Outcome
from connector.speech import Text

TRUE = (True, 1, "1", "Y", "y")


@dataclass(frozen=True, kw_only=True)
class Line:
    """An account with its open line: ``slug`` of the provider, ``line`` as the portal numbers it (may be unknown)."""

    account: str
    slug: str
    line: str = ""


class Checked(Protocol):
    """The part of ``Portal`` that the checks use."""

    @property
    def name(self) -> str: ...

    def call(self, method: str, params: Mapping[str, Any] = ..., *, live: bool = True) -> Any: ...

    def batch(self, commands: Commands, *, halt: bool = False, live: bool = True) -> Mapping[str, Outcome]: ...

    def installation(self) -> Installation | None: ...

    def connector_id(self, slug: str) -> str: ...


def asked(what: Text, code: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What ``look`` finds; when the portal refuses, one bad finding with the hint of the refusal."""
    found: list[Finding] = []
    try:
        found += look()
    except ConnectorError as error:
        found.append(Finding(what, "bad", error.hint, code))
    return found


def rows(answer: Any) -> list[dict[str, Any]]:
    """The rows of a list answer; nothing for another shape."""
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []
