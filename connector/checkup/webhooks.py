"""Portals that work by a webhook alone: told when a process starts (trap 15)."""

from __future__ import annotations

import structlog

from connector.settings import Settings

log = structlog.get_logger()


def warn_of_webhooks(settings: Settings) -> None:
    """One line in the log for each portal without an application."""
    for name, portal in settings.portals.items():
        if portal.app is None:
            log.warning(
                "portal.webhook_only",
                portal=name,
                works="CRM, tasks, users, batches, sync",
                needs_app="open lines, events, pages and widgets in the portal",
                hint=f"connector portal install {name}",
            )
