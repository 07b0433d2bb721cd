"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import structlog
from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from connector.bootstrap import Connector
from connector.checkup import UNTOLD
from connector.domain.ports import PortalState
from connector.listening.health import check_streams, listens
from connector.reconcile import mark_of
from connector.sync.health import check_sources
from webhooks.mail_metrics import mail_metrics
from webhooks.phone_metrics import phone_metrics
from webhooks.stream_metrics import stream_metrics
from webhooks.sync_metrics import sync_metrics

log = structlog.get_logger()

STATES = ("not_installed", *get_args(PortalState))
_LIFETIME = timedelta(hours=1)  # of an access token: the pair was born so long before it expires
_METHODS = 20
_PER_DESTINATION = {
    "waiting": ("connector_deliveries_waiting", "Deliveries that wait"),
    "parked": ("connector_deliveries_parked", "Deliveries that wait for a person"),
    "done_last_hour": ("connector_deliveries_done_last_hour", "Deliveries done in the last hour"),
    "oldest": ("connector_oldest_waiting_seconds", "Age of the oldest waiting delivery"),
    "lanes": ("connector_lanes_waiting", "Lanes with waiting deliveries"),
}


def room(connector: Connector) -> Blueprint:
    """The three routes. None of them says more than counts and names of the settings."""
    rooms = Blueprint("health", __name__)
    depths = Depths(connector)

    @rooms.get("/healthz")
    def healthz() -> Response:
        answer = jsonify(status="ok")
        if "X-Forwarded-For" in request.headers and "werkzeug.proxy_fix.orig" not in request.environ:
            answer.headers[UNTOLD] = "yes"
        return answer

    @rooms.get("/readyz")
    def readyz() -> tuple[Response, int]:
        parts = {name: _state(check) for name, check in _checks(connector).items()}
        ready = parts["journal"] == "ok" or parts["spool"] == "ok"
        status = "ok" if all(part == "ok" for part in parts.values()) else "degraded" if ready else "bad"
        return jsonify(status=status, **parts), 200 if ready else 503

    @rooms.get("/metrics")
    def metrics() -> Response:
        return Response(_counted() + generate_latest(depths.registry()), content_type=CONTENT_TYPE_LATEST)

    return rooms


