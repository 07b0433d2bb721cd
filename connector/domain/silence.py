"""When a channel is too quiet to be healthy: a green dashboard over a dead channel is worse than none.

The rule. Every hour has its *usual* number of requests: the median of the same hour over the past eight weeks, once
over days of the same kind (workdays, or Saturdays and Sundays) and once over the same weekday; the smaller of the two
counts. So neither a zone far from UTC nor a Friday that is always free makes an alarm. Only hours up to the sender's
last request are asked: days of silence never become usual. While a sender is silent, the usual numbers of the full
hours that went by are added up: what it *missed*. It is silent when that reaches ``ENOUGH``.

Hence a channel with a request a day, or one that knows less than ``WEEKS`` weeks, never alarms, at night the sum does
not grow, and a busy channel alarms one to two hours after its last request. If ten are usual and each comes
independently, all of them staying away by chance happens once in twenty thousand such times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

HOUR, DAY = 3600, 86400
ENOUGH = 10.0  # requests that usually would have come
WEEKS = 2  # the same weekday must have been seen so often, and the kind of day twice as often
MEMORY = 56  # days that are looked back
# Envelopes that we wrote ourselves (connector/telephony/own.py) are no sign of life.
OWN_METHODS = ("HISTORY", "WATCHDOG")


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Who is silent (``account:…``, ``portal:…``), since when, and how many requests usually come meanwhile."""

    name: str
    since: datetime
    missed: int


def asked(hour: int) -> list[int]:
    """The hours (unix seconds of their starts) that tell what is usual in ``hour``: on days of the same kind."""
    return [past for past in range(hour - DAY, hour - (MEMORY + 1) * DAY, -DAY) if _free(past) == _free(hour)]


def usual(hour: int, history: Mapping[int, int]) -> float:
    """What usually arrives in ``hour``; 0 when too little is known. ``history``: arrivals by the start of the hour."""
    alike = [history[past] for past in asked(hour) if past in history]
    same_day = [history[past] for past in range(hour - 7 * DAY, hour - (MEMORY + 1) * DAY, -7 * DAY) if past in history]
    if len(same_day) < WEEKS or len(alike) < 2 * WEEKS:
        return 0.0
    return float(min(median(alike), median(same_day)))


def missed(before: float, arrived: int, expected: float) -> float:
    """The sum after an hour in which so many arrived and ``expected`` are usual; ``before`` is the sum until then."""
    return 0.0 if arrived else before + expected


def judge(name: str, last: datetime | None, total: float) -> Silence | None:
    """The alarm, if there is one: ``total`` is what was missed in the full hours since ``last``."""
    if last is None or total < ENOUGH:
        return None
    return Silence(name=name, since=last, missed=round(total))


def _free(hour: int) -> bool:
    return datetime.fromtimestamp(hour, UTC).weekday() >= 5
