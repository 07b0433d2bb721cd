"""One event post of a portal, read with care (facts/bitrix24-platform.md §5.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.domain.events import Event, Ignored
from connector.errors import PermanentError
from connector.speech import Text


@dataclass(frozen=True, kw_only=True)
class Post:
    """Who sent it and its ``data``, found by names in any letter case."""

    event: str
    portal: str
    prefix: str
    data: Any
    ts: str

    def field(self, name: str) -> Any:
        """A field of ``data``: STATUSDELETE writes its keys in lower case, the others in upper case."""
        if not isinstance(self.data, Mapping):
            return None
        return next((value for key, value in self.data.items() if str(key).upper() == name), None)

    def said(self, name: str) -> str:
        """A field that is a text, stripped; empty when it is not there or something else."""
        return text_of(self.field(name)).strip()

    @property
    def connector(self) -> str:
        """The connector that it is about, in lower case."""
        return text_of(self.field("CONNECTOR")).lower()

    @property
    def line(self) -> str:
        """The open line that it is about."""
        return text_of(self.field("LINE"))

    def ours(self) -> bool:
        """Whether it is about a connector of this application."""
        return bool(self.prefix) and self.connector.startswith(self.prefix)

    def ignored(self) -> Iterator[Event]:
        """What it means when it means nothing to us."""
        yield Ignored(what=self.event[:100] or "nothing")


def items_of(value: Any) -> list[Mapping[str, Any]]:
    """The elements of a list that PHP may have written as a map, in order."""
    elements = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [element for element in elements if isinstance(element, Mapping)]


def mapping_of(value: Any) -> Mapping[str, Any]:
    """``value`` where it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: Any) -> str:
    """``value`` where it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def unreadable(event: str, name: str) -> PermanentError:
    """The event lacks what it needs; its envelope is kept and parked."""
    return PermanentError("portal.event_unreadable", hint=_UNREADABLE.with_(name=name), detail=f"{event}: {name}")


_UNREADABLE = Text(
    "The event lacks {name}, so it cannot be passed on; look at the envelope in the journal, reply by hand if needed.",
    "В событии нет {name}, передать его дальше нельзя; посмотрите конверт в журнале и при нужде ответьте вручную.",
)
