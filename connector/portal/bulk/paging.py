"""How each family of lists is paged: by a cursor on the id, else by offsets (facts/bitrix24-platform.md §3.5, §3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connector.errors import PermanentError
from connector.portal.answers import Success
from connector.portal.batch import LIMIT, Ref
from connector.speech import Text

PAGE = 50
Kind = Literal["", "cursor", "start"]
Rows = list[dict[str, Any]]

# The id's name in filter and order; everything else says ID.
_LOWER = ("crm.item.", "crm.type.", "crm.automatedsolution.")
# These take SORT and ORDER beside their filter and know no cursor.
_SORTED = ("user.", "department.")
# Pages of ten, which a cursor would take for the end of the list (facts/bitrix24-telephony-crm.md §0).
_BY_START = (*_SORTED, "crm.timeline.logmessage.")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page as it came; ``following`` is the offset of the next one, ``ended`` says that there is none."""

    rows: Rows
    ended: bool
    following: int | None = None


class ByCursor:
    """``filter[>ID]``, ``order[ID]=ASC``, ``start=-1``: nothing is counted, and rows written meanwhile shift nothing.

    ``after`` is where to begin; a ``>ID`` in the filter means the same. Raises ``PermanentError`` for parameters that
    ask for another order, and as soon as a page does not go on from the last id: no row twice, none left out.
    """

    def __init__(self, method: str, params: Mapping[str, Any], *, key: str, after: int) -> None:
        self._method, self._key = method, key
        given = dict(params)
        _forbid(given, method, "start", "sort")
        order = given.pop(_named(given, "order"), None) or {key: "ASC"}
        if {str(name).lower(): str(way).upper() for name, way in dict(order).items()} != {key.lower(): "ASC"}:
            raise PermanentError("portal.rows_order", hint=_ORDER.with_(method=method), detail=method)
        self._filter_name = _named(given, "filter")
        self._filter = dict(given.pop(self._filter_name, None) or {})
        begun = [self._filter.pop(name) for name in list(self._filter) if str(name).lower() == f">{key.lower()}"]
        self._last = max([after, *(int(value) for value in begun)])
        self._given = _selecting(given, key) | {"order": {key: "ASC"}, "start": -1}
        self._path, self._spelled = "", key

    def params(self, index: int = 0) -> dict[str, Any]:
        """What to ask for the page ``index`` of a chain whose commands are p0, p1, …: each from the last row before."""
        tail = f"$result[p{index - 1}]{self._path}[{PAGE - 1}][{self._spelled}]"
        after = Ref(tail) if index else self._last
        return self._given | {self._filter_name: self._filter | {f">{self._key}": after}}

    def read(self, success: Success) -> Page:
        path, rows = rows_in(success.result, self._method)
        if rows:
            self._path = path
            self._spelled = _spelled(rows[0], self._key, self._method)
        return Page(rows=rows, ended=len(rows) < PAGE)

    def advance(self, page: Page) -> Rows:
        """The rows, which must begin after the last id and grow."""
        for row in page.rows:
            number = _id(row, self._spelled, self._method)
            if number <= self._last:
                raise _stalled(self._method, number)
            self._last = number
        return page.rows

    def left(self) -> int:
        """Pages that may be left; nobody counted them."""
        return LIMIT


