"""Who holds a lease: a process, named so that others on the same machine can see whether it still lives."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def myself() -> str:
    """``<space>/<pid>/<start>`` of this process.

    ``space`` is the boot and the pid namespace: two processes of one space see the same ``/proc``, so a container
    never judges the processes of another. Empty where there is no ``/proc``; then only time ends a lease.
    """
    pid = os.getpid()
    return f"{_space()}/{pid}/{_started(pid) or ''}"


def gone(holder: str) -> bool:
    """Whether ``holder`` is certainly dead. ``False`` for a process of another machine or container."""
    space, _, rest = holder.partition("/")
    pid, _, started = rest.partition("/")
    if not space or space != _space() or not pid.isdigit() or not started:
        return False
    return _started(int(pid)) != started


def _space() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{os.stat(_PROC / 'self/ns/pid').st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """Clock ticks after boot at which ``pid`` began; ``None`` when it is dead or only waits to be reaped."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets: proc(5)
    return None if fields[0] in "ZX" else fields[19]
