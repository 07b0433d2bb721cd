"""Dialogues as files: frames as they are on the wire, each under the second at which it comes.

``# …`` is a comment, ``@12.340`` the time of the frame that follows, an empty line ends a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connector.providers.asterisk.standin.script import Frame


def written(frames: Iterable[Frame], about: str = "") -> str:
    """The text of a file."""
    head = f"# {about}\n\n" if about else ""
    return head + "\n".join(f"@{frame.at:.3f}\n{frame.text.replace(chr(13), '')}" for frame in frames)


def frames_of(text: str) -> tuple[Frame, ...]:
    """The frames of a file. Raises ``ValueError`` for one that is not under a time."""
    return tuple(_frame(lines) for lines in _blocks(text))


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in (*text.splitlines(), ""):
        if line.startswith("#"):
            continue
        if line:
            block.append(line)
        elif block:
            yield block
            block = []


def _frame(lines: list[str]) -> Frame:
    if not lines[0].startswith("@"):
        raise ValueError(f"a frame without its time: {lines[0]!r}")
    return Frame(at=float(lines[0][1:]), text="".join(f"{line}\r\n" for line in lines[1:]))
