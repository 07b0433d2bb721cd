"""Which keys of a rule have a meaning for which kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.faults import Said
from mappings.naming import REPLY

MESSAGE = "message.received"
RINGING = "call.ringing"
_ONLY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("chat", "email", "acknowledge"), (MESSAGE,)),
    "card": (MESSAGE, "dialog.started", RINGING),
    "signature": (REPLY,),
}
_PLAIN = frozenset({"version", "name", "about", "include", "on", "when", "stop", "set"})


def misplaced(given: Mapping[str, Any], kinds: Sequence[str]) -> Iterator[tuple[str, Said, Said]]:
    """The keys of a rule for ``kinds`` that one of these has no use for, with the words for it."""
    for key in given:
        only = _ONLY.get(key, ())
        strange = next((kind for kind in kinds if only and kind not in only), None)
        if strange:
            said = f"{key} has no meaning on {strange}", f"{key} не имеет смысла для {strange}"
            mend = f"Put it into a rule on {only[0]}", f"Перенесите его в правило с on: {only[0]}"
            yield key, said, mend
            continue
        for kind, (known, mend) in _FEW.items():
            if kind in kinds and key not in _PLAIN | {known}:
                said = f"{key} has no meaning on {kind}", f"{key} не имеет смысла для {kind}"
                yield key, said, mend
                break


_REPLIES: Said = (
    "A reply only gets its signature: use when, set, signature, stop; all else belongs to a rule on message.received",
    "Ответ получает только подпись: здесь работают when, set, signature и stop, остальное перенесите в правило с on: "
    "message.received",
)
_RINGS: Said = (
    "A call that rings only gets its card: use when, set, card, stop; all else belongs to a rule on call.finished",
    "Звонящий вызов получает только карточку: здесь работают when, set, card и stop, остальное перенесите в правило с "
    "on: call.finished",
)
_FEW: Mapping[str, tuple[str, Said]] = {REPLY: ("signature", _REPLIES), RINGING: ("card", _RINGS)}
