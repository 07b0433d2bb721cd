"""Subscriptions that a PBX forgets after a while are renewed in time. The link ``subscription`` of an account keeps
``{"id", "due_at", "url", "why", "hint", "again"}``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.journal import JournalAway
from connector.journal.links import moment_in
from connector.listening.health import Seen
from connector.routes import Account
from connector.speech import Text

log = structlog.get_logger()

KIND = "subscription"
AGAIN, REFUSED = timedelta(seconds=60), timedelta(minutes=10)  # after a failure
_LOCK = 120.0
_BROKEN = Text(
    "The PBX answered about our subscription in a way that cannot be read; update the connector. The log tells more",
    "АТС ответила о нашей подписке так, что это нельзя прочитать; обновите коннектор. Подробности в логе",
)


class House(Seen, Protocol):
    """The part of the wired connector that is looked at, with its public address."""

    @property
    def settings(self) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What is kept: the ``id`` at the PBX for our address ``url``, when it is to be renewed; ``why`` and ``hint`` of
    the last failure, and ``again`` when it is tried next."""

    id: str = ""
    due_at: datetime | None = None
    url: str = ""
    why: str = ""
    hint: tuple[str, str] = ("", "")
    again: datetime | None = None

    def due(self, now: datetime, url: str) -> bool:
        """Whether to subscribe now: never done, time is up, or we have another address."""
        if self.again is not None and now < self.again:
            return False
        return self.due_at is None or now >= self.due_at or self.url != url


def renews(account: Account) -> bool:
    """Whether the PBX wants to be subscribed to."""
    return account.provider.telephony is not None and account.provider.telephony.renew is not None


def renew(house: House, name: str) -> bool:
    """Subscribe to the PBX of ``name`` if it is time; ``True`` when that was done. A failure is noted. Raises
    ``JournalAway``."""
    url = f"{str(house.settings.public_url).rstrip('/')}/hooks/{name}"
    if not subscription_of(house, name).due(house.clock(), url):
        return False
    with house.journal.lock(f"subscription:{name}", ttl=_LOCK) as mine:
        kept = subscription_of(house, name)
        return bool(mine) and kept.due(house.clock(), url) and _renewed(house, house.accounts[name], kept, url)


def subscription_of(house: Seen, name: str) -> Subscription:
    """What is kept of an account's subscription. Raises ``JournalAway``."""
    kept = house.journal.recall(KIND, name)
    if not isinstance(kept, Mapping):
        return Subscription()
    hint = kept.get("hint")
    return Subscription(
        id=str(kept.get("id") or ""),
        due_at=moment_in(kept.get("due_at")),
        url=str(kept.get("url") or ""),
        why=str(kept.get("why") or ""),
        hint=(str(hint[0]), str(hint[1])) if isinstance(hint, list) and len(hint) == 2 else ("", ""),
        again=moment_in(kept.get("again")),
    )


def _renewed(house: House, account: Account, kept: Subscription, url: str) -> bool:
    telephony = account.provider.telephony
    assert telephony is not None
    assert telephony.renew is not None
    try:
        made = telephony.renew(account.settings, url, account.http, kept.id)
    except JournalAway:
        raise
    except ConnectorError as error:
        return _failed(house, account.name, kept, error)
    except Exception as error:  # a provider may raise anything at all; the former subscription may still hold
        log.exception("subscription.failed", account=account.name)
        unread = PermanentError("subscription.unreadable", hint=_BROKEN, detail=type(error).__name__)
        return _failed(house, account.name, kept, unread)
    told = {"id": made.id, "due_at": made.due_at.isoformat(), "url": url, "why": "", "hint": ["", ""], "again": ""}
    house.journal.remember(KIND, account.name, told)
    log.info("subscription.renewed", account=account.name, due_at=told["due_at"])
    return True


def _failed(house: House, name: str, kept: Subscription, error: ConnectorError) -> bool:
    asked = error.retry_after if isinstance(error, TransientError) else None
    pause = timedelta(seconds=asked) if asked else AGAIN if isinstance(error, TransientError) else REFUSED
    log.warning("subscription.waits", account=name, cause=error.cause, hint=error.hint.en)
    told = {
        "id": kept.id,
        "due_at": kept.due_at.isoformat() if kept.due_at else "",
        "url": kept.url,
        "why": error.cause[:200],
        "hint": [error.hint.en, error.hint.ru],
        "again": (house.clock() + min(pause, timedelta(hours=1))).isoformat(),
    }
    house.journal.remember(KIND, name, told)
    return False
