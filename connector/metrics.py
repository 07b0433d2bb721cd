"""What is counted in this process. Depths and ages come from the journal when somebody scrapes, not from here.

Under gunicorn several processes count; ``PROMETHEUS_MULTIPROC_DIR`` (set by ``webhooks/gunicorn_conf.py`` before
anything imports ``prometheus_client``) lets one scrape sum them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter


@dataclass(frozen=True, kw_only=True)
class Counters:
    """``envelopes``: labels account, outcome (accepted, repeated, ignored, parked, spooled, refused) and cause."""

    envelopes: Counter
    wakes: Counter

    def envelope(self, account: str, outcome: str, cause: str = "") -> None:
        """One request more. ``account`` must be a configured name (or empty): labels are never a stranger's text."""
        self.envelopes.labels(account, outcome, cause).inc()

    def wake(self, outcome: str) -> None:
        """One wake more: ``sent``, ``failed`` or ``skipped`` (Redis was away a moment ago)."""
        self.wakes.labels(outcome).inc()


def make(registry: CollectorRegistry) -> Counters:
    """The counters, registered in ``registry``."""
    return Counters(
        envelopes=Counter(
            "connector_envelopes",
            "Requests at the edge by account, outcome and cause",
            ["account", "outcome", "cause"],
            registry=registry,
        ),
        wakes=Counter("connector_wakes", "Wake-ups of pumps by outcome", ["outcome"], registry=registry),
    )


@cache
def counters() -> Counters:
    """The counters of this process."""
    return make(REGISTRY)