class ByStart:
    """``start`` = 0, 50, …: rows that are deleted meanwhile shift others out of sight, new ones may show rows twice.

    Where the family can be sorted by id, what was shown is not shown again.
    """

    def __init__(self, method: str, params: Mapping[str, Any], *, key: str, after: int) -> None:
        self._method, self._key, self._last = method, key, after
        given = dict(params)
        _forbid(given, method, "start")
        own = {str(name).lower() for name in given} & {"sort", "order"}
        self._sorted = not own and method.lower().startswith(_SORTED)
        self._given = given | ({"SORT": key, "ORDER": "ASC"} if self._sorted else {})
        self._start, self._step, self._total = 0, PAGE, 0

    def params(self, index: int = 0) -> dict[str, Any]:
        """What to ask for the page that is ``index`` pages ahead."""
        return self._given | {"start": self._start + index * self._step}

    def read(self, success: Success) -> Page:
        _, rows = rows_in(success.result, self._method)
        self._total = success.total or 0
        # A phantom page follows some full ones (§3.5): an empty one is the end whatever it says.
        return Page(rows=rows, ended=success.next is None or not rows, following=success.next)

    def advance(self, page: Page) -> Rows:
        if not page.ended:
            if page.following is None or page.following <= self._start:
                raise _stalled(self._method, page.following)
            self._start, self._step = page.following, page.following - self._start
        if not self._sorted:
            return page.rows
        fresh: Rows = []
        for row in page.rows:
            number = _id(row, _spelled(row, self._key, self._method), self._method)
            if number > self._last:
                fresh.append(row)
                self._last = number
        return fresh

    def left(self) -> int:
        """Pages left by the portal's own count."""
        return max(1, -(-(self._total - self._start) // self._step))


def paging(
    method: str, params: Mapping[str, Any], *, key: str = "", kind: Kind = "", after: int = 0
) -> ByCursor | ByStart:
    """The way of this method. ``key`` and ``kind`` overrule what is known of its family."""
    name = method.lower()
    key = key or ("id" if name.startswith(_LOWER) else "ID")
    by_start = kind == "start" or (not kind and name.startswith(_BY_START))
    return (ByStart if by_start else ByCursor)(method, params, key=key, after=after)


def rows_in(result: Any, method: str) -> tuple[str, Rows]:
    """``(path, rows)``: a list as it is, or the one list inside a wrapper such as ``{"items": […]}`` (§1.4)."""
    if isinstance(result, list):
        return "", _checked(result, method)
    if isinstance(result, Mapping):
        lists = [(name, value) for name, value in result.items() if isinstance(value, list)]
        if len(lists) == 1:
            return f"[{lists[0][0]}]", _checked(lists[0][1], method)
    raise PermanentError("portal.rows_shape", hint=_SHAPE.with_(method=method), detail=type(result).__name__)


def _stalled(method: str, where: int | None) -> PermanentError:
    return PermanentError("portal.rows_stalled", hint=_STALLED.with_(method=method), detail=f"at {where}")


def _checked(rows: Sequence[Any], method: str) -> Rows:
    if not all(isinstance(row, dict) for row in rows):
        raise PermanentError("portal.rows_shape", hint=_SHAPE.with_(method=method), detail="rows are no objects")
    return list(rows)


def _spelled(row: Mapping[str, Any], key: str, method: str) -> str:
    """The id's name in the rows: tasks take ID and answer id (§3.6)."""
    for name in (key, key.lower(), key.upper()):
        if name in row:
            return name
    raise PermanentError("portal.rows_without_id", hint=_NO_ID.with_(method=method, key=key), detail=key)


def _id(row: Mapping[str, Any], name: str, method: str) -> int:
    value = row.get(name)
    if isinstance(value, int | str) and str(value).isdecimal():
        return int(value)
    raise PermanentError("portal.rows_without_id", hint=_NO_ID.with_(method=method, key=name), detail=name)


def _named(params: Mapping[str, Any], name: str) -> str:
    return next((given for given in params if str(given).lower() == name), name)


def _forbid(params: Mapping[str, Any], method: str, *names: str) -> None:
    if any(str(given).lower() in names for given in params):
        raise PermanentError("portal.rows_order", hint=_ORDER.with_(method=method), detail=method)


def _selecting(params: dict[str, Any], key: str) -> dict[str, Any]:
    """A selection that brings the id, or none goes on from it."""
    name = _named(params, "select")
    chosen = [str(field) for field in params.get(name) or []]
    if not chosen or "*" in chosen or key.lower() in {field.lower() for field in chosen}:
        return params
    return params | {name: [key, *chosen]}


_ORDER = Text(
    "{method} is read in the order of its ids, from the first to the last; leave order, sort and start to the reader.",
    "{method} читается по порядку идентификаторов, с первого до последнего; не задавайте order, sort и start.",
)
_STALLED = Text(
    '{method} does not go on from the last id it showed; read it with kind="start", or narrow the filter.',
    '{method} не продолжает список с последнего показанного id; читайте его с kind="start" или сузьте фильтр.',
)
_SHAPE = Text(
    "{method} does not answer with one list of objects; read it with a single call.",
    "{method} отвечает не одним списком объектов; читайте его отдельным вызовом.",
)
_NO_ID = Text(
    "The rows of {method} have no whole number under {key}; name the field of the id with key=, or read it with a "
    "single call.",
    "В строках {method} нет целого числа в поле {key}; укажите поле идентификатора в key= или читайте его отдельным "
    "вызовом.",
)
