"""Which names an expression of a rule may read: those that events of its kinds have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.expressions import Expression
from mappings.faults import Said, nearest
from mappings.slicing import FOUND

Shape = Mapping[str, Any]
"""The known fields of something by name, each a ``Shape`` again; an empty one is a leaf, or free."""
Kinds = Mapping[str, Shape]
"""The kinds of events that rules can be written for, and the shape of ``event`` in each."""

RECORD = "record."
REPLY = "reply.written"
_SOURCE = re.compile(r"record\.[a-z][a-z0-9_-]{0,30}(\.gone)?")
_ALWAYS = frozenset({"facts", "found", "category", "priority", "owner", "tags", "score"})
_OF_EVENTS = frozenset({"event"})
_OF_REPLIES = frozenset({"event", "facts"})
_OF_RECORDS = frozenset({"record", "source"})


def is_kind(kind: str, kinds: Kinds) -> bool:
    """Whether rules can be written for it."""
    return kind in kinds or bool(_SOURCE.fullmatch(kind))


def unknown_kind(kind: str, kinds: Kinds) -> tuple[Said, Said]:
    """The words for a kind that is not."""
    said = f"Unknown kind {kind[:60]}", f"Неизвестный вид события {kind[:60]}"
    return said, nearest(kind, (*kinds, "record.<source>"))


def roots(kinds: Sequence[str]) -> frozenset[str]:
    """What expressions may begin with in a rule for all of ``kinds``; anything when none is known."""
    if REPLY in kinds:
        return _OF_REPLIES
    records = {kind.startswith(RECORD) for kind in kinds}
    return _ALWAYS | (_OF_EVENTS if True not in records else set()) | (_OF_RECORDS if False not in records else set())


def wrong_names(expression: Expression, rule_kinds: Sequence[str], kinds: Kinds) -> Iterator[tuple[str, Said, Said]]:
    """The names that are not there, with the words for it. Facts are looked at when the whole set is known."""
    for name in sorted(expression.names - expression.optional):
        words = name.split(".")
        if words[0] == "found" and len(words) > 1 and words[1] not in FOUND:
            said = f"found has no {words[1]}", f"В found нет {words[1]}"
            yield name, said, nearest(words[1], FOUND)
        if words[0] == "event":
            missing = (_missing(words[1:], kinds[kind], kind) for kind in rule_kinds if kind in kinds)
            yield from ((name, *found) for found in list(filter(None, missing))[:1])


def place(text: str, name: str) -> int:
    """Where ``name`` stands in ``text``; where its last known word does, else 0."""
    words = [re.escape(word) for word in name.split(".")]
    for count in range(len(words), 0, -1):
        pattern = r"(?<![\w.])" + r"\s*(?:\.\s*|\[\s*['\"])".join(words[:count]) + r"(?!\w)"
        if found := re.search(pattern, text):
            return found.start()
    return 0


def _missing(words: Sequence[str], shape: Shape, kind: str) -> tuple[Said, Said] | None:
    known = "event"
    for word in words:
        if not shape or word.isdigit():
            return None
        if word not in shape:
            return (f"{known} has no {word} in {kind}", f"В {known} нет {word} для {kind}"), nearest(word, shape)
        shape, known = shape[word], f"{known}.{word}"
    return None
