"""Calls that become one: transfers and pickups (facts/providers.md §3.1)."""

from __future__ import annotations

from connector.domain.calls import CallAnswered, CallTransferred, LegEnded
from connector.domain.events import Event
from connector.providers.asterisk.channels import Party, party, telephone
from connector.providers.asterisk.settings import AsteriskSettings
from connector.providers.asterisk.telling import Telling
from connector.providers.asterisk.wire import Block


def blind(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    """``Transferer`` has sent the other side to ``Extension`` and is out."""
    giver = party(block, settings, "Transferer")
    if giver is None or block["Result"] != "Success" or not block["Extension"]:
        return []
    return [tell(CallTransferred, giver, leg="", employee=giver.number, to=block["Extension"], how="blind")]


def attended(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    """``OrigTransferer`` and ``SecondTransferer`` are one person's two channels, in the order of their calls; the other
    sides are ``Transferee`` (of the first) and ``TransferTarget`` (of the second). The one with the client goes on.

    A consultation inside Asterisk (a feature code) has one channel and one call for both.
    """
    giver, second = party(block, settings, "OrigTransferer"), party(block, settings, "SecondTransferer")
    if giver is None or block["Result"] != "Success":
        return []
    second = second or giver
    near, far = party(block, settings, "Transferee"), party(block, settings, "TransferTarget")
    if near and near.role == "extension" and far and far.role == "trunk":
        # The colleague was called first, and then the client: the later call is the client's.
        giver, second, near, far = second, giver, far, near
    to = _target(block, far, second, settings)
    events: list[Event] = []
    if to:
        events.append(tell(CallTransferred, giver, leg="", employee=giver.number, to=to, how="attended"))
    if second.call == giver.call:
        return events
    ends = [second, far] if far and far.role == "extension" else [second]
    return [*events, *(tell(LegEnded, end, call=second.call, employee=end.number) for end in ends)]


def picked_up(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    """``Channel`` takes the call that rings at ``TargetChannel``; its own call was only the feature code."""
    taker, target = party(block, settings), party(block, settings, "Target")
    if taker is None or target is None or taker.role != "extension":
        return []
    answered: list[Event] = [tell(CallAnswered, target, leg="", employee=taker.number)]
    if taker.call == target.call:
        return answered
    return [*answered, tell(LegEnded, taker, employee=taker.number)]


def _target(block: Block, far: Party | None, second: Party, settings: AsteriskSettings) -> str:
    """The extension, or the number, that got the call."""
    if far is not None and far.role == "extension":
        return far.number
    told = [far.caller if far else "", second.connected, second.exten, block["DestTransfererChannel"]]
    return next((number for number in told if settings.is_extension(number) or telephone(number)), "")
