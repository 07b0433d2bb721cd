"""What ``/metrics`` tells of streams: whether PBXs and mailboxes are heard."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from connector.bootstrap import Connector
from connector.listening.health import CONNECTED, streams


def stream_metrics(connector: Connector) -> Iterator[Metric]:
    """The families, each with a value per account that has a stream. Raises ``JournalAway``."""
    seen, now = streams(connector), connector.clock().timestamp()
    connected = GaugeMetricFamily(
        "connector_stream_connected",
        "Whether the stream of a PBX or of a mailbox is connected (1) or not (0)",
        labels=["account"],
    )
    heard = GaugeMetricFamily(
        "connector_stream_heard_seconds", "Seconds since a PBX or a mailbox gave a sign of life", labels=["account"]
    )
    for name, one in seen.items():
        connected.add_metric([name], float(one.state == CONNECTED))
        if one.heard:
            heard.add_metric([name], max(0.0, now - one.heard.timestamp()))
    yield from (family for family in (connected, heard) if family.samples)
