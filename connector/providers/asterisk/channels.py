"""Who is at which end of a channel: an employee's telephone, a trunk, or a helper of Asterisk's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from connector.providers.asterisk.settings import AsteriskSettings, fits
from connector.providers.asterisk.wire import Block

Role = Literal["extension", "trunk", "helper"]

# `PJSIP/101-0000002a`, `IAX2/office-117`, `DAHDI/1-1`; a channel that was replaced ends as `…<ZOMBIE>`.
_NAME = re.compile(r"(?P<tech>[^/]+)/(?P<peer>.*?)(?:-[0-9a-fA-F]+)?(?:<ZOMBIE>)?")
# Local is a wire inside Asterisk, the others are made for music, announcements, recording and redirecting.
_HELPERS = frozenset(
    (
        *("local", "message", "surrogate", "bridge", "announcer", "recorder", "snoop", "cbann", "cbrec", "asyncgoto"),
        *("unicastrtp", "multicastrtp", "usermessage", "audiosocket"),
    )
)
_NUMBER = re.compile(r"\+?\d{5,20}")
# `[system-]epoch.count`: whoever places a call through the manager may choose another id, and we do.
_OWN_ID = re.compile(r"(?:.+-)?\d{9,}\.\d+")
_LOCAL = re.compile(r"Local/([^@/]+)@", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Party:
    """One channel as a block tells of it. ``number`` is the employee's for an extension, and for a helper of a call
    that was placed through the manager; ``up``: it talks; ``waiting``: we call it, and nobody has lifted yet."""

    role: Role
    call: str
    leg: str
    number: str = ""
    caller: str = ""
    name: str = ""
    connected: str = ""
    exten: str = ""
    context: str = ""
    up: bool = False
    waiting: bool = False

    @property
    def first(self) -> bool:
        """The call began with this channel: whoever is here has called."""
        return self.leg == self.call

    @property
    def originated(self) -> bool:
        """The call was placed through the manager, under an id that is not Asterisk's."""
        return _OWN_ID.fullmatch(self.call) is None


def party(block: Block, settings: AsteriskSettings, prefix: str = "") -> Party | None:
    """The channel whose fields have this prefix (``Dest``, ``Transferee``, …); ``None`` when there is none."""
    channel = block[f"{prefix}Channel"]
    leg = block[f"{prefix}Uniqueid"]
    if not channel or not leg:
        return None
    told = _told(block, prefix)
    call = block[f"{prefix}Linkedid"] or leg
    role, number = _role(channel, told, settings)
    if role == "helper" and _OWN_ID.fullmatch(call) is None:
        number = _called_locally(channel, settings)
    return Party(
        role=role,
        call=call,
        leg=leg,
        number=number,
        caller=told("CallerIDNum"),
        name=told("CallerIDName"),
        connected=told("ConnectedLineNum"),
        exten=told("Exten"),
        context=told("Context"),
        up=told("ChannelState") == "6",
        waiting=told("ChannelState") in ("0", "5"),
    )


def is_helper(channel: str) -> bool:
    """Whether a channel of this name is one of Asterisk's own."""
    return channel.partition("/")[0].lower() in _HELPERS


def telephone(text: str) -> str:
    """A telephone number inside what was dialled (``79161234567@trunk``, ``sip:+7…@host``), or an empty text."""
    bare = re.sub(r"^(?:sips?|tel):", "", text, flags=re.IGNORECASE)
    parts = re.split(r"[/@,&;:]", bare)
    return next((part for part in parts if _NUMBER.fullmatch(part)), "")


def _called_locally(channel: str, settings: AsteriskSettings) -> str:
    """The employee whom ``Local/101@from-internal-…;1`` was made for."""
    found = _LOCAL.match(channel)
    return found[1] if found and settings.is_extension(found[1]) else ""


def _told(block: Block, prefix: str) -> Callable[[str], str]:
    return lambda name: block[f"{prefix}{name}"]


def _role(channel: str, told: Callable[[str], str], settings: AsteriskSettings) -> tuple[Role, str]:
    if is_helper(channel):
        return "helper", ""
    name = _NAME.fullmatch(channel)
    peer = name["peer"] if name else channel
    context = told("Context")
    if peer in settings.trunks or fits(context, settings.contexts.incoming):
        return "trunk", ""
    if settings.is_extension(peer):
        return "extension", peer
    if fits(context, settings.contexts.internal):
        # A telephone that is not named after its number: the number is its own caller id.
        own = told("CallerIDNum")
        return "extension", own if settings.is_extension(own) else peer
    return "trunk", ""
