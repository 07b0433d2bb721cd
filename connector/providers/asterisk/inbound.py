"""What a block of the manager's stream means. Pure: each block is read by itself (facts/providers.md §3.1).

``Linkedid`` is the call, ``Uniqueid`` a leg. When two calls are joined, all their channels take the older one's
``Linkedid``, also in their Hangup: :mod:`connector.providers.asterisk.live` then adds the one that they were born with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from connector.domain.calls import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallRecorded,
    CallRinging,
    CallStarted,
    CallUnwatched,
    Cause,
    Direction,
    LegEnded,
)
from connector.domain.events import Event, Ignored
from connector.domain.request import Request
from connector.domain.values import File
from connector.errors import Refused
from connector.providers.asterisk import joining
from connector.providers.asterisk.channels import Party, party, telephone
from connector.providers.asterisk.settings import AsteriskSettings, fits, placed
from connector.providers.asterisk.telling import Telling
from connector.providers.asterisk.wire import Block
from connector.providers.asterisk.words import VOICEMAIL_APPS, dial_cause, hangup_cause
from connector.speech import Text

# What we add ourselves; Asterisk has no such names.
BORN, LAST, RESYNC = "X-Born-As", "X-Last-Of", "X-Resync"
OUR_EVENT = "Connector"  # UserEvent(Connector, …) of the dial plan

_NO_HOOK = Text(
    "An Asterisk account takes no webhooks: `connector listen` reads its stream",
    "Аккаунт Asterisk не принимает вебхуки: его поток читает `connector listen`",
)
_DURATION = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})")


def verify(request: Request, settings: AsteriskSettings) -> None:
    """Nobody posts to an account that listens. Raises ``Refused``."""
    raise Refused("asterisk.no_hook", hint=_NO_HOOK, status=403)


def dedupe_key(request: Request, settings: AsteriskSettings) -> str:
    """The frame itself; with ``timestampevents=yes`` two frames that are alike but not the same one differ."""
    return request.digest()


def parse(request: Request, settings: AsteriskSettings) -> list[Event]:
    """The events of one kept frame."""
    block = Block.read(request.body)
    telling = Telling(account=settings.account, at=_time(block, request.received_at))
    reader = _READERS.get(block.event)
    events = reader(block, settings, telling) if reader else []
    return list(events) or [Ignored(what=(block.event or "answer")[:80])]


def wanted(block: Block, settings: AsteriskSettings) -> bool:
    """Whether a block of the stream may mean something; the others, which are most, are not kept."""
    if block.event == "VarSet":
        return block["Variable"] in _variables(settings)
    if block.event == "UserEvent":
        return block["UserEvent"] == OUR_EVENT
    return block.event in _READERS


def _time(block: Block, received: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(float(block["Timestamp"]), UTC)
    except (ValueError, OverflowError, OSError):
        return received


def _newchannel(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    here = party(block, settings)
    if here is None or here.role == "helper":
        return []
    if not here.first:
        return [tell(CallStarted, here)]
    return [_trunk_began(here, tell) if here.role == "trunk" else _telephone_began(here, settings, tell)]


def _trunk_began(here: Party, tell: Telling) -> CallStarted:
    if not here.exten:  # nothing was dialled on it: we called out on it, by an Originate of somebody else
        return tell(CallStarted, here)
    line = "" if here.exten in ("s", "h", "i", "t") else here.exten
    return tell(CallStarted, here, direction="incoming", client=here.caller, name=_name(here), line=line)


def _telephone_began(here: Party, settings: AsteriskSettings, tell: Telling) -> CallStarted:
    if settings.is_extension(here.exten):
        return tell(CallStarted, here, direction="internal", employee=here.number, client=here.exten)
    if here.exten in ("", "s"):  # an Originate: whom it is connected with, we hear when it is lifted
        return tell(CallStarted, here, employee=here.number)
    number = telephone(here.exten.removeprefix(settings.outside))
    if not number:  # a feature code, the echo test: they talk with the PBX itself
        return tell(CallStarted, here, direction="internal", employee=here.number, client=here.exten)
    return tell(CallStarted, here, direction="outgoing", employee=here.number, client=number)


def _dial_began(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    caller, called = party(block, settings), party(block, settings, "Dest")
    if called is None or called.role == "helper":
        return []
    who = called.number if called.role == "extension" else ""
    return [tell(CallRinging, caller or called, leg="", employee=who, **_way(block, caller, called, settings))]


def _dial_ended(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    caller, called = party(block, settings), party(block, settings, "Dest")
    if called is None or called.role == "helper":
        return []
    call = caller or called
    who = called.number if called.role == "extension" else ""
    if block["DialStatus"] == "ANSWER":
        talker = _talker(caller, called)
        if not talker:
            return []
        return [tell(CallAnswered, call, leg="", employee=talker, **_way(block, caller, called, settings))]
    # The attempt is a leg of its own: the channel's Hangup, which follows, says 16 for whatever reason it was.
    cause = dial_cause(block["DialStatus"])
    return [tell(LegEnded, call, leg=f"{called.leg}/dial", employee=who, cause=cause)]


def _talker(caller: Party | None, called: Party) -> str:
    """The employee who talks now that ``called`` has answered; empty: nobody does yet, as when an Originate has just
    got hold of the employee's own telephone."""
    if called.role == "trunk":
        return caller.number if caller else ""
    calling = caller is None or (caller.role == "helper" and caller.originated)
    return "" if calling else called.number


