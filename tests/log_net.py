"""A net under all tests: whatever any of them logs is searched for secrets and for clients' data, after the mask.

What the tests themselves log goes through the product's own logging at its most talkative; what processes of ours
write ends in ``*.log`` files below pytest's folder. The values are recognisable: they stand in the settings of tests
and stand-ins, or begin alike.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector import logs

#: Application tokens of the sandbox and secret keys of the houses begin with this.
MARK = "5ec2e75ec2e7"
KINDS = {
    "access or refresh token": r"(?<![0-9a-f])[0-9a-f]{70}(?![0-9a-f])",
    "application token or secret key": rf"{MARK}[0-9a-f]{{4,}}|a secret key of at least thirty-two",
    "client secret": r"house-secret|sandbox-secret|the-secret-of-the-demo|s3cret\b",
    "webhook code": r"sandboxwebhookcode|planted0webhook0code",
    "Telegram token": r"token_of-the-test|stand-in-token-of-the-demo|abcdefghijklmnopqrstuvwxyzABCDEFGHI",
    "Telegram secret": r"stand-in-secret-of-the-demo|secret_of-the-test",
    "generic secret": r"c3RhbmQtaW4tc2VjcmV0|MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw|b2xkLXNlY3JldC1v",
    "password in a URL": r"planted-password|hunter2hunter2",
    "signature of a file": r"\bSIGN=[0-9a-f]{32}",
    "name of a client": r"Plantagenet|\bDmitri\b|Zinaida",
    "telephone of a client": r"(?<![\w.])\+?7[ (-]{0,2}9[09]0[ )-]{0,2}[01]{3}[ -]?\d{2}[ -]?\d{2}(?![\w.])",
    "mailbox of a client": r"planted\.person|row\d+@example",
    "text of a message": r"planted words|is the order ready",
}
SEARCH = re.compile("|".join(f"(?P<k{number}>{pattern})" for number, pattern in enumerate(KINDS.values())))
_NAMES = list(KINDS)
#: The same one by one and without what is asked of their neighbours: ten times as quick to say that nothing is there.
HINTS = [
    re.compile(part)
    for pattern in KINDS.values()
    for part in re.sub(r"\(\?<?!.*?\)|\\b|\\\+\?", "", pattern).split("|")
]


def kinds(text: str) -> list[tuple[str, str]]:
    """``(kind, the line around it with the value blotted out)`` of everything that must not be there."""
    found = []
    for line in text.splitlines() if any(hint.search(text) for hint in HINTS) else ():
        met = SEARCH.search(line)
        if met and met.lastgroup:
            around = line[max(0, met.start() - 150) : met.start()] + "<HERE>" + line[met.end() : met.end() + 50]
            found.append((_NAMES[int(met.lastgroup[1:])], SEARCH.sub("<HERE>", around)))
    return found


class Net(io.TextIOBase):
    """A stream that keeps what was written until it is looked at."""

    def __init__(self) -> None:
        self.caught: list[str] = []
        self.found: list[str] = []

    def write(self, text: str) -> int:
        self.caught.append(text)
        return len(text)

    def look(self) -> list[tuple[str, str]]:
        """What is wrong with all that was written since the last look."""
        text, self.caught[:] = "".join(self.caught), []
        return kinds(text)

    def report(self, where: str, found: list[tuple[str, str]]) -> None:
        """Remember for the end of the session, where it was and what."""
        self.found += [f"{where}: {kind}: {line}" for kind, line in found]


NET = Net()


def spread() -> None:
    """Logging as a process has it, at its most talkative, into the net; pytest's own handlers stay."""
    root = logging.getLogger()
    others = [handler for handler in root.handlers if getattr(handler, "stream", None) is not NET]
    logs.configure(style="json", level="DEBUG", stream=NET)
    root.handlers.extend(others)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Every test begins with the net spread."""
    spread()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A test whose log lines hold what they must not ends with an error."""
    result = yield
    found = NET.look()
    if found:
        told = "\n".join(f"{kind}: {line}" for kind, line in found[:5])
        pytest.fail(f"{item.nodeid} logged what nobody may read\n{told}", pytrace=False)
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What went to stderr past the net."""
    NET.report(report.nodeid, kinds(report.capstderr))


@pytest.fixture(scope="session", autouse=True)
def log_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Looked through last of all: what the processes of all houses wrote."""
    yield
    read_files(tmp_path_factory.getbasetemp())


def read_files(folder: Path) -> None:
    """Look through every log file of processes below ``folder``."""
    for file in sorted(folder.rglob("*.log")):
        NET.report(str(file.relative_to(folder)), kinds(file.read_text(errors="replace")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The whole run fails when a file or stderr held what it must not."""
    if NET.found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the file and the kind, never the value."""
    if NET.found:
        terminalreporter.section("secrets or clients' data in the logs", red=True)
        for line in NET.found[:50]:
            terminalreporter.write_line(line)
