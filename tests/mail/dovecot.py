"""A private Dovecot: mailboxes read by real IMAP (plain, STARTTLS, TLS) and filled by LMTP or APPEND."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.integration.house.processes import Reaper
from tests.mail.authority import papers
from tests.services import free_port, lacking, until

CONFIG = Path(__file__).with_name("dovecot.conf")
LARGEST = 64 * 1024 * 1024


class Dovecot:
    """``imap_port`` speaks plain and STARTTLS, ``tls_port`` TLS by the authority in ``ca`` (for ``localhost`` and
    127.0.0.1), ``lmtp_port`` LMTP, ``auth_port`` Dovecot's SASL for Postfix.

    A user is an address; its folders besides INBOX, Sent, Junk and Trash are made when something is put there.
    ``log`` tells what Dovecot thinks. With ``introspection``, an address that knows tokens, they are taken too, by the
    ``mechanisms``.
    """

    def __init__(
        self, folder: Path, *, separator: str = "/", introspection: str = "", mechanisms: str = "xoauth2 oauthbearer"
    ) -> None:
        self.folder, self.log = folder, folder / "log"
        self.imap_port, self.tls_port, self.lmtp_port, self.auth_port = (free_port() for _ in range(4))
        self._user = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        made = papers(folder)
        self.ca, self.certificate, self.key = made.ca, made.certificate, made.key
        self._passwords: dict[str, str] = {}
        self._write_users()
        self._config = folder / "dovecot.conf"
        self._config.write_text(
            CONFIG.read_text().format(
                folder=folder,
                user=self._user.pw_name,
                group=grp.getgrgid(self._user.pw_gid).gr_name,
                certificate=made.certificate,
                key=made.key,
                separator=separator,
                **{name: getattr(self, name) for name in ("imap_port", "tls_port", "lmtp_port", "auth_port")},
            )
        )
        if introspection:
            self._take_tokens(introspection, mechanisms)
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, self._user.pw_uid, self._user.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        self._reaper = Reaper(str(folder))

    def add(self, user: str, password: str = "secret") -> None:
        """A user, or another password of one; known at once."""
        self._passwords[user] = password
        self._write_users()

    def password(self, user: str) -> str:
        """By which the user comes in."""
        return self._passwords[user]

    def start(self) -> None:
        """Start and wait until it answers."""
        as_root = os.geteuid() == 0
        program = shutil.which("dovecot", path=_PATH)
        assert program is not None
        self._process = subprocess.Popen(
            [program, "-F", "-c", str(self._config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("ab"),
            start_new_session=True,
            user=self._user.pw_uid if as_root else None,
            group=self._user.pw_gid if as_root else None,
            extra_groups=[] if as_root else None,
        )
        self._reaper.tell("+", self._process.pid)
        try:
            until(self._answers, "Dovecot does not answer")
        except TimeoutError:
            self.stop()
            raise RuntimeError((self.folder / "stderr").read_text() + self._told()) from None

    def stop(self, *, kill: bool = True) -> None:
        """Cut every connection; ``kill=False`` says BYE first."""
        process, self._process = self._process, None
        if process is None:
            return
        if not kill:
            process.terminate()
            process.wait(timeout=20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
        self._reaper.tell("-", process.pid)
        # Whoever was killed before it had put its name into its lock would keep all others out for two minutes.
        for lock in (self.folder / "mail").glob("*/Maildir/**/*.lock"):
            lock.unlink(missing_ok=True)

    def close(self) -> None:
        """It is not needed any more."""
        self.stop()
        self._reaper.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self, *, kill: bool = True, away: float = 0.0) -> None:
        """Away for ``away`` seconds."""
        self.stop(kill=kill)
        time.sleep(away)
        self.start()

    def deliver(self, user: str, raw: bytes, *, sender: str = "customer@client.test") -> None:
        """As a mail server does (LMTP): Return-Path, Delivered-To and Received come on top; INTERNALDATE is now."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, "tests.localhost") as lmtp:
            lmtp.sendmail(sender, [user], raw)

    def append(
        self, user: str, folder: str, raw: bytes, *, at: datetime | None = None, flags: Sequence[bytes] = ()
    ) -> int:
        """Exactly these bytes (CRLF), INTERNALDATE ``at`` or now, into a folder that is made when it is not there.

        Returns the letter's UID.
        """
        with self.client(user) as imap:
            if not imap.folder_exists(folder):
                imap.create_folder(folder)
            told = imap.append(folder, raw, flags, at)
            return int(told.split(b"APPENDUID ")[1].split(b"]")[0].split()[1])

    def letters(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """All letters in the order of their UIDs; reading sets no flag."""
        return [row[b"BODY[]"] for row in self._rows(user, folder, "BODY.PEEK[]")]

    def flags(self, user: str, folder: str = "INBOX") -> list[set[bytes]]:
        """The flags of each letter (such as ``b"\\\\Seen"``), in the order of their UIDs."""
        return [{*row[b"FLAGS"]} - {b"\\Recent"} for row in self._rows(user, folder, "FLAGS")]

    def folders(self, user: str) -> list[str]:
        """The names of all folders."""
        with self.client(user) as imap:
            return sorted(name for _, _, name in imap.list_folders())

    def uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """The epoch of its UIDs."""
        with self.client(user) as imap:
            return int(imap.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])

    def reset_uidvalidity(self, user: str, folder: str = "INBOX") -> None:
        """Number the letters of a folder anew, as after a restored backup: another UIDVALIDITY, UIDs from one on."""
        before = self.uidvalidity(user, folder)
        maildir = self.folder / "mail" / user / "Maildir"
        if folder != "INBOX":
            maildir = maildir / f".{folder}"
        running = self._process is not None
        self.stop()
        for path in [*maildir.glob("dovecot.index*"), maildir / "dovecot-uidlist"]:
            path.unlink(missing_ok=True)
        time.sleep(max(0.0, before + 1 - time.time()))  # the new one is the second of now
        self.start()
        assert self.uidvalidity(user, folder) != before
        if not running:
            self.stop()

    @contextmanager
    def client(self, user: str) -> Iterator[IMAPClient]:
        """A connection of the tests' own."""
        with IMAPClient("127.0.0.1", self.imap_port, ssl=False, timeout=30) as imap:
            imap.login(user, self._passwords[user])
            yield imap

    def threads(self, user: str, folder: str = "INBOX") -> list[list[int]]:
        """The conversations that Dovecot itself sees, by references alone (THREAD=REFS): the UIDs of each, sorted."""
        with self.client(user) as imap:
            imap.select_folder(folder, readonly=True)
            return [sorted(_flat(thread)) for thread in imap.thread("REFS")]

    def _rows(self, user: str, folder: str, what: str) -> list[dict]:
        with self.client(user) as imap:
            imap.select_folder(folder, readonly=True)
            uids = imap.search("ALL")
            rows = imap.fetch(uids, [what]) if uids else {}
            return [rows[uid] for uid in sorted(rows)]

    def _take_tokens(self, introspection: str, mechanisms: str) -> None:
        how = self.folder / "oauth2"
        how.write_text(
            f"introspection_mode = post\nintrospection_url = {introspection}\n"
            "username_attribute = email\nactive_attribute = active\nactive_value = true\n"
        )
        passdb = f"passdb {{\n  driver = oauth2\n  mechanisms = {mechanisms}\n  args = {how}\n}}\n"
        with self._config.open("a") as config:
            config.write(f"\nauth_mechanisms = plain login {mechanisms}\n{passdb}")

    def _write_users(self) -> None:
        lines = [f"{user}:{{PLAIN}}{password}::::::\n" for user, password in self._passwords.items()]
        path = self.folder / "users"
        path.write_text("".join(lines))
        shutil.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise TimeoutError("Dovecot ended at once")
        try:
            with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=5), smtplib.LMTP("127.0.0.1", self.lmtp_port):
                return True
        except (OSError, imaplib.IMAP4.error, smtplib.SMTPException):
            return False

    def _told(self) -> str:
        return self.log.read_text()[-4000:] if self.log.exists() else ""


_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def _flat(thread: object) -> Iterator[int]:
    if isinstance(thread, int):
        yield thread
    elif isinstance(thread, tuple | list):
        for one in thread:
            yield from _flat(one)


def _of_our_kind() -> None:
    told = subprocess.run(["dovecot", "--version"], env={"PATH": _PATH}, capture_output=True, text=True, check=True)
    if not told.stdout.startswith("2.3."):
        pytest.skip(f"NOT TESTED: Dovecot {told.stdout.split()[0]} is here, its settings are others than those of 2.3")


@contextmanager
def dovecot(*users: str, **how: str) -> Iterator[Dovecot]:
    """A running private Dovecot with these users, ``how`` as :class:`Dovecot` takes it; skips where it is not
    installed."""
    lmtp = Path("/usr/lib/dovecot/lmtp")
    if shutil.which("dovecot", path=_PATH) is None or not lmtp.exists():
        lacking("Dovecot (dovecot-imapd, dovecot-lmtpd)")
        return
    _of_our_kind()
    folder = Path(tempfile.mkdtemp(prefix="connector-imap-"))
    server = Dovecot(folder, **how)
    for user in users:
        server.add(user)
    try:
        server.start()
        yield server
    finally:
        server.close()
