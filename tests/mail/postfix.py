"""A private Postfix beside a private Dovecot: it takes letters in, delivers to mailboxes and relays the rest."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.integration.house.processes import Reaper
from tests.mail.dovecot import Dovecot
from tests.mail.next_hop import NextHop
from tests.services import free_port, lacking, until

_HERE = Path(__file__).parent
_POSTFIX = Path("/usr/sbin/postfix")


class Postfix:
    """Takes letters at ``port`` (STARTTLS if wanted) and ``tls_port`` (TLS by Dovecot's authority).

    ``domains`` are delivered to Dovecot by LMTP, where unknown users bounce; everything else goes to ``hop``, or
    bounces where there is none. With ``sasl`` only Dovecot's users may send to elsewhere.
    """

    def __init__(
        self, folder: Path, dovecot: Dovecot, *, hop: NextHop | None = None, domains: Sequence[str], sasl: bool
    ) -> None:
        self.folder, self.log = folder, folder / "log"
        self.port, self.tls_port = free_port(), free_port()
        self._config = folder / "etc"
        self._reaper = Reaper(str(folder))
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir()
        folder.chmod(0o755)
        shutil.chown(folder / "data", "postfix")
        known = {
            "folder": folder,
            "domains": " ".join(domains),
            "lmtp_port": dovecot.lmtp_port,
            "auth_port": dovecot.auth_port,
            "default_transport": f"smtp:[127.0.0.1]:{hop.port}" if hop else "error:5.4.4 nobody is there",
            "networks": "" if sasl else "127.0.0.0/8",
            "relay": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
            "certificate": dovecot.certificate,
            "key": dovecot.key,
            "port": self.port,
            "tls_port": self.tls_port,
        }
        for name in ("main.cf", "master.cf"):
            (self._config / name).write_text((_HERE / f"postfix_{name}").read_text().format(**known))

    def start(self) -> None:
        """Start and wait until it answers."""
        self._do("start")
        master = int((self.folder / "queue/pid/master.pid").read_text())
        self._reaper.tell("+", os.getpgid(master))
        until(self._answers, "Postfix does not answer")

    def stop(self) -> None:
        """Stop; what is queued stays so."""
        self._do("abort", check=False)

    def close(self) -> None:
        """It is not needed any more."""
        self.stop()
        self._reaper.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, sender: str, recipient: str, raw: bytes, *, password: str = "") -> None:
        """Hand a letter in, as a mail program does."""
        with smtplib.SMTP("127.0.0.1", self.port, "tests.localhost") as smtp:
            if password:
                smtp.login(sender, password)
            smtp.sendmail(sender, [recipient], raw)

    def told(self) -> str:
        """Its log."""
        return self.log.read_text() if self.log.exists() else ""

    def _do(self, verb: str, *, check: bool = True) -> None:
        command = [str(_POSTFIX), "-c", str(self._config), verb]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"postfix {verb} failed: {done.stderr}\n{self.told()[-4000:]}")

    def _answers(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5):
                return True
        except (OSError, smtplib.SMTPException):
            return False


@contextmanager
def postfix(
    mailboxes: Dovecot,
    *,
    hop: NextHop | None = None,
    domains: Sequence[str] = ("acme.test", "client.test"),
    sasl: bool = True,
) -> Iterator[Postfix]:
    """A running private Postfix; skips without root or where it is not installed."""
    if not _POSTFIX.exists():
        lacking("Postfix")
        return
    if os.geteuid() != 0:
        lacking("root, whom Postfix needs to start,")
        return
    folder = Path(tempfile.mkdtemp(prefix="connector-smtp-"))
    server = Postfix(folder, mailboxes, hop=hop, domains=domains, sasl=sasl)
    try:
        server.start()
        yield server
    finally:
        server.close()
