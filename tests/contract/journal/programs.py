"""Other processes for the tests: ``python -m tests.contract.journal.programs <what> <url>``."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from connector.journal import Journal, LeaseLost, Vault, open_journal
from tests.conftest import SECRET
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, leased, put, settle


def say(line: str) -> None:
    """One line, at once."""
    os.write(1, f"{line}\n".encode())


def journal_at(url: str) -> Journal:
    """The journal of this process."""
    return open_journal(url, Vault([SECRET]))


def start(url: str) -> None:
    """Come up on whatever is there."""
    journal_at(url).close()
    say("up")


def write(url: str) -> None:
    """Accept for ever, from several threads; each key is said once it is acknowledged."""
    journal = journal_at(url)

    def knock(thread: int) -> None:
        for number in range(10**9):
            key = f"{os.getpid()}.{thread}.{number}"
            journal.accept(an_envelope(key), [a_delivery(lane=key)])
            say(key)

    for thread in range(8):
        threading.Thread(target=knock, args=(thread,)).start()


def hold(url: str) -> None:
    """Take the lease and a lock, and keep them."""
    journal = journal_at(url)
    lease = journal.lease(MAIN, ttl=3600)
    with journal.lock("refresh:main", ttl=3600) as taken:
        say("held" if lease and taken else "not held")
        signal.pause()


def chase(url: str) -> None:
    """Bring work and drain it if nobody else does, again and again: the pump's protocol without a sweep."""
    journal = journal_at(url)
    for number in range(25):
        put(journal, a_delivery(lane=f"{os.getpid()}.{number % 3}"))
        lease = journal.lease(MAIN)
        while lease is not None:
            for delivery in journal.claim(lease, lanes=8):
                settle(journal, lease, delivery)
            if journal.leave(lease):
                lease = None
    say("chased")


def contend(url: str) -> None:
    """Take turns at the lease; say when it is held and when it is given back."""
    journal = journal_at(url)
    ends = time.monotonic() + 0.8
    while time.monotonic() < ends:
        lease = journal.lease(MAIN)
        if lease is None:
            continue
        try:
            say(f"take {lease.fence}")
            journal.renew(lease)
            say(f"free {lease.fence}")
            journal.leave(lease)
        except LeaseLost:
            say(f"lost {lease.fence}")


def fork(url: str) -> None:
    """Use the journal, fork, use it in both."""
    journal = journal_at(url)
    put(journal, a_delivery(text="before"))
    child = os.fork()
    put(journal, a_delivery(text="child" if child == 0 else "parent"))
    journal.stats()
    if child == 0:
        os._exit(0)
    _, status = os.waitpid(child, 0)
    put(journal, a_delivery(text="after"))
    say(f"forked {status}")


def greenlets(url: str) -> None:
    """Many greenlets of one process; run by ``greenlets.py``, which makes everything cooperative first."""
    import gevent

    journal = journal_at(url)

    def knock(greenlet: int) -> int:
        return sum(journal.accept(an_envelope(f"{greenlet}.{n}"), [a_delivery(lane=str(greenlet))]) for n in range(10))

    jobs = [gevent.spawn(knock, greenlet) for greenlet in range(64)]
    gevent.joinall(jobs, timeout=60)
    leased(journal)
    say(f"accepted {sum(job.value for job in jobs)}")


PROGRAMS: dict[str, Callable[[str], None]] = {
    program.__name__: program for program in (start, write, hold, chase, contend, fork, greenlets)
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](sys.argv[2])
