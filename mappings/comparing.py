"""What came of a golden example against what it expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.faults import Said
from mappings.outcome import Acknowledgement, Outcome

Call = tuple[str, Mapping[str, Any]]
"""A method and its params."""

_PLAIN = ("line", "category", "priority", "owner", "score", "chat", "signature")
_NONE: Mapping[str, Any] = {"category": "", "priority": "", "score": 0, "signature": ""}


def compare(expect: Mapping[str, Any], calls: Sequence[Call], outcome: Outcome) -> list[Said]:
    """What came otherwise than an example's ``expect`` has it; empty when all is well.

    ``calls`` are the writes in their order.
    """
    got = {name: getattr(outcome, name) for name in _PLAIN}
    got["tags"] = sorted(outcome.tags)
    differences: list[Said] = []
    for name, wanted in expect.items():
        if name == "calls":
            differences += _calls(wanted, calls)
        elif name == "acknowledge":
            differences += _acknowledgement(wanted, outcome.acknowledgement)
        elif not _same(meant := _meant(name, wanted), got[name]):
            differences.append(_other(name, meant, got[name]))
    return differences


def _meant(name: str, wanted: Any) -> Any:
    if name == "tags":
        return sorted(map(str, wanted))
    return _NONE.get(name) if wanted is None else wanted


def lacking(wanted: Any, got: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Where ``got`` has not all that is ``wanted``: mappings may have more, lists may not."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for name, value in wanted.items():
            yield from lacking(value, got.get(name), f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(got, list | tuple) and len(wanted) == len(got):
        for index, value in enumerate(wanted):
            yield from lacking(value, got[index], f"{path}.{index}")
    elif not _same(wanted, got):
        yield path, wanted, got


def _calls(wanted: Sequence[Any], calls: Sequence[Call]) -> Iterator[Said]:
    expected = [next(iter(each.items())) if isinstance(each, dict) else (each, {}) for each in wanted]
    for number, (method, params) in enumerate(expected, start=1):
        if number > len(calls):
            yield f"call {number}, {method}, was not made", f"вызова {number}, {method}, не было"
        elif method != calls[number - 1][0]:
            yield _other(f"call {number}", method, calls[number - 1][0], f"вызов {number}")
        else:
            for path, want, got in lacking(params or {}, calls[number - 1][1], method):
                yield _other(f"call {number}, {path}", want, got, f"вызов {number}, {path}")
    for number, (method, params) in enumerate(calls[len(expected) :], start=len(expected) + 1):
        shown = _shown(params)
        yield f"call {number} was not expected: {method} {shown}", f"вызова {number} не ожидали: {method} {shown}"


def _acknowledgement(wanted: Any, got: Acknowledgement | None) -> Iterator[Said]:
    name = "acknowledge"
    if wanted is None or got is None:
        if wanted is not got:
            yield _other(name, wanted, None if got is None else got.text)
        return
    asked = wanted if isinstance(wanted, Mapping) else {"text": wanted}
    for path, want, have in lacking(asked, {"text": got.text, "subject": got.subject}, name):
        yield _other(path, want, have)


def _same(wanted: Any, got: Any) -> bool:
    """Equal, or the same as text: the portal makes no difference between 7 and "7"."""
    if isinstance(got, bool) or isinstance(wanted, bool) or wanted is None or got is None:
        return wanted is got
    plain = isinstance(wanted, str | int | float) and isinstance(got, str | int | float)
    return wanted == got or (plain and str(wanted) == str(got))


def _other(name: str, wanted: Any, got: Any, russian: str = "") -> Said:
    want, have = _shown(wanted), _shown(got)
    return f"{name}: expected {want}, got {have}", f"{russian or name}: ожидали {want}, получили {have}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:199] + "…"
