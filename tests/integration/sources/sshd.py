"""A private OpenSSH server on the loopback that speaks SFTP and nothing else, with keys of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import free_port, lacking, until

_SSHD = Path("/usr/sbin/sshd")
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_ed25519
HostKey {folder}/host_ecdsa
PidFile {folder}/pid
AuthorizedKeysFile {folder}/known
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
UseDNS no
PermitTTY no
AllowTcpForwarding no
AllowAgentForwarding no
X11Forwarding no
LogLevel VERBOSE
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


class Sshd:
    """It lets in ``user`` by the key at ``key``. Files are named by their whole path, below ``folder`` best."""

    def __init__(self, home: Path) -> None:
        self._home, self.port, self.user = home, free_port(), getpass.getuser()
        self.folder, self.log, self.key = home / "files", home / "log", home / "user"
        self.folder.mkdir()
        for name, kind in (("host_ed25519", "ed25519"), ("host_ecdsa", "ecdsa"), ("user", "ed25519")):
            self._keyed(name, kind)
        shutil.copy(home / "user.pub", home / "known")
        (home / "config").write_text(_CONFIG.format(port=self.port, folder=home, user=self.user))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host_key(self) -> str:
        """The fingerprint of one of its keys, as ``ssh-keygen -l`` shows it."""
        command = ["ssh-keygen", "-lf", str(self._home / "host_ed25519.pub")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def url(self, path: str = "") -> str:
        """The address of what lies below its folder."""
        return f"sftp://{self.user}@127.0.0.1:{self.port}{self.folder}/{path}"

    def start(self) -> None:
        """Start and wait until it answers."""
        if os.geteuid() == 0:  # it wants this folder then, and Debian makes it only for its own service
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with self.log.open("ab") as log:
            command = [str(_SSHD), "-D", "-e", "-f", str(self._home / "config")]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._answers, f"sshd does not answer: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it; connections that are open end with the client."""
        process, self._process = self._process, None
        if process:
            process.terminate()
            process.wait(10)

    def new_host_key(self) -> None:
        """It is set up anew: another key shows from the next start on."""
        for name, kind in (("host_ed25519", "ed25519"), ("host_ecdsa", "ecdsa")):
            (self._home / name).unlink()
            self._keyed(name, kind)

    def lock_out(self) -> None:
        """It knows nobody's key from now on."""
        (self._home / "known").write_text("")

    def _keyed(self, name: str, kind: str) -> None:
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(self._home / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as probe:
                return probe.recv(4) == b"SSH-"
        except OSError:
            return False


@contextmanager
def sshd() -> Iterator[Sshd]:
    """A running private server; skips where OpenSSH's is not installed."""
    if not _SSHD.exists() or not shutil.which("ssh-keygen"):
        lacking("OpenSSH's server (Debian: openssh-server)")
        return
    home = Path(tempfile.mkdtemp(prefix="connector-sshd-"))
    home.chmod(0o755)
    server = Sshd(home)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
