"""Calls as they are usually played on an Asterisk: each scene is a ``Dialogue`` that tells what it means.

``SCENES[name](board, Wish(…))``; the times of a wish are seconds, and ``start`` is when it begins on the board.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from connector.domain.calls import Cause
from connector.providers.asterisk.standin import joint
from connector.providers.asterisk.standin.acting import (
    Wish,
    answers,
    bye,
    came,
    dials,
    goes_out,
    incoming,
    rings,
    seconds,
    talks,
    went,
)
from connector.providers.asterisk.standin.script import Board, Dialogue, Meant, Stage

Scene = Callable[[Board, Wish], Dialogue]


def answered(board: Board, wish: Wish) -> Dialogue:
    """A client calls, an employee answers, the client hangs up."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    employee = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    since = answers(stage, client, employee)
    path = talks(stage, wish, client, employee)
    until = bye(stage, employee, client)
    talk = seconds(since, until)
    return stage.played("answered", came(wish, client.uniqueid, employee=wish.extension, talk=talk, recording=path))


def held(board: Board, wish: Wish) -> Dialogue:
    """As answered, and the client is put on hold for a while."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    employee = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    since = answers(stage, client, employee)
    stage.wait(wish.talk / 3)
    stage.about("Hold", employee, [("MusicClass", "default")])
    stage.wait(wish.talk / 3)
    stage.about("Unhold", employee)
    path = talks(stage, wish, client, employee, span=wish.talk / 3)
    until = bye(stage, employee, client)
    talk = seconds(since, until)
    return stage.played("held", came(wish, client.uniqueid, employee=wish.extension, talk=talk, recording=path))


def missed(board: Board, wish: Wish) -> Dialogue:
    """The client gives up while it rings."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    employee = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    stage.dialled(client, employee, "CANCEL")
    bye(stage, employee, cause="0")
    bye(stage, client, cause="127")
    return stage.played("missed", came(wish, client.uniqueid))


def busy(board: Board, wish: Wish) -> Dialogue:
    """The employee's telephone is busy."""
    return _turned_away(board, wish, "busy", "17", "SIP 486 Busy Here")


def declined(board: Board, wish: Wish) -> Dialogue:
    """The employee declines. Asterisk calls it BUSY as well; only the Hangup knows better."""
    return _turned_away(board, wish, "refused", "21", "SIP 603 Decline")


def _turned_away(board: Board, wish: Wish, cause: Cause, number: str, tech: str) -> Dialogue:
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    employee = rings(stage, client, wish.extension)
    stage.wait(min(wish.ring, 2.0))
    stage.dialled(client, employee, "BUSY")
    stage.hang(employee, number, tech)
    bye(stage, client, cause="17")
    return stage.played("declined" if cause == "refused" else "busy", came(wish, client.uniqueid, cause=cause))


def ring_group(board: Board, wish: Wish) -> Dialogue:
    """It rings at three, the second answers."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    group = [rings(stage, client, who) for who in (wish.extension, wish.colleague, wish.third)]
    stage.wait(wish.ring)
    since = answers(stage, client, group[1])
    for other in (group[0], group[2]):
        stage.dialled(client, other, "CANCEL")
        stage.hang(other, "26")
    path = talks(stage, wish, client, group[1])
    until = bye(stage, client, group[1])
    talk = seconds(since, until)
    return stage.played("ring_group", came(wish, client.uniqueid, employee=wish.colleague, talk=talk, recording=path))


def queue(board: Board, wish: Wish) -> Dialogue:
    """A queue, whose agents are called through Local channels; the first does not answer, the second does."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    stage.becomes(client, "Up")  # the queue answers and plays music: nobody talks yet
    client.context, client.exten = "ext-queues", "600"
    for who, status in ((wish.extension, "NOANSWER"), (wish.colleague, "ANSWER")):
        near = stage.channel(f"Local/{who}@from-queue-{board.number():08x};1", parent=client, exten=who)
        far = stage.channel(near.name[:-1] + "2", parent=client, exten=who, state="Ring", number=wish.client)
        stage.dial(client, near, f"{who}@from-queue")
        agent = rings(stage, far, who)
        stage.wait(wish.ring)
        if status == "NOANSWER":
            stage.dialled(far, agent, status)
            stage.dialled(client, near, status)
            bye(stage, agent, far, near, cause="0")
    since = answers(stage, far, agent)
    stage.dialled(client, near, "ANSWER")
    stage.join(client, near)
    path = talks(stage, wish, client, agent)
    until = bye(stage, agent, far, near, client)
    talk = seconds(since, until)
    return stage.played("queue", came(wish, client.uniqueid, employee=wish.colleague, talk=talk, recording=path))


