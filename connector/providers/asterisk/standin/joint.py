"""Scenes in which calls are handed on: transfers and pickups."""

from __future__ import annotations

from dataclasses import replace

from connector.providers.asterisk.standin.acting import Wish, answers, bye, came, incoming, rings, seconds, talks
from connector.providers.asterisk.standin.script import Board, Chan, Dialogue, Meant, Stage

Asked = tuple[Meant, float]  # a consultation, and since when they talk


def blind_transfer(board: Board, wish: Wish) -> Dialogue:
    """An employee sends the client to a colleague without a word; the colleague answers."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    first = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    since = answers(stage, client, first)
    path = talks(stage, wish, client, first, span=wish.talk / 2)
    where = [("IsExternal", "Yes"), ("Context", "from-internal"), ("Extension", wish.colleague)]
    told = [*first.told("Transferer"), *client.told("Transferee"), ("BridgeUniqueid", first.bridge), *where]
    stage.emit("BlindTransfer", [("Result", "Success"), *told])
    bye(stage, first)
    client.bridge, client.context, client.exten = "", "from-internal", wish.colleague
    second = rings(stage, client, wish.colleague)
    stage.wait(wish.ring)
    answers(stage, client, second)
    talks(stage, replace(wish, recorded=False), client, second, span=wish.talk / 2)
    until = bye(stage, client, second)
    talk = seconds(since, until)
    return stage.played(
        "blind_transfer", came(wish, client.uniqueid, employee=wish.colleague, talk=talk, recording=path)
    )


def attended_transfer(board: Board, wish: Wish) -> Dialogue:
    """An employee asks a colleague first, on a second channel, and then joins the two; both calls become the older."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    first = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    since = answers(stage, client, first)
    path = talks(stage, wish, client, first, span=wish.talk / 3)
    stage.about("Hold", first, [("MusicClass", "default")])
    asking, colleague, asked = _consulted(stage, wish)
    asked = _until(asked, _joined(stage, (first, client), (asking, colleague)))
    until = _rest(stage, wish, client, colleague, (first, asking))
    talk = seconds(since, until)
    return stage.played(
        "attended_transfer",
        came(wish, client.uniqueid, employee=wish.colleague, talk=talk, recording=path),
        asked[0],
    )


def attended_reversed(board: Board, wish: Wish) -> Dialogue:
    """The colleague is on the line already when the client calls; then the two are joined: the older call is not the
    client's, and it is the one whose id all channels take."""
    stage = Stage(board, wish.start)
    asking, colleague, asked = _consulted(stage, wish)
    stage.about("Hold", asking, [("MusicClass", "default")])
    client = incoming(stage, wish)
    first = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    since = answers(stage, client, first)
    path = talks(stage, wish, client, first, span=wish.talk / 3)
    call = client.linkedid
    asked = _until(asked, _joined(stage, (asking, colleague), (first, client)))
    until = _rest(stage, wish, client, colleague, (first, asking))
    talk = seconds(since, until)
    return stage.played(
        "attended_reversed",
        came(wish, call, employee=wish.colleague, talk=talk, recording=path),
        asked[0],
    )


def pickup(board: Board, wish: Wish) -> Dialogue:
    """It rings at one, a colleague takes the call with a feature code; their own call was that code only."""
    stage = Stage(board, wish.start)
    client = incoming(stage, wish)
    ringing = rings(stage, client, wish.extension)
    stage.wait(wish.ring)
    taker = stage.channel(wish.colleague, number=wish.colleague, exten=f"**{wish.extension}", state="Ring")
    code = taker.linkedid
    since = stage.now
    stage.emit("Pickup", [*taker.told(), *ringing.told("Target")])
    stage.dialled(client, taker, "ANSWER")
    stage.hang(replace(ringing, name=f"{ringing.name}<ZOMBIE>"), "26")
    stage.join(client, taker)
    path = talks(stage, wish, client, taker)
    until = bye(stage, taker, client)
    talk = seconds(since, until)
    return stage.played(
        "pickup",
        came(wish, client.uniqueid, employee=wish.colleague, talk=talk, recording=path),
        Meant(call=code, direction="internal", client=f"**{wish.extension}"),
    )


def _consulted(stage: Stage, wish: Wish) -> tuple[Chan, Chan, Asked]:
    """The employee calls a colleague on another channel, and they talk; what that call means."""
    asking = stage.channel(wish.extension, number=wish.extension, exten=wish.colleague, state="Ring")
    call = asking.linkedid
    colleague = rings(stage, asking, wish.colleague)
    stage.wait(2)
    since = answers(stage, asking, colleague)
    stage.wait(wish.talk / 3)
    about = Meant(call=call, direction="internal", client=wish.colleague, employee=wish.colleague)
    return asking, colleague, (about, since)


def _until(asked: Asked, until: float) -> Asked:
    return replace(asked[0], talk=seconds(asked[1], until)), asked[1]


def _joined(stage: Stage, first: tuple[Chan, Chan], second: tuple[Chan, Chan]) -> float:
    """``AttendedTransfer``: (the employee's channel, the other side's) of the earlier and of the later call; when."""
    told = [
        ("Result", "Success"),
        *first[0].told("OrigTransferer"),
        ("OrigBridgeUniqueid", first[0].bridge),
        *second[0].told("SecondTransferer"),
        ("SecondBridgeUniqueid", second[0].bridge),
        *first[1].told("Transferee"),
        *second[1].told("TransferTarget"),
        ("DestType", "Bridge"),
        ("DestBridgeUniqueid", second[0].bridge),
    ]
    at = stage.now
    stage.emit("AttendedTransfer", told)
    stage.join(*second, first[1])
    return at


def _rest(stage: Stage, wish: Wish, client: Chan, colleague: Chan, out: tuple[Chan, Chan]) -> float:
    """The employee is out, client and colleague go on talking; returns when they have hung up."""
    bye(stage, *out)
    talks(stage, replace(wish, recorded=False), client, colleague, span=wish.talk / 3)
    return bye(stage, colleague, client)
