"""The application that a WSGI server loads: ``webhooks.wsgi:app``."""

from __future__ import annotations

import os
import threading

import structlog
from flask import Flask

from connector import logs
from connector.checkup import warn_of_webhooks
from connector.errors import ConnectorError
from jobs.dispatch import House, house
from jobs.patience import until_built
from webhooks.app import create_app

log = structlog.get_logger()

_DRAIN_EVERY = 2.0  # seconds


def load() -> Flask:
    """The application of this process, wired from the environment. Waits while the database is away."""
    logs.configure()
    home = until_built(house, threading.Event())
    assert home is not None
    warn_of_webhooks(home.connector.settings)
    _drain_spool(home)
    return create_app(home.connector, proxies=int(os.environ.get("CONNECTOR_PROXIES") or 0))


def _drain_spool(home: House) -> None:
    """Every machine that takes requests feeds its own spool back; nobody else can reach its disk."""

    def drain() -> None:
        pause = threading.Event()
        while not pause.wait(_DRAIN_EVERY):
            try:
                if home.connector.spool.pending():
                    home.connector.intake.drain()
            except ConnectorError as error:
                log.warning("spool.waits", cause=error.cause)
            except Exception:  # the drain outlives whatever one round may raise
                log.exception("spool.drain_failed")

    threading.Thread(target=drain, name="spool", daemon=True).start()


app = load()
