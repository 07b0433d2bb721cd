"""Builds what a manager says of calls, block by block, as Asterisk 18 to 22 do (facts/providers.md §3.1).

For tests, the demo and the bench: a :class:`Board` is the PBX with its counters, a :class:`Stage` one dialogue on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from connector.domain.calls import Cause, Direction

_STATES = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6", "Busy": "7"}
_CAUSES = {
    "0": "Unknown",
    "1": "Unallocated (unassigned) number",
    "16": "Normal Clearing",
    "17": "User busy",
    "19": "User alerting, no answer",
    "21": "Call Rejected",
    "26": "Answered elsewhere",
    "127": "Interworking, unspecified",
}
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One block; ``at`` are seconds since the board was set up."""

    at: float
    text: str

    @property
    def event(self) -> str:
        """The event's name."""
        return self.text.partition("\n")[0].partition(":")[2].strip()


@dataclass(frozen=True, kw_only=True)
class Meant:
    """What must be known of a call in the end. ``talk`` are seconds; ``cause``: why there was no talk."""

    call: str
    direction: Direction
    client: str
    line: str = ""
    employee: str = ""
    talk: int = 0
    cause: Cause = ""
    recording: str = ""


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """Frames in order, and the calls that they are about. Calls between colleagues are meant too."""

    name: str
    frames: tuple[Frame, ...]
    meant: tuple[Meant, ...]


@dataclass
class Chan:
    """A channel now."""

    name: str
    uniqueid: str
    linkedid: str
    number: str
    called: str
    context: str
    exten: str
    state: str
    connected: str = "<unknown>"
    bridge: str = ""

    def told(self, prefix: str = "") -> list[tuple[str, str]]:
        """The fields of an event about it."""
        return [
            (f"{prefix}Channel", self.name),
            (f"{prefix}ChannelState", _STATES[self.state]),
            (f"{prefix}ChannelStateDesc", self.state),
            (f"{prefix}CallerIDNum", self.number or "<unknown>"),
            (f"{prefix}CallerIDName", self.called or "<unknown>"),
            (f"{prefix}ConnectedLineNum", self.connected),
            (f"{prefix}ConnectedLineName", "<unknown>"),
            (f"{prefix}Language", "ru"),
            (f"{prefix}AccountCode", ""),
            (f"{prefix}Context", self.context),
            (f"{prefix}Exten", self.exten),
            (f"{prefix}Priority", "1"),
            (f"{prefix}Uniqueid", self.uniqueid),
            (f"{prefix}Linkedid", self.linkedid),
        ]


@dataclass
class Board:
    """A PBX: ``epoch`` is the Unix time of its second 0; with ``noise`` it also tells what nobody needs."""

    epoch: float = 1_770_000_000.0
    noise: bool = False
    trunk: str = "trunk-main"
    folder: str = "/var/spool/asterisk/monitor"
    _channels: count[int] = field(default_factory=lambda: count(1))
    _bridges: count[int] = field(default_factory=lambda: count(1))

    def number(self) -> int:
        """The next channel's."""
        return next(self._channels)

    def bridge(self) -> str:
        """The next bridge's id."""
        return f"9c5f1d2e-0000-4000-8000-{next(self._bridges):012d}"


