"""A listener of fakes for the pretend Asterisk, and certificates for it."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.providers.asterisk.listening import PACE, Pace, listen
from connector.providers.asterisk.settings import AsteriskSettings
from connector.providers.asterisk.wire import Block
from tests.services import until


class Ear:
    """What a listener is given, in memory. ``slow`` is called for each frame before it is kept."""

    def __init__(self, *, calls: Sequence[str] = (), before: datetime | None = None) -> None:
        self.frames: list[tuple[bytes, datetime | None]] = []
        self.calls, self.before = list(calls), before
        self.beats = 0
        self.slow: Callable[[], None] = lambda: None
        self.stop = threading.Event()

    def keep(self, frame: bytes, *, at: datetime | None = None) -> None:
        self.slow()
        self.frames.append((frame, at))

    def open_calls(self) -> Sequence[str]:
        return self.calls

    def heard(self) -> None:
        self.beats += 1

    def last_heard(self) -> datetime | None:
        return self.before

    def stopped(self) -> bool:
        return self.stop.is_set()

    def names(self) -> list[str]:
        """The names of the kept frames' events, in order."""
        return [Block.read(frame).event for frame, _ in self.frames]

    def block(self, event: str) -> Block:
        """The last kept frame of that name."""
        return [Block.read(frame) for frame, _ in self.frames if Block.read(frame).event == event][-1]


class Hearing:
    """``listen`` in a thread; ``error`` is what it raised."""

    def __init__(self, settings: AsteriskSettings, ear: Ear, pace: Pace) -> None:
        self.ear = ear
        self.error: Exception | None = None
        self._settings, self._pace = settings, pace
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            listen(self._settings, self.ear, self._pace)
        except Exception as error:
            self.error = error

    def start(self) -> None:
        self._thread.start()

    def over(self) -> bool:
        return not self._thread.is_alive()

    def ends(self, seconds: float = 20.0) -> Exception | None:
        """What it raised when it is over; it must be within the time."""
        self._thread.join(seconds)
        assert self.over(), "it still listens"
        return self.error


@contextmanager
def hearing(settings: AsteriskSettings, ear: Ear, pace: Pace = PACE) -> Iterator[Hearing]:
    """Listen while the block runs."""
    made = Hearing(settings, ear, pace)
    made.start()
    try:
        yield made
    finally:
        ear.stop.set()
        made.ends()


def heard_of(ear: Ear, count: int, event: str = "") -> None:
    """Wait until so many frames (of one name) are kept."""
    until(lambda: len([name for name in ear.names() if event in ("", name)]) >= count, f"{count} {event} frames", 20)


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A certificate that vouches for itself, and a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pbx")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "pbx.pem", folder / "pbx.key"
    public.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
