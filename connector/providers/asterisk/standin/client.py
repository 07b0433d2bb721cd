"""One connection of the pretend Asterisk."""

from __future__ import annotations

import hashlib
import random
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Protocol

from connector.providers.asterisk.standin.manners import Manners
from connector.providers.asterisk.wire import packed

# Who may do what (manager.c): any of the classes is enough; everybody may do the others.
_NEEDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"originate": frozenset({"originate"}), "coreshowchannels": frozenset({"system", "reporting"})}
)


class House(Protocol):
    """The server, as one connection needs it."""

    manners: Manners
    actions: list[str]
    secrets_seen: list[str]
    before_showing: Callable[[], None]

    def channels(self) -> list[dict[str, str]]: ...

    def originate(self, order: dict[str, str], client: Client) -> None: ...


class Client:
    """Reads actions and answers them; ``tell`` may be called from any thread."""

    def __init__(self, stream: socket.socket, house: House, chance: random.Random) -> None:
        self._stream, self._house, self._chance = stream, house, chance
        self._sending = threading.Lock()
        self._challenge, self._events = "", "off"
        self._inside = self.has_asked = False
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def listens(self) -> bool:
        """Logged in, and wants events."""
        return self._inside and self._events != "off"

    def serve(self) -> None:
        """Until the other side is gone."""
        self._send(f"Asterisk Call Manager/{self._house.manners.version}\r\n".encode())
        rest = b""
        while data := self._receive():
            *actions, rest = (rest + data).split(b"\r\n\r\n")
            for action in actions:
                self._do(action)

    def tell(self, text: str, privilege: str) -> None:
        """An event, if it is of a class that was asked for."""
        kind = privilege.partition(",")[0]
        if self.listens and (self._events == "on" or not kind or kind in self._events.split(",")):
            self._send(text.encode() + b"\r\n")

    def block(self, *pairs: tuple[str, str]) -> None:
        """An answer."""
        self._send(packed(pairs))

    def close(self) -> None:
        """Cut the connection."""
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def _do(self, action: bytes) -> None:
        if self._house.manners.mute:
            return
        pairs = [line.partition(": ") for line in action.decode("utf-8", "replace").splitlines()]
        order = {name: value for name, _, value in pairs}
        name = order.get("Action", "").lower()
        self._house.actions.append(order.get("Action", ""))
        number = ("ActionID", order.get("ActionID", ""))
        needed, deed = _NEEDS.get(name), _DEEDS.get(name)
        early = name in ("challenge", "login", "logoff")
        if not (self._inside or early) or (needed is not None and not needed & self._house.manners.write):
            self.block(("Response", "Error"), number, ("Message", "Permission denied"))
        elif deed is not None:
            deed(self, order, number)
        else:
            self.block(("Response", "Error"), number, ("Message", "Invalid/unknown command"))

    def _challenged(self, order: dict[str, str], number: tuple[str, str]) -> None:
        if not self._house.manners.challenge:
            self.block(("Response", "Error"), number, ("Message", "Must specify AuthType"))
            return
        self._challenge = str(secrets.randbelow(10**9))
        self.block(("Response", "Success"), number, ("Challenge", self._challenge))

    def _log_in(self, order: dict[str, str], number: tuple[str, str]) -> None:
        manners = self._house.manners
        self._house.secrets_seen += [order["Secret"]] if "Secret" in order else []
        key = hashlib.md5((self._challenge + manners.secret).encode(), usedforsecurity=False).hexdigest()
        known = order.get("Secret") == manners.secret or bool(self._challenge and order.get("Key") == key)
        if order.get("Username") != manners.username or not known:
            self.block(("Response", "Error"), number, ("Message", "Authentication failed"))
            return
        self._inside, self._events = True, order.get("Events", "on").lower()
        self.block(("Response", "Success"), number, ("Message", "Authentication accepted"))
        if manners.booted and self.listens:
            self.block(("Event", "FullyBooted"), ("Privilege", "system,all"), ("Status", "Fully Booted"))

    def _pong(self, order: dict[str, str], number: tuple[str, str]) -> None:
        self.block(("Response", "Success"), number, ("Ping", "Pong"), ("Timestamp", "1770000000.000000"))

    def _show(self, order: dict[str, str], number: tuple[str, str]) -> None:
        self._house.before_showing()
        said = ("Message", "Channels will follow")
        self.block(("Response", "Success"), number, ("EventList", "start"), said)
        channels = self._house.channels()
        for channel in channels:
            self.block(("Event", "CoreShowChannel"), number, *_shown(channel))
        complete = (("EventList", "Complete"), ("ListItems", str(len(channels))))
        self.block(("Event", "CoreShowChannelsComplete"), number, *complete)
        self.has_asked = True

    def _list(self, order: dict[str, str], number: tuple[str, str]) -> None:
        may = [("Ping", "Keepalive command.  (Priv: <none>)")]
        for name, needed in (("Originate", "originate"), ("CoreShowChannels", "reporting")):
            if needed in self._house.manners.write:
                may.append((name, f"Does it.  (Priv: {needed},all)"))
        self.block(("Response", "Success"), number, *may)

    def _originate(self, order: dict[str, str], number: tuple[str, str]) -> None:
        self._house.originate(order, self)

    def _log_off(self, order: dict[str, str], number: tuple[str, str]) -> None:
        self.block(("Response", "Goodbye"), number, ("Message", "Thanks for all the fish."))
        self.close()

    def _receive(self) -> bytes:
        try:
            return self._stream.recv(65536)
        except OSError:
            return b""

    def _send(self, data: bytes) -> None:
        if self._house.manners.mute:
            return
        with self._sending:
            try:
                for piece in self._pieces(data):
                    self._stream.sendall(piece)
            except OSError:
                return  # whoever is gone is noticed where it is read

    def _pieces(self, data: bytes) -> list[bytes]:
        if not self._house.manners.split:
            return [data]
        cut = self._chance.randrange(len(data))
        return [data[:cut], data[cut:]]


def _shown(channel: dict[str, str]) -> list[tuple[str, str]]:
    bridge = channel["BridgeId"]
    said = (("Application", "AppDial" if bridge else "Dial"), ("ApplicationData", "(Outgoing Line)"))
    return [*channel.items(), *said, ("Duration", "00:00:07")]


_DEEDS: Mapping[str, Callable[[Client, dict[str, str], tuple[str, str]], None]] = MappingProxyType(
    {
        "challenge": Client._challenged,
        "login": Client._log_in,
        "logoff": Client._log_off,
        "ping": Client._pong,
        "coreshowchannels": Client._show,
        "listcommands": Client._list,
        "originate": Client._originate,
    }
)