class Depths:
    """What stands in the journal, the spool and the budgets at this moment."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def registry(self) -> CollectorRegistry:
        """A registry that reads on each scrape."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return registry

    def collect(self) -> Iterator[Metric]:
        """One family after the other; a part that cannot be read is missing, and ``connector_up`` says which."""
        up = GaugeMetricFamily("connector_up", "Whether a part answers (1) or not (0)", labels=["part"])
        parts: dict[str, Callable[[], Iterator[Metric]]] = {
            "journal": self._deliveries,
            "spool": self._spool,
            "portals": self._portals,
            "budget": self._budgets,
            "streams": lambda: stream_metrics(self._connector),
            "telephony": lambda: phone_metrics(self._connector),
            "mail": lambda: mail_metrics(self._connector),
            "sync": lambda: sync_metrics(self._connector),
        }
        for name, part in parts.items():
            try:
                yield from list(part())
                up.add_metric([name], 1.0)
            except Exception as error:  # a scrape reports what it can
                log.warning("metrics.part_away", part=name, error=type(error).__name__)
                up.add_metric([name], 0.0)
        yield up

    def _deliveries(self) -> Iterator[Metric]:
        stats = self._connector.journal.stats()
        for field, (name, text) in _PER_DESTINATION.items():
            family = GaugeMetricFamily(name, text, labels=["destination"])
            for destination, numbers in sorted(stats.items()):
                family.add_metric([destination], float(numbers.get(field) or 0))
            yield family
        silent = GaugeMetricFamily(
            "connector_silence_missed_requests",
            "Requests that usually would have come since the last one, of whoever is silent",
            labels=["sender"],
        )
        for silence in self._connector.journal.silences():
            silent.add_metric([silence.name], float(silence.missed))
        yield silent
        parked = self._connector.journal.parked_envelopes()
        yield GaugeMetricFamily("connector_envelopes_parked", "Requests that could not be read", value=parked)
        found = CounterMetricFamily("connector_replies_found", "Replies of which no event had come", labels=["portal"])
        for name in self._connector.settings.portals:
            found.add_metric([name], float(mark_of(self._connector.journal, name).total))
        yield found

    def _spool(self) -> Iterator[Metric]:
        size = _size(self._connector.settings.var / "spool")
        yield GaugeMetricFamily("connector_spool_bytes", "Bytes that wait for the database", value=size)

    def _portals(self) -> Iterator[Metric]:
        states = GaugeMetricFamily(
            "connector_portal_state", "How the portal is: 1 for its present state", labels=["portal", "state"]
        )
        ages = GaugeMetricFamily(
            "connector_token_age_seconds", "Seconds since the portal's tokens were renewed", labels=["portal"]
        )
        for name, portal in self._connector.portals.items():
            installation = portal.installation()
            now = installation.state if installation is not None else "not_installed"
            for state in STATES:
                states.add_metric([name, state], 1.0 if state == now else 0.0)
            if installation is not None and installation.grant.refresh_token:
                born = installation.grant.expires_at - _LIFETIME
                ages.add_metric([name], max(0.0, (self._connector.clock() - born).total_seconds()))
        yield states
        yield ages
        yield self._stops()

    def _stops(self) -> Metric:
        """Counted in the journal: a portal is stopped by a worker, whose own counters nobody scrapes."""
        family = CounterMetricFamily(
            "connector_portal_stops", "Times that the portal was stopped", labels=["portal", "state"]
        )
        for name, portal in self._connector.portals.items():
            row = name if portal.connector_prefix else f"webhook:{name}"
            for state, count in (self._connector.journal.recall("stops", row) or {}).items():
                family.add_metric([name, state], float(count))
        return family

    def _budgets(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("connector_budget", "The portal's allowance of requests", labels=["portal", "what"])
        seconds = GaugeMetricFamily(
            "connector_operating_seconds",
            "Operating seconds that a method used up in its ten minutes",
            labels=["portal", "method"],
        )
        for name, portal in self._connector.portals.items():
            for what, value in portal.budget.level().items():
                family.add_metric([name, what], value)
            spent = {method: row["seconds"] for method, row in portal.budget.operating().items()}
            for method in sorted(spent, key=lambda method: (-spent[method], method))[:_METHODS]:
                seconds.add_metric([name, method], spent[method])
        yield family
        yield seconds


def _counted() -> bytes:
    """The counters of this process, or of all web processes when they share a folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _checks(connector: Connector) -> dict[str, Callable[[], Any]]:
    checks: dict[str, Callable[[], Any]] = {
        "journal": lambda: connector.journal.recall("ready", "?"),
        "spool": lambda: _writable(connector.settings.var),
        "redis": lambda: connector.redis.ping(),
    }
    if any(listens(account) for account in connector.accounts.values()):
        checks["streams"] = lambda: check_streams(connector)
    if connector.settings.sources:
        checks["sources"] = lambda: check_sources(connector)
    return checks


def _state(check: Callable[[], Any]) -> str:
    """``ok`` or ``bad``; a check that hangs is bad after two seconds."""
    with_time = ThreadPoolExecutor(1)
    try:
        with_time.submit(check).result(timeout=2.0)
    except Exception as error:  # whatever it is, the part is not usable now
        log.warning("ready.bad", error=type(error).__name__)
        return "bad"
    finally:
        with_time.shutdown(wait=False)
    return "ok"


def _writable(folder: Path) -> None:
    """Raises ``OSError`` when nothing can be written into ``folder``."""
    probe = folder / f".ready-{os.getpid()}"
    probe.write_bytes(b"1")
    probe.unlink()


def _size(folder: Path) -> float:
    return float(sum(path.stat().st_size for path in folder.glob("*") if path.is_file())) if folder.is_dir() else 0.0
