"""What ``/metrics`` tells of mailboxes."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from connector.bootstrap import Connector
from connector.listening.mailboxes import mailboxes


def mail_metrics(connector: Connector) -> Iterator[Metric]:
    """The families, each with a value per account of mail that has one. Raises ``JournalAway``."""
    seen = mailboxes(connector)
    if not seen:
        return
    stats, day, now = connector.journal.stats(), connector.journal.day().rows, connector.clock().timestamp()
    last = _family("connector_letter_seconds", "Seconds since the last letter, when one came within a day")
    came = _family("connector_letters_last_day", "Letters that came to a mailbox within a day and were kept")
    held = _family("connector_letters_quarantined", "Letters taken for spam that wait for a person")
    for one in seen:
        name = f"account:{one.name}"
        came.add_metric([one.name], float(sum(hour.arrived for hour in day.get(name, {}).values())))
        held.add_metric([one.name], float(stats.get(name, {}).get("held", 0)))
        if one.letter:
            last.add_metric([one.name], max(0.0, now - one.letter.timestamp()))
    yield from (family for family in (last, came, held) if family.samples)


def _family(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["account"])