def _way(block: Block, caller: Party | None, called: Party, settings: AsteriskSettings) -> dict[str, str]:
    """Direction, client and line, as far as this dial tells; it does only when the call began with its caller."""
    if caller is None or not caller.first:
        return {}
    if caller.role == "helper" and called.role == "trunk" and caller.number:
        return {"direction": "outgoing", "client": telephone(block["DialString"]) or called.caller}
    if caller.role == "trunk" and called.role == "extension":
        return {"direction": "incoming", "client": caller.caller, "name": _name(caller)}
    if caller.role == "extension" and called.role == "trunk":
        number = telephone(block["DialString"]) or called.caller or caller.connected
        line = "" if settings.is_extension(caller.caller) or caller.caller == number else telephone(caller.caller)
        return {"direction": "outgoing", "client": number, "line": line}
    if caller.role == "extension" and called.role == "extension":
        return {"direction": "internal", "client": called.number}
    return {}


def _name(here: Party) -> str:
    """The caller's name, where the operator sends one and not the number once more."""
    return "" if here.name == here.caller else here.name


def _hung_up(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    here = party(block, settings)
    if here is None:
        return []
    events: list[Event] = []
    if here.role != "helper":
        # A leg ends where it began. A telephone that was not dialled from and never lifted was called by an Originate.
        direction: Direction = "outgoing" if here.role == "extension" and here.first and here.waiting else ""
        call, cause = block[BORN] or here.call, _cause_of_end(block, here, settings)
        events.append(tell(LegEnded, here, call=call, direction=direction, employee=here.number, cause=cause))
    if block[LAST]:
        events.append(tell(CallEnded, here, call=block[LAST], leg=""))
    return events


def _cause_of_end(block: Block, here: Party, settings: AsteriskSettings) -> Cause:
    if here.role == "trunk" and fits(here.context, settings.contexts.voicemail):
        return "voicemail"
    if here.role == "trunk" and fits(here.context, settings.contexts.after_hours):
        return "after_hours"
    cause = hangup_cause(block["Cause"], block["TechCause"])
    # Whoever called is told 21 for all that 402, 403 and 603 were to the channel that they called on.
    return "" if cause == "refused" and here.role == "extension" and here.first else cause


def _held(held: bool) -> Callable[[Block, AsteriskSettings, Telling], list[Event]]:
    def read(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
        here = party(block, settings)
        if here is None or here.role != "extension":  # a client who puts us on hold changes nothing
            return []
        return [tell(CallHeld, here, employee=here.number, held=held)]

    return read


def _variable(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    here = party(block, settings)
    if here is None:
        return []
    if block["Variable"] == "VMSTATUS":
        # Who leaves the box by a key (USEREXIT) goes on in the dial plan.
        left = block["Value"] == "SUCCESS" and here.role == "trunk"
        return [tell(LegEnded, here, leg=f"{here.leg}/voicemail", cause="voicemail")] if left else []
    return recorded(tell, here.call, block["Value"], settings)


def _user_event(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    here = party(block, settings)
    if here is None or block["UserEvent"] != OUR_EVENT:
        return []
    events = recorded(tell, here.call, block["Recording"], settings)
    cause = _SAID.get(block["Cause"].lower())
    return [*events, tell(LegEnded, here, leg=f"{here.leg}/said", cause=cause)] if cause else events


def _cdr(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    """One channel's account of itself: it names the recording, and the voice mail box. cdr_manager writes UniqueID."""
    leg = block["UniqueID"]
    call = block["Linkedid"] or leg
    if not call:
        return []
    events = recorded(tell, call, block["Recordingfile"] or block["UserField"], settings)
    if block["LastApplication"].lower() in VOICEMAIL_APPS:
        about = Party(role="trunk", call=call, leg=leg)
        events.append(tell(LegEnded, about, leg=f"{leg}/voicemail", cause="voicemail"))
    return events


def recorded(tell: Telling, call: str, path: str, settings: AsteriskSettings) -> list[Event]:
    """The recording at ``path`` of the PBX; nothing when the account does not say where recordings lie."""
    if settings.recordings is None or not path or not re.search(r"\.\w{2,4}$", path):
        return []
    folder, name = settings.recordings.folder.rstrip("/"), path.rpartition("/")[2]
    inside = placed(path, folder)
    ref = f"{folder}/{inside}" if inside else path  # what lies elsewhere is refused, with words, when it is fetched
    return [tell.of(CallRecorded, call, recording=File(ref=ref, name=name, kind="audio"))]


def _shown(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    """A channel that was there when we came (back): the call is known already, or we missed its beginning."""
    here = party(block, settings)
    if here is None or here.role == "helper":
        return []
    began = Telling(account=tell.account, at=tell.at - _lasted(block["Duration"]))
    if not here.first:
        events: list[Event] = [began(CallStarted, here)]
    elif here.role == "trunk":
        events = [began(CallStarted, here, direction="incoming", client=here.caller, name=_name(here))]
    else:
        direction: Direction = "internal" if settings.is_extension(here.connected) else "outgoing"
        told: Direction = direction if here.connected else ""
        events = [began(CallStarted, here, direction=told, employee=here.number, client=here.connected)]
    events.append(tell(CallUnwatched, here, leg=""))
    if here.role == "extension" and here.up and block["BridgeId"]:
        events.append(tell(CallAnswered, here, leg="", employee=here.number))
    return events


def _lasted(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return timedelta(hours=min(hours, 24 * 365), minutes=minutes, seconds=seconds)


def _resynced(block: Block, settings: AsteriskSettings, tell: Telling) -> list[Event]:
    """Our own frame: calls that we thought open and Asterisk no longer has; its time is when we last heard of them."""
    return [tell.of(CallEnded, call, cause="lost") for call in block.all("Gone") if call]


_SAID: Mapping[str, Cause] = MappingProxyType({"after_hours": "after_hours", "voicemail": "voicemail"})
_READERS: Mapping[str, Callable[[Block, AsteriskSettings, Telling], list[Event]]] = MappingProxyType(
    {
        "Newchannel": _newchannel,
        "DialBegin": _dial_began,
        "DialEnd": _dial_ended,
        "Hold": _held(True),
        "Unhold": _held(False),
        "Pickup": joining.picked_up,
        "BlindTransfer": joining.blind,
        "AttendedTransfer": joining.attended,
        "Hangup": _hung_up,
        "VarSet": _variable,
        "UserEvent": _user_event,
        "Cdr": _cdr,
        "CoreShowChannel": _shown,
        RESYNC: _resynced,
    }
)


def _variables(settings: AsteriskSettings) -> tuple[str, ...]:
    return ("VMSTATUS", settings.recordings.variable) if settings.recordings else ("VMSTATUS",)
