"""How the pretend Asterisk behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

How = Literal["answered", "no_answer", "busy", "unregistered", "refused", "silent", "cut"]
_REASONS = {"answered": "4", "no_answer": "3", "busy": "5", "unregistered": "0"}


class Told(Protocol):
    """Whoever is answered."""

    def block(self, *pairs: tuple[str, str]) -> None: ...

    def close(self) -> None: ...


@dataclass(kw_only=True)
class Manners:
    """``write`` are the classes that its manager user may write; ``challenge``: it knows MD5. ``split``: its bytes come
    in pieces; ``double`` is the chance of a frame to come twice, ``shuffle`` how many frames may overtake one.
    ``mute``: it answers nothing any more, though the connection stands. ``booted``: it says FullyBooted.
    """

    username: str = "connector"
    secret: str = "the-secret-of-the-manager"
    version: str = "9.0.0"
    write: frozenset[str] = frozenset(("originate", "call", "reporting"))
    challenge: bool = True
    booted: bool = True
    split: bool = True
    double: float = 0.0
    shuffle: int = 0
    mute: bool = False


@dataclass(kw_only=True)
class Originating:
    """What becomes of an ``Originate``: ``refused`` at once with ``message``; ``silent``: taken, and nothing follows;
    ``cut``: the connection is gone in between; else what the employee's telephone does."""

    how: How = "answered"
    message: str = "Originate failed"

    def answer(self, order: dict[str, str], client: Told) -> None:
        """Say it."""
        number = ("ActionID", order.get("ActionID", ""))
        if self.how == "refused":
            client.block(("Response", "Error"), number, ("Message", self.message))
            return
        client.block(("Response", "Success"), number, ("Message", "Originate successfully queued"))
        if self.how == "cut":
            client.close()
        if self.how not in _REASONS:
            return
        client.block(
            ("Event", "OriginateResponse"),
            ("Privilege", "call,all"),
            number,
            ("Response", "Success" if self.how == "answered" else "Failure"),
            ("Channel", order.get("Channel", "")),
            ("Context", order.get("Context", "")),
            ("Exten", order.get("Exten", "")),
            ("Reason", _REASONS[self.how]),
            ("Uniqueid", order.get("ChannelId", "<null>") if self.how == "answered" else "<null>"),
            ("CallerIDNum", "<unknown>"),
            ("CallerIDName", "<unknown>"),
        )
