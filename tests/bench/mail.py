"""Letters: from a mailbox to the portal, how many a second are read, kept and delivered, what a large mailbox costs.

The mail server is a real Dovecot, the listener and the worker are those of the Procfile. Sizes: ``BENCH_LETTERS`` in
the large mailbox.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from base64 import encodebytes
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from rich.console import Console

from connector import registry
from connector.domain.request import Request
from connector.letters import digest
from connector.listening.streams import MARK, Stream
from connector.providers.postal import frame, parse
from tests.bench import services
from tests.bench.fast_portal import FastPortal
from tests.bench.figures import Figure, median, percentile, show
from tests.bench.house import House, house
from tests.bench.services import ROOT, BenchError
from tests.mail.corpus import letters
from tests.mail.dovecot import Dovecot, dovecot

NAMES = ("mail.letter_to_call_p95_ms", "mail.letters_per_s", "mail.read_per_s", "mail.rss_growth_mib")
_CALL, _LETTERS, _READ, _RSS = NAMES
OURS, NAMED = "support@acme.test", {"imconnector.chat.name.set"}
ALONE, WARM_UP = 60, 5
ROUNDS, MANY, CLIENTS, SIZE = 5, 400, 80, 30_000
LARGE = int(os.environ.get("BENCH_LETTERS", "100000"))
_PATIENCE = 1800.0  # seconds that a large mailbox may take
_ACCOUNT = """\
  box:
    provider: mail
    portal: main
    line: 1
    address: {ours}
    imap: {{host: 127.0.0.1, port: {port}, security: none, password: secret, since: {since}}}
    smtp: {{host: 127.0.0.1, port: 9, security: none, copy: none}}
"""


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``mail.*``; without Dovecot those that need none."""
    parts = {_READ: _reading, _LETTERS: _many, _CALL: _alone, _RSS: _large}
    chosen = {name: part for name, part in parts.items() if wanted(name)}
    if shutil.which("dovecot", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])) is None:
        left_out = [name for name in (_CALL, _RSS) if chosen.pop(name, None)]
        if left_out:
            console.print(f"[yellow]Dovecot is not here: {', '.join(left_out)} left out (dovecot-imapd dovecot-lmtpd).")
    return [part(folder, console) for part in chosen.values()]


