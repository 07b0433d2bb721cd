"""What scenes are made of: somebody calls, it rings, they talk, they hang up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.providers.asterisk.standin.script import Chan, Meant, Stage


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Who calls whom, and how long it takes. ``call`` is the id of a call that an Originate placed."""

    client: str = "79161234567"
    name: str = ""
    line: str = "74951234567"
    extension: str = "101"
    colleague: str = "102"
    third: str = "103"
    start: float = 0.0
    ring: float = 4.0
    talk: float = 30.0
    recorded: bool = False
    call: str = ""


def incoming(stage: Stage, wish: Wish) -> Chan:
    """A client calls one of our numbers."""
    return stage.channel(
        stage.board.trunk,
        number=wish.client,
        called=wish.name,
        context="from-trunk",
        exten=wish.line or "s",
        state="Ring",
    )


def dials(stage: Stage, wish: Wish) -> tuple[Chan, Chan]:
    """An employee calls a client; (their channel, the trunk's)."""
    caller = stage.channel(wish.extension, number=wish.extension, exten=wish.client, state="Ring")
    return caller, goes_out(stage, wish, caller)


def goes_out(stage: Stage, wish: Wish, caller: Chan) -> Chan:
    """The call of an employee leaves on the trunk, with the number of ours that the client is shown."""
    caller.context, caller.exten, caller.number = "macro-dialout-trunk", "s", wish.line or wish.extension
    called = stage.channel(stage.board.trunk, number=wish.client, context="from-pstn", exten="", parent=caller)
    stage.dial(caller, called, f"{wish.client}@{stage.board.trunk}")
    return called


def rings(stage: Stage, caller: Chan, extension: str) -> Chan:
    """It begins to ring at an employee's."""
    caller.context, caller.exten = "macro-dial-one", "s"
    called = stage.channel(extension, number=extension, parent=caller)
    stage.dial(caller, called, f"{extension}/sip:{extension}@10.0.0.5:5060")
    return called


def answers(stage: Stage, caller: Chan, called: Chan) -> float:
    """The called one answers; returns when."""
    at = stage.now + 0.02  # the DialEnd follows the Newstate
    stage.dialled(caller, called, "ANSWER")
    stage.becomes(caller, "Up")
    stage.join(caller, called)
    return at


def talks(stage: Stage, wish: Wish, *channels: Chan, span: float | None = None) -> str:
    """They talk; returns the path of the recording."""
    path = stage.record(channels[0], f"call-{channels[0].uniqueid}") if wish.recorded else ""
    lasts = wish.talk if span is None else span
    stage.wait(lasts / 2)
    stage.chatter(*channels)
    stage.wait(lasts / 2)
    return path


def bye(stage: Stage, *channels: Chan, cause: str = "16") -> float:
    """All hang up; returns when the last one did."""
    for channel in channels:
        at = stage.now + (0.02 if channel.bridge else 0.0)  # BridgeLeave comes first
        stage.hang(channel, cause)
    return at


def came(wish: Wish, call: str, **known: Any) -> Meant:
    """What is meant by an incoming call."""
    return Meant(call=call, direction="incoming", client=wish.client, line=wish.line, **known)


def went(wish: Wish, call: str, **known: Any) -> Meant:
    """What is meant by an outgoing call."""
    said = {"employee": wish.extension, **known}
    return Meant(call=call, direction="outgoing", client=wish.client, line=wish.line, **said)


def seconds(since: float, until: float) -> int:
    """Talk as it is counted: whole seconds, one at least."""
    return max(1, round(round(until - since, 3)))
