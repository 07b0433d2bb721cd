"""Several calls of one conversation as one: which may be joined, and whose answer is whose (openlines §1.7).

``imconnector.send.messages`` and its sisters take a list and process it in order; ``RESULT`` of the first is aligned
with it, and a failed item never fails the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import TransientError
from connector.speech import Text

LIST = "MESSAGES"
MOST_ITEMS = 10
_LISTS = frozenset({"imconnector.send.messages", "imconnector.update.messages", "imconnector.delete.messages"})
_SAME = ("user", "chat")


def items_of(method: str, params: Mapping[str, Any]) -> int:
    """How many things the portal does for this call, one after another: its messages, or one."""
    some = params.get(LIST)
    return max(1, len(some)) if method.lower() in _LISTS and isinstance(some, list | tuple) else 1


def carries_files(params: Mapping[str, Any]) -> bool:
    """Whether the portal would download files for this call, up to 90 s of each (§1.7 Files)."""
    some = params.get(LIST)
    items = some if isinstance(some, list | tuple) else ()
    return any(isinstance(item, Mapping) and (item.get("message") or {}).get("files") for item in items)


def may_join(name: str, first: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the list ``name`` of ``other`` may go with that of ``first``: text of one client in one chat.

    All other parameters are equal, and the ``user`` and ``chat`` blocks of every item too: what the portal refuses
    about the client, it then refuses for all items alike.
    """
    if {**first, name: None} != {**other, name: None} or carries_files(first) or carries_files(other):
        return False
    items = [*first[name], *other[name]]
    return all(item.get(block) == items[0].get(block) for item in items for block in _SAME)


def joined(name: str, calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters of one call that does what ``calls`` would do one after another."""
    return {**calls[0], name: [item for params in calls for item in params[name]]}


def dealt(answer: Any, counts: Sequence[int]) -> list[Any]:
    """The answer of a joined call as the answers of its parts, each as if it had come alone.

    ``counts`` are the items of each part. A part without all its rows gets a ``TransientError`` (``maybe_done``):
    nothing shows what became of it.
    """
    rows = _rows(answer)
    if len(rows) > sum(counts):
        rows = {}  # not an answer to what was sent
    parts: list[Any] = []
    begin = 0
    for count in counts:
        mine = [rows.get(index) for index in range(begin, begin + count)]
        begin += count
        if any(row is None for row in mine):
            parts.append(TransientError("openlines.row_missing", hint=_MISSING, maybe_done=True))
        else:
            parts.append({**answer, "DATA": {**answer["DATA"], "RESULT": mine}})
    return parts


def _rows(answer: Any) -> dict[int, Any]:
    """The rows by their place; PHP writes a list with gaps as a map (platform §1.4)."""
    data = answer.get("DATA") if isinstance(answer, Mapping) else None
    rows = data.get("RESULT") if isinstance(data, Mapping) else None
    if isinstance(rows, list):
        return {index: row for index, row in enumerate(rows) if isinstance(row, Mapping)}
    if isinstance(rows, Mapping) and all(str(key).isdecimal() for key in rows):
        return {int(key): row for key, row in rows.items() if isinstance(row, Mapping)}
    return {}


_MISSING = Text(
    "Bitrix24 answered for fewer messages than were sent; it is looked up in the chat before it is repeated.",
    "Битрикс24 ответил не о всех отправленных сообщениях; перед повтором это будет проверено в чате.",
)
