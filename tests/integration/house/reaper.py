"""Ends the processes of a house whose tests died without ending them. ``python reaper.py <mark>``.

Each line of the standard input is ``+<group>`` or ``-<group>``: a process group began or ended. When the input ends,
the groups that are left are killed, and every process that has the mark in its environment: some lead groups of their
own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path


def marked(mark: str) -> list[int]:
    """The processes with ``mark`` in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def main() -> None:
    """Read until the tests are gone, then clean up after them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        groups.add(group) if line[0] == "+" else groups.discard(group)
    with contextlib.suppress(ProcessLookupError):
        for group in groups:
            os.killpg(group, signal.SIGKILL)
    for pid in marked(sys.argv[1]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
