"""Server-sent events: a frame now, one for each change, and an end."""

from __future__ import annotations

from collections.abc import Iterator

from webhooks.streams import KEEP_ALIVE, stream, told


class Time:
    """Goes on only while somebody pauses."""

    def __init__(self) -> None:
        self.now = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def frames(seen: Iterator[str | None], *, every: float = 1.0, longest: float = 600.0) -> list[bytes]:
    time = Time()
    return list(told(lambda: next(seen), every=every, longest=longest, pause=time.pause, now=time))


def test_a_frame_comes_at_once_and_then_when_something_changed():
    assert frames(iter(["a", "a", "b", "b", "a", None])) == [
        b"retry: 2000\n\n",
        b"data: a\n\n",
        b"data: b\n\n",
        b"data: a\n\n",
        b"event: over\ndata:\n\n",
    ]


def test_a_quiet_line_is_kept_alive():
    told_so = frames(iter(["a"] * 99), longest=3 * KEEP_ALIVE)
    assert told_so[2:] == [b": still here\n\n"] * 2


def test_a_line_ends_after_a_while_without_sending_the_browser_away():
    assert frames(iter(["a"] * 99), longest=5.0)[-1] == b"data: a\n\n"


def test_nobody_keeps_the_frames_on_the_way():
    answer = stream(lambda: None)
    assert answer.mimetype == "text/event-stream"
    assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == ("no-store", "no")