class Stage:
    """One dialogue in the making. Every deed emits its event at ``now`` and takes two hundredths of a second."""

    def __init__(self, board: Board, start: float) -> None:
        self.board, self.now = board, start
        self.frames: list[Frame] = []

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now = round(self.now + seconds, 3)

    def emit(self, event: str, pairs: Pairs, privilege: str = "call,all") -> None:
        """One event."""
        stamp = f"{self.board.epoch + self.now:.6f}"
        head = [("Event", event), ("Privilege", privilege), ("Timestamp", stamp)]
        self.frames.append(Frame(at=self.now, text="".join(f"{name}: {value}\r\n" for name, value in (*head, *pairs))))
        self.wait(0.02)

    def channel(
        self,
        peer: str,
        *,
        number: str = "",
        called: str = "",
        context: str = "from-internal",
        exten: str = "s",
        state: str = "Down",
        parent: Chan | None = None,
        uniqueid: str = "",
    ) -> Chan:
        """A new channel of ``PJSIP/<peer>`` (or ``Local/…``); ``parent`` is whoever dials it."""
        serial = self.board.number()
        tech = peer if "/" in peer else f"PJSIP/{peer}"
        own = uniqueid or f"{int(self.board.epoch + self.now)}.{serial}"
        made = Chan(
            name=f"{tech}-{serial:08x}" if not peer.endswith((";1", ";2")) else tech,
            uniqueid=own,
            linkedid=parent.linkedid if parent else own,
            number=number,
            called=called,
            context=context,
            exten=exten,
            state=state,
        )
        self.emit("Newchannel", made.told())
        if self.board.noise and parent is None:
            more = [("Extension", exten), ("Application", "Set"), ("AppData", "__FROM_DID=1")]
            self.emit("Newexten", [*made.told(), *more], "dialplan,all")
        return made

    def becomes(self, channel: Chan, state: str) -> None:
        """Ringing, Up."""
        channel.state = state
        self.emit("Newstate", channel.told())

    def dial(self, caller: Chan | None, called: Chan, string: str) -> None:
        """Begin to ring."""
        if caller is not None:
            called.connected = caller.number
        about = caller.told() if caller else []
        self.emit("DialBegin", [*about, *called.told("Dest"), ("DialString", string)])
        self.becomes(called, "Ringing")

    def dialled(self, caller: Chan | None, called: Chan, status: str) -> None:
        """The end of ringing."""
        if status == "ANSWER":
            self.becomes(called, "Up")
        about = caller.told() if caller else []
        self.emit("DialEnd", [*about, *called.told("Dest"), ("DialStatus", status)])

    def join(self, *channels: Chan) -> None:
        """Put channels into one bridge: all take the ``Linkedid`` of the oldest."""
        bridge = next((channel.bridge for channel in channels if channel.bridge), "") or self.board.bridge()
        oldest = min((channel.linkedid for channel in channels), key=_age)
        for at, channel in enumerate(channels, 1):
            channel.bridge, channel.state = bridge, "Up"
            if at == len(channels):
                for other in channels:
                    other.linkedid = oldest
            self.emit("BridgeEnter", [*_bridge(bridge, at), *channel.told()])

    def hang(self, channel: Chan, cause: str = "16", tech: str = "") -> None:
        """Hang up."""
        if channel.bridge:
            self.emit("BridgeLeave", [*_bridge(channel.bridge, 1), *channel.told()])
        more = [("Cause", cause), ("Cause-txt", _CAUSES.get(cause, "Unknown"))]
        self.emit("Hangup", [*channel.told(), *more, *([("TechCause", tech)] if tech else [])])
        channel.bridge = ""

    def about(self, event: str, channel: Chan, pairs: Pairs = (), privilege: str = "call,all") -> None:
        """Any other event of one channel."""
        self.emit(event, [*channel.told(), *pairs], privilege)

    def record(self, channel: Chan, name: str) -> str:
        """MixMonitor begins; returns the path of the file."""
        path = f"{self.board.folder}/2026/02/02/{name}.wav"
        self.about("VarSet", channel, [("Variable", "MIXMONITOR_FILENAME"), ("Value", path)], "dialplan,all")
        return path

    def chatter(self, *channels: Chan) -> None:
        """Digits and reports of the line, with ``noise`` only."""
        for channel in channels if self.board.noise else ():
            for event in ("DTMFBegin", "DTMFEnd"):
                self.about(event, channel, [("Digit", "5"), ("Direction", "Received")], "dtmf,all")
            self.about("RTCPReceived", channel, [("SSRC", "0x1fa3"), ("PT", "200(SR)")], "reporting,all")

    def played(self, name: str, *meant: Meant) -> Dialogue:
        """The dialogue is over."""
        return Dialogue(name=name, frames=tuple(self.frames), meant=meant)


def interleaved(dialogues: Sequence[Dialogue]) -> list[Frame]:
    """The frames of many dialogues of one board, as they happen."""
    return sorted((frame for dialogue in dialogues for frame in dialogue.frames), key=lambda frame: frame.at)


def _bridge(bridge: str, channels: int) -> list[tuple[str, str]]:
    return [
        ("BridgeUniqueid", bridge),
        ("BridgeType", "basic"),
        ("BridgeTechnology", "simple_bridge"),
        ("BridgeCreator", "<unknown>"),
        ("BridgeName", "<unknown>"),
        ("BridgeNumChannels", str(channels)),
        ("BridgeVideoSourceMode", "none"),
    ]


def _age(linkedid: str) -> tuple[float, int]:
    """Older is smaller; an id that somebody chose is older than all, as its call began with it."""
    epoch, _, serial = linkedid.rpartition("-")[2].partition(".")
    return (float(epoch), int(serial)) if epoch.isdigit() and serial.isdigit() else (0.0, 0)
