"""Values of a database: as JSON for records, and as they are for places (a value must find its row again)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

_LONGEST_BINARY = 1024  # bytes that are shown as hex
_PLAIN = (str, int, float, bool, type(None))
# Type codes of MySQL's protocol. It gives a TIMESTAMP in the session's zone, which is UTC here; a DATETIME as written.
_TIMESTAMP, _BIT, _JSON = 7, 16, 245


class TooLarge(Exception):
    """Binary data that no record should bear."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What rows look like: column → type code; ``ids`` are those that identify a row; ``zone`` of bare times."""

    codes: Mapping[str, Any]
    ids: tuple[str, ...]
    zone: tzinfo
    mysql: bool

    def zone_of(self, column: str) -> tzinfo:
        """The zone that a time without an offset is in there."""
        return UTC if self.mysql and self.codes.get(column) == _TIMESTAMP else self.zone

    def plain(self, column: str, value: Any) -> Any:
        """A value as JSON: numbers that must be exact as text, times as ISO with their offset. Raises ``TooLarge``."""
        if isinstance(value, _PLAIN):
            return self._simple(column, value)
        if isinstance(value, bytes | bytearray | memoryview):
            if self.mysql and self.codes.get(column) == _BIT:
                return int.from_bytes(value, "big")
            return _hex(bytes(value))
        return _plain(value, self.zone_of(column), self.zone)

    def _simple(self, column: str, value: Any) -> Any:
        if isinstance(value, float) and not isfinite(value):
            return str(value)
        if isinstance(value, str) and self.mysql:
            if value.startswith("0000-00-00"):  # MySQL's date that is none
                return None
            return _loaded(value) if self.codes.get(column) == _JSON else value
        return value


def _plain(value: Any, zone: tzinfo, shown: tzinfo) -> Any:
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value, zone, shown)
    return value if isinstance(value, _PLAIN) else str(value)


def _moment(value: datetime, zone: tzinfo, shown: tzinfo) -> str:
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(shown).isoformat()
    except OverflowError:  # the years 1 and 9999 have no other zone
        return value.isoformat()


def _span(value: timedelta, zone: tzinfo, shown: tzinfo) -> str:
    """``[-]hours:minutes:seconds``: how MySQL writes its TIME."""
    seconds, sign = abs(value), "-" if value < timedelta(0) else ""
    whole = int(seconds.total_seconds())
    return f"{sign}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _hex(value: bytes) -> str:
    if len(value) > _LONGEST_BINARY:
        raise TooLarge
    return value.hex()


def _loaded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


_Writer = Callable[[Any, tzinfo, tzinfo], Any]
_WRITERS: tuple[tuple[type | tuple[type, ...], _Writer], ...] = (
    (Decimal, lambda value, zone, shown: format(value, "f")),
    (datetime, _moment),
    ((date, time), lambda value, zone, shown: value.isoformat()),
    (timedelta, _span),
    (UUID, lambda value, zone, shown: str(value)),
    ((bytes, bytearray, memoryview), lambda value, zone, shown: _hex(bytes(value))),
    (dict, lambda value, zone, shown: {str(name): _plain(part, zone, shown) for name, part in value.items()}),
    ((list, tuple, set), lambda value, zone, shown: [_plain(part, zone, shown) for part in value]),
)


def packed(value: Any) -> Any:
    """A value of a key as JSON, from which :func:`unpacked` makes the same value again."""
    if isinstance(value, _PLAIN):
        return value
    for name, (kind, write, _) in _PACKING.items():
        if isinstance(value, kind):
            return {name: write(value)}
    return str(value)


def unpacked(value: Any) -> Any:
    """What :func:`packed` was given."""
    if not isinstance(value, dict):
        return value
    ((name, written),) = value.items()
    return _PACKING[name][2](written)


_Packing = tuple[type | tuple[type, ...], Callable[[Any], Any], Callable[[Any], Any]]
_PACKING: dict[str, _Packing] = {
    "decimal": (Decimal, str, Decimal),
    "moment": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "seconds": (timedelta, timedelta.total_seconds, lambda seconds: timedelta(seconds=seconds)),
    "uuid": (UUID, str, UUID),
    "bytes": ((bytes, bytearray, memoryview), lambda value: bytes(value).hex(), bytes.fromhex),
}
