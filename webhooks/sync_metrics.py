"""What ``/metrics`` tells of sync jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from connector.bootstrap import Connector
from connector.journal.sync_model import RunState
from connector.sync.health import STATES, Kind, Standing, standings

_ENDED: tuple[RunState, ...] = ("done", "braked", "failed", "cancelled")
_OUTCOMES = ("read", "created", "updated", "unchanged", "gone", "parked")
_FIGURES: tuple[tuple[str, str, Callable[[Standing], float | None]], ...] = (
    ("connector_sync_lag_seconds", "Seconds since the last good run of a source ended", lambda one: one.lag),
    (
        "connector_sync_last_good_timestamp_seconds",
        "When the last good run of a source ended",
        lambda one: one.good_at.timestamp() if one.good_at is not None else None,
    ),
    ("connector_sync_rows_parked", "Rows of a source that wait for a person", lambda one: float(one.parked)),
    ("connector_sync_rows_waiting", "Rows of a source that are to be written", lambda one: float(one.waiting)),
)


def sync_metrics(connector: Connector) -> Iterator[Metric]:
    """The families, each with a value per source. What runs did is counted in the journal, where they are kept for a
    while: a counter that falls has lost its oldest runs. Raises ``JournalAway``.
    """
    seen = standings(connector)
    if not seen:
        return
    for name, text, value in _FIGURES:
        family = GaugeMetricFamily(name, text, labels=["source"])
        for one in seen:
            told = value(one)
            if told is not None:
                family.add_metric([one.name], told)
        if family.samples:
            yield family
    yield from _states(seen)
    yield from _counted(connector, seen)


def _states(seen: tuple[Standing, ...]) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "connector_sync_state", "How the source is: 1 for its present state", labels=["source", "state"]
    )
    alarms = GaugeMetricFamily(
        "connector_sync_alarm", "Whether a source needs a person for this (1) or not (0)", labels=["source", "kind"]
    )
    for one in seen:
        raised = {alarm.kind for alarm in one.alarms}
        for state in STATES:
            states.add_metric([one.name, state], float(state == one.state))
        for kind in get_args(Kind):
            alarms.add_metric([one.name, kind], float(kind in raised))
    yield states
    yield alarms


def _counted(connector: Connector, seen: tuple[Standing, ...]) -> Iterator[Metric]:
    sums = connector.journal.run_sums()
    runs = CounterMetricFamily("connector_sync_runs", "Runs of a source that are over", labels=["source", "state"])
    rows = CounterMetricFamily("connector_sync_rows", "What became of rows in its runs", labels=["source", "outcome"])
    asked = CounterMetricFamily("connector_sync_requests", "Requests to the portal by its runs", labels=["source"])
    for one in seen:
        mine = sums.get(one.name)
        for state in _ENDED:
            runs.add_metric([one.name, state], float(mine.ended.get(state, 0) if mine else 0))
        for outcome in _OUTCOMES:
            rows.add_metric([one.name, outcome], float(mine.counts[outcome] if mine else 0))
        asked.add_metric([one.name], float(mine.counts["requests"] if mine else 0))
    yield from (runs, rows, asked)
