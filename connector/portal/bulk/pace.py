"""When bulk work goes on after trouble that proves that nothing ran, and when it gives up."""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import TransientError

LIMITED = "bitrix24.operating_limit"
TRIES = 6
WINDOW = 60.0
# Asking again costs nothing while a method waits (it is not sent), and another process may know an earlier reset.
NAP = 30.0
_LONGEST = 60.0


class Pace:
    """The waits of one run of bulk work.

    A method without operating time is waited for, up to ``patience`` seconds in a row; other trouble is met
    :data:`TRIES` times in a row with growing pauses. ``sleep`` takes seconds.
    """

    def __init__(self, sleep: Callable[[float], None], *, patience: float) -> None:
        self._sleep, self._patience = sleep, patience
        self._waited, self._tries = 0.0, 0

    def after(self, error: TransientError) -> None:
        """Sleep until the same may be asked again. Raises ``error`` when that was done often or long enough."""
        if error.cause == LIMITED:
            self.wait(window(error), error)
            return
        self._tries += 1
        if self._tries >= TRIES:
            raise error
        pause = min(2.0**self._tries, _LONGEST)
        self._sleep(pause if error.retry_after is None else max(error.retry_after, 0.0))

    def wait(self, seconds: float, error: TransientError) -> None:
        """A nap for a method's window, at most as long as it. Raises ``error`` when the patience is over."""
        nap = min(max(seconds, 0.05), NAP)
        if self._waited + nap > self._patience:
            raise error
        self._waited += nap
        self._sleep(nap)

    def went(self) -> None:
        """Something was done: the counts begin anew."""
        self._waited, self._tries = 0.0, 0


def window(error: TransientError) -> float:
    """The seconds that a method without operating time waits, a minute where nobody told (§3.2)."""
    return WINDOW if error.retry_after is None else error.retry_after
