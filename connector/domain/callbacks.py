"""Calls that begin in Bitrix24, and clients who wait for one: events as in :mod:`connector.domain.events`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from connector.domain.calls import Cause


@dataclass(frozen=True, kw_only=True)
class ClientReached:
    """Somebody of the company spoke with a client by another way than a call. ``conversation`` is of ``account``."""

    kind: Literal["client.reached"] = "client.reached"
    portal: str
    account: str
    conversation: str
    chat_id: str
    position: ClassVar[int] = 0

    @property
    def lane(self) -> str:
        """One conversation."""
        return f"reached.{self.account}.{self.conversation}"


@dataclass(frozen=True, kw_only=True)
class CallBackChanged:
    """The call back of ``phone`` (E.164) is due on these CRM ``rows`` (``C_12``, ``L_7``); no rows: it is done."""

    kind: Literal["callback.changed"] = "callback.changed"
    portal: str
    phone: str
    rows: tuple[str, ...] = ()
    lane: ClassVar[str] = "callbacks"  # one at a time: the list of all that is due is kept whole
    position: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class CallRequested:
    """A user clicked a number (``call_id`` is set: Bitrix24 has registered the call) or a client left theirs in a
    form (``text`` is to be said to the manager). facts §1.10. ``entity`` and ``entity_id`` as in CallFinished.
    ``extension`` belongs to the client's number: it is dialled after that one answered.
    """

    kind: Literal["call.requested"] = "call.requested"
    portal: str
    phone: str
    line: str = ""
    user: int = 0
    call_id: str = ""
    extension: str = ""
    text: str = ""
    entity: str = ""
    entity_id: int = 0
    position: ClassVar[int] = 0

    @property
    def lane(self) -> str:
        """One request."""
        return f"click.{self.call_id or self.phone}"


@dataclass(frozen=True, kw_only=True)
class CallPrepared:
    """A requested call, ready for the PBX: ``extension`` is to be connected with ``phone`` (E.164).

    ``call`` is the id that the PBX is asked to use, where it lets us choose.
    """

    kind: Literal["call.prepared"] = "call.prepared"
    portal: str
    account: str
    call_id: str
    call: str
    user: int
    extension: str
    phone: str
    line: str = ""
    position: ClassVar[int] = 0

    @property
    def lane(self) -> str:
        """One request."""
        return f"click.{self.call_id}"


@dataclass(frozen=True, kw_only=True)
class CallRefused:
    """The PBX would not place a requested call; ``why`` is (English, Russian): the user is to be told. Without a word
    it is our own alarm clock: nothing was heard of the call for long.
    """

    kind: Literal["call.refused"] = "call.refused"
    portal: str
    account: str
    call_id: str
    call: str
    user: int
    phone: str
    cause: Cause
    why: tuple[str, str]

    @property
    def position(self) -> int:
        """The alarm clock stands behind what the PBX says."""
        return 0 if any(self.why) else 1

    @property
    def lane(self) -> str:
        """One request."""
        return f"click.{self.call_id}"


CallBackEvent = CallRequested | CallPrepared | CallRefused | ClientReached | CallBackChanged
