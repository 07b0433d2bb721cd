"""gunicorn -c webhooks/gunicorn_conf.py webhooks.wsgi:app

gevent workers: the writers of one process share one commit, and that is most of the intake's speed
(facts/measurements.md §4). The patch comes before anything that imports ssl; so it must be the first line that runs.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import shutil  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402


def _metrics_folder(var: Path) -> str:
    """One folder per web server, emptied at its start; workers inherit it by the environment."""
    folder = var / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _settings() -> Any:
    """The checked settings; every mistake is told and nothing starts with one."""
    from connector import registry
    from connector.errors import SettingsError

    try:
        return registry.settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


def _load() -> None:
    """The application's modules, once, before the workers are forked; each of them wires its own (webhooks/wsgi.py).

    What is loaded stays: no collection of garbage looks through it, so the workers share its pages.
    """
    import gc
    from importlib import import_module

    gc.disable()
    import_module("webhooks.app")
    gc.freeze()
    gc.enable()


def child_exit(server: Any, worker: Any) -> None:
    """A worker that is gone must not leave live gauges behind."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


_loaded = _settings()
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics_folder(_loaded.var)
_load()

bind = os.environ.get("CONNECTOR_BIND") or f"0.0.0.0:{_loaded.port}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gevent"
worker_connections = 1000
keepalive = 30
timeout = 60
graceful_timeout = 5
loglevel = "warning"
proc_name = "connector-web"
