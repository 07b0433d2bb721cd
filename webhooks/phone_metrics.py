"""What ``/metrics`` tells of PBXs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from connector.bootstrap import Connector
from connector.telephony.health import Pbx, pbxs

_FAMILIES: tuple[tuple[str, str, Callable[[Pbx], bool], Callable[[Pbx, float], float | None]], ...] = (
    (
        "connector_calls_open",
        "Calls that are not finished in Bitrix24",
        lambda one: True,
        lambda one, now: float(one.calls),
    ),
    (
        "connector_history_read_seconds",
        "Age of the newest call that a PBX's history was asked for",
        lambda one: one.history,
        lambda one, now: now - one.read.timestamp() if one.read else None,
    ),
)


def phone_metrics(connector: Connector) -> Iterator[Metric]:
    """The families, each with a value per account that has one. Raises ``JournalAway``."""
    seen, now = pbxs(connector), connector.clock().timestamp()
    for name, text, has, value in _FAMILIES:
        family = GaugeMetricFamily(name, text, labels=["account"])
        for one in seen:
            told = value(one, now) if has(one) else None
            if told is not None:
                family.add_metric([one.name], max(0.0, told))
        if family.samples:
            yield family