def letter(number: int, person: int) -> bytes:
    """A letter of about 30 kB, most of them a file of its own."""
    text = "\r\n".join(["абвгдежз " * 8] * (SIZE // 700))
    file = encodebytes(random.Random(number).randbytes(SIZE * 6 // 10)).replace(b"\n", b"\r\n")
    head = (
        f"From: Anna <anna{person}@client.test>\r\nTo: {OURS}\r\nSubject: Order {person}\r\n"
        f"Message-ID: <{number}@client.test>\r\nIn-Reply-To: <{person}@thread.test>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n'
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n--b\r\nContent-Type: application/pdf\r\n"
        "Content-Disposition: attachment; filename=list.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + file + b"\r\n--b--\r\n"


def _reading(folder: Path, console: Console) -> Figure:
    """Processor time: a letter is taken apart; its words, quotes, signature and thread are told."""
    raws = [case.raw for case in letters()]
    rates = [_read(raws) for _ in range(ROUNDS)]
    mean = sum(map(len, raws)) / len(raws)
    of = f"letters digested and read on one core, the {len(raws)} of the corpus, {mean:.0f} bytes at the mean"
    show(console, "Letters read on one core", ["", "letters/s", "min", "max"], [_row("the corpus", rates)])
    return median(_READ, rates, unit="letters/s", of=f"{of}, {ROUNDS} rounds")


def _read(raws: list[bytes]) -> float:
    account = {"account": "box", "provider": "mail", "portal": "main", "address": OURS}
    servers = {"imap": {"host": "i.test", "password": "x"}, "smtp": {"host": "s.test"}}
    settings: Any = registry.providers()["mail"].settings.model_validate(account | servers)
    now, begun = datetime.now(UTC), time.process_time()
    for raw in raws:
        told = digest(raw, lambda name, mime, data: "0" * 64, where={"uid": 1}, received=now)
        parse(Request(method="STREAM", path="/", headers={}, body=frame(told), received_at=now), settings)
    return len(raws) / (time.process_time() - begun)


def _many(folder: Path, console: Console) -> Figure:
    """Kept as the listener keeps them, then drained by one pump in a process of its own."""
    keeping, draining, both = [], [], []
    with FastPortal() as portal, services.redis(folder) as redis:
        for number in range(ROUNDS):
            home = _home(folder / f"many-{number}", redis, portal)
            kept = _keep(home)
            portal.forget()
            drained = _drained(home)
            _check(portal)
            keeping.append(MANY / kept)
            draining.append(MANY / drained)
            both.append(MANY / (kept + drained))
    rows = [_row("digested and kept", keeping), _row("drained", draining), _row("both", both)]
    show(console, f"{MANY} letters of {SIZE // 1000} kB with a file", ["", "letters/s", "min", "max"], rows)
    of = f"{MANY} letters of {SIZE // 1000} kB with a file in {CLIENTS} threads, digested, kept, drained by one pump"
    return median(_LETTERS, both, unit="letters/s", of=f"{of}; sqlite, portal without limits, {ROUNDS} rounds")


def _keep(home: House) -> float:
    made = home.connector()
    stop = threading.Event()
    stream = Stream(made.accounts["box"], intake=made.intake, journal=made.journal, clock=made.clock, stop=stop)
    raws = [letter(number, number % CLIENTS) for number in range(MANY)]
    begun = time.monotonic()
    for uid, raw in enumerate(raws, 1):
        where = {"folder": "INBOX", "uidvalidity": 1, "uid": uid}
        stream.keep(frame(digest(raw, stream.store, where=where, received=made.clock())))
    seconds = time.monotonic() - begun
    made.journal.close()
    return seconds


def _drained(home: House) -> float:
    command = [sys.executable, "-m", "tests.bench.one_pump", "portal:main"]
    done = subprocess.run(command, cwd=ROOT, env=dict(home.env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"the pump failed:\n{done.stderr[-3000:]}")
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def _check(portal: FastPortal) -> None:
    came = {arrival.message for arrival in portal.arrivals}
    chats = {arrival.chat for arrival in portal.arrivals}
    if (len(portal.arrivals), len(came), len(chats)) != (MANY, MANY, CLIENTS) or portal.strange - NAMED:
        told = f"{len(portal.arrivals)} of {MANY} letters, {len(came)} different, in {len(chats)} of {CLIENTS} chats"
        raise BenchError(f"{told}; other calls: {sorted(portal.strange - NAMED)}")


def _alone(folder: Path, console: Console) -> Figure:
    """From the letter put into the mailbox to the call, through the house of the Procfile at rest."""
    with dovecot(OURS) as server, FastPortal() as portal, services.redis(folder) as redis:
        home = _home(folder / "alone", redis, portal, port=server.imap_port)
        with home.clock(), home.worker(), home.listener(), server.client(OURS) as imap, server.client(OURS) as beside:
            beside.select_folder("INBOX", readonly=True)
            beside.idle()
            pairs = [_one(imap, beside, portal, number) for number in range(1, WARM_UP + ALONE + 1)][WARM_UP:]
    came, told = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    columns = ["", "letters", "p50 ms", "p95 ms", "p99 ms", "min", "max"]
    rows = [_times("until the call", came), _times("until Dovecot tells a mail program", told)]
    show(console, "From the mailbox to the call", columns, rows)
    of = "p95 from APPEND at Dovecot (IDLE) to imconnector.send.messages at the portal, idle, sqlite"
    spread = (min(came), max(came))
    of = f"{of}, {ALONE} letters of 30 kB one by one"
    return Figure(name=_CALL, value=percentile(came, 95), unit="ms", spread=spread, of=of)


def _one(imap: IMAPClient, beside: IMAPClient, portal: FastPortal, number: int) -> tuple[float, float]:
    """Milliseconds until the portal was called, and until Dovecot told of the letter to somebody else who waits."""
    time.sleep(random.uniform(1.5, 3.0))
    while beside.idle_check(timeout=0.01):
        pass  # what it says besides
    raw = letter(number, number % CLIENTS)
    begun = time.monotonic()
    imap.append("INBOX", raw)
    beside.idle_check(timeout=30)
    told = time.monotonic()
    return (portal.wait_for(number, seconds=60).at - begun) * 1000, (told - begun) * 1000


def _times(name: str, times: list[float]) -> list[object]:
    return [name, len(times), *(percentile(times, percent) for percent in (50, 95, 99)), min(times), max(times)]


def _large(folder: Path, console: Console) -> Figure:
    """The listener reads a mailbox from its beginning: its memory at a tenth of it, and at the end."""
    with dovecot(OURS) as server, FastPortal() as portal, services.redis(folder) as redis:
        _fill(server)
        home = _home(folder / "large", redis, portal, port=server.imap_port, since=1)
        made, begun = home.connector(), time.monotonic()
        grown: list[float] = []
        with home.listener() as process:
            while (done := _read_up_to(made)) < LARGE:
                if time.monotonic() - begun > _PATIENCE:
                    raise BenchError(f"{done} of {LARGE} letters were read")
                if done >= LARGE / 10:
                    grown.append(_resident(process))
                time.sleep(0.5)
            seconds = time.monotonic() - begun
            grown.append(_resident(process))
        made.journal.close()
    first, growth = grown[0], [each - grown[0] for each in grown]
    rows = [["the listener", first, grown[-1], growth[-1], max(growth), LARGE / seconds]]
    columns = ["", "MiB at a tenth", "MiB at the end", "growth", "most", "letters/s"]
    show(console, f"A mailbox of {LARGE} letters", columns, rows)
    of = f"resident memory of the listener between a tenth and the end of {LARGE} small letters"
    return Figure(name=_RSS, value=growth[-1], unit="MiB", spread=(min(growth), max(growth)), of=of)


def _fill(server: Dovecot) -> None:
    """Letters as files of a Maildir: Dovecot takes them as they lie there."""
    maildir = server.folder / "mail" / OURS / "Maildir"
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True)
    for number in range(LARGE):
        raw = (
            f"From: Anna <anna{number % 997}@client.test>\r\nTo: {OURS}\r\nSubject: Order {number}\r\n"
            f"Message-ID: <{number}@client.test>\r\n\r\nWhere is it?\r\n"
        )
        (maildir / "cur" / f"1700000000.{number:07}.bench:2,").write_text(raw)
    owner = server.folder.stat()
    for path in [server.folder / "mail", *(server.folder / "mail").rglob("*")]:
        shutil.chown(path, owner.st_uid, owner.st_gid)


def _read_up_to(made: Any) -> int:
    return int((made.journal.recall(MARK, "box/INBOX") or {}).get("uid", 0))


def _resident(process: int) -> float:
    """MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def _home(folder: Path, redis: str, portal: FastPortal, *, port: int = 9, since: int = 0) -> House:
    return house(folder, redis=redis, portal=portal.url, accounts=_ACCOUNT.format(ours=OURS, port=port, since=since))


def _row(name: str, rates: list[float]) -> list[object]:
    return [name, sorted(rates)[len(rates) // 2], min(rates), max(rates)]