def voicemail(board: Board, wish: Wish) -> Dialogue:
    """Nobody answers, the client leaves a message."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    employee = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    stage.dialled(client, employee, "NOANSWER")
    bye(stage, employee, cause="0")
    client.context, client.exten = "macro-vm", "s-NOANSWER"
    stage.becomes(client, "Up")
    stage.wait(wish.talk)
    stage.about("VarSet", client, [("Variable", "VMSTATUS"), ("Value", "SUCCESS")], "dialplan,all")
    client.context, client.exten = "macro-hangupcall", "s"
    bye(stage, client)
    return stage.played("voicemail", came(wish, client.uniqueid, cause="voicemail"))


def after_hours(board: Board, wish: Wish) -> Dialogue:
    """The office is closed: an announcement, and no telephone rings."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    client.context, client.exten = "app-after-hours", "s"
    stage.becomes(client, "Up")
    stage.wait(wish.talk)
    bye(stage, client)
    return stage.played("after_hours", came(wish, client.uniqueid, cause="after_hours"))


def outgoing_answered(board: Board, wish: Wish) -> Dialogue:
    """An employee calls a client, who answers."""
    stage = Stage(board, wish.start)
    employee, client = dials(stage, wish)
    stage.wait(wish.ring)
    since = answers(stage, employee, client)
    path = talks(stage, wish, employee, client)
    until = bye(stage, client, employee)
    return stage.played("outgoing_answered", went(wish, employee.uniqueid, talk=seconds(since, until), recording=path))


def _in_vain(name: str, status: str, number: str, cause: Cause, tech: str = "") -> Scene:
    def play(board: Board, wish: Wish) -> Dialogue:
        stage = Stage(board, wish.start)
        employee, client = dials(stage, wish)
        stage.wait(wish.ring)
        stage.dialled(employee, client, status)
        stage.hang(client, number, tech)
        bye(stage, employee, cause=number if number != "0" else "16")
        return stage.played(name, went(wish, employee.uniqueid, cause=cause))

    return play


def internal(board: Board, wish: Wish) -> Dialogue:
    """One colleague calls another."""
    stage = Stage(board, wish.start)
    caller = stage.channel(wish.extension, number=wish.extension, exten=wish.colleague, state="Ring")
    called = rings(stage, caller, wish.colleague)
    stage.wait(wish.ring)
    since = answers(stage, caller, called)
    talks(stage, replace(wish, recorded=False), caller, called)
    until = bye(stage, called, caller)
    about = Meant(call=caller.uniqueid, direction="internal", client=wish.colleague, employee=wish.colleague)
    return stage.played("internal", replace(about, talk=seconds(since, until)))


def click_answered(board: Board, wish: Wish) -> Dialogue:
    """After an Originate with the id ``wish.call``: the employee lifts, the client is called and answers."""
    stage = Stage(board, wish.start)
    employee = stage.channel(wish.extension, number=wish.extension, exten="", uniqueid=wish.call)
    stage.dial(None, employee, wish.extension)
    stage.wait(min(wish.ring, 2.0))
    stage.dialled(None, employee, "ANSWER")
    employee.exten = wish.client
    client = goes_out(stage, wish, employee)
    stage.wait(wish.ring)
    since = answers(stage, employee, client)
    path = talks(stage, wish, employee, client)
    until = bye(stage, client, employee)
    return stage.played("click_answered", went(wish, employee.uniqueid, talk=seconds(since, until), recording=path))


def twice(board: Board, wish: Wish) -> Dialogue:
    """One client calls twice within a minute: missed, and then answered. Two calls (trap 20)."""
    first = missed(board, wish)
    second = answered(board, replace(wish, start=first.frames[-1].at + 10))
    return Dialogue(name="twice", frames=first.frames + second.frames, meant=first.meant + second.meant)


SCENES: Mapping[str, Scene] = MappingProxyType(
    {
        "answered": answered,
        "held": held,
        "missed": missed,
        "busy": busy,
        "declined": declined,
        "ring_group": ring_group,
        "queue": queue,
        "blind_transfer": joint.blind_transfer,
        "attended_transfer": joint.attended_transfer,
        "attended_reversed": joint.attended_reversed,
        "pickup": joint.pickup,
        "voicemail": voicemail,
        "after_hours": after_hours,
        "outgoing_answered": outgoing_answered,
        "outgoing_busy": _in_vain("outgoing_busy", "BUSY", "17", "busy", "SIP 486 Busy Here"),
        "outgoing_declined": _in_vain("outgoing_declined", "BUSY", "21", "refused", "SIP 603 Decline"),
        "outgoing_no_answer": _in_vain("outgoing_no_answer", "NOANSWER", "0", "missed"),
        "outgoing_cancelled": _in_vain("outgoing_cancelled", "CANCEL", "0", "cancelled"),
        "outgoing_invalid": _in_vain("outgoing_invalid", "CONGESTION", "1", "invalid", "SIP 404 Not Found"),
        "outgoing_forbidden": _in_vain("outgoing_forbidden", "CONGESTION", "21", "forbidden", "SIP 403 Forbidden"),
        "internal": internal,
        "click_answered": click_answered,
        "twice": twice,
    }
)
