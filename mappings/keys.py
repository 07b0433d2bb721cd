"""Which keys of a rule have a meaning for which kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.faults import Said
from mappings.naming import REPLY

MESSAGE = "message.received"
_ONLY: Mapping[str, str] = {"chat": MESSAGE, "email": MESSAGE, "acknowledge": MESSAGE, "signature": REPLY}
_OF_A_REPLY = frozenset({"version", "name", "about", "include", "on", "when", "stop", "set", "signature"})


def misplaced(given: Mapping[str, Any], kinds: Sequence[str]) -> Iterator[tuple[str, Said, Said]]:
    """The keys of a rule for ``kinds`` that one of these has no use for, with the words for it."""
    for key in given:
        only = _ONLY.get(key)
        strange = next((kind for kind in kinds if only is not None and kind != only), None)
        if strange:
            said = f"{key} has no meaning on {strange}", f"{key} не имеет смысла для {strange}"
            mend = f"Put it into a rule on {only}", f"Перенесите его в правило с on: {only}"
            yield key, said, mend
        elif REPLY in kinds and key not in _OF_A_REPLY:
            said = f"{key} has no meaning on {REPLY}", f"{key} не имеет смысла для {REPLY}"
            yield key, said, _REPLIES


_REPLIES: Said = (
    "A reply only gets its signature: use when, set, signature, stop; all else belongs to a rule on message.received",
    "Ответ получает только подпись: здесь работают when, set, signature и stop, остальное перенесите в правило с on: "
    "message.received",
)
