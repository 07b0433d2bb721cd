"""Server-sent events: a page that is told when something changed, and looks again by itself when the line breaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from flask import Response

EVERY = 1.0  # seconds between two looks
KEEP_ALIVE = 15.0  # proxies close a line on which nothing is said
LONGEST = 600.0  # seconds; then the browser comes back, and is asked again who it is

Pause = Callable[[float], object]


def stream(look: Callable[[], str | None], *, every: float = EVERY, pause: Pause = time.sleep) -> Response:
    """A stream of what ``look`` returns: one frame now, and one whenever it is another than before.

    ``look`` returns one line of text (JSON or a version), or ``None`` to end the stream for good: the event ``over``
    tells the page not to come back.
    """
    answer = Response(told(look, every=every, pause=pause), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # nginx would keep the frames
    return answer


def told(
    look: Callable[[], str | None],
    *,
    every: float,
    pause: Pause,
    longest: float = LONGEST,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """The frames as bytes."""
    yield b"retry: 2000\n\n"
    sent, began = None, now()
    spoke = began
    while now() - began < longest:
        seen = look()
        if seen is None:
            yield b"event: over\ndata:\n\n"
            return
        if seen != sent:
            yield f"data: {seen}\n\n".encode()
            sent, spoke = seen, now()
        elif now() - spoke > KEEP_ALIVE:
            yield b": still here\n\n"
            spoke = now()
        pause(every)
