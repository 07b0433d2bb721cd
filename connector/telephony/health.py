"""How PBXs stand: their streams, the calls that are going on, and how far their histories were read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.listening.health import SILENT, Seen, Standing, streams
from connector.routes import Account
from connector.speech import Text
from connector.telephony.checkpoint import Checkpoint, checkpoint_of
from connector.telephony.history import has_history
from connector.telephony.ongoing import open_calls
from connector.telephony.renewal import renews, subscription_of

UNREAD = timedelta(hours=1)
LAPSED = timedelta(minutes=10)

_UNREAD = Text(
    "{name}: the history of the PBX cannot be read ({why}), so calls of an outage stay unknown. {hint}",
    "{name}: историю АТС прочитать не удаётся ({why}), поэтому звонки за время сбоя останутся неизвестны. {hint}",
)
_LAPSED = Text(
    "{name}: the PBX does not take our subscription ({why}), so it will not tell of calls. {hint}",
    "{name}: АТС не принимает нашу подписку ({why}) и не сообщит о звонках. {hint}",
)


@dataclass(frozen=True, kw_only=True)
class Pbx(Standing):
    """One account of telephony; its ``state`` is empty when the PBX calls us by webhooks.

    ``calls`` are going on. ``read`` is how far the history was read (``None``: without one, or before the first look),
    ``unread`` why it was not, and ``hint`` what to do then.
    """

    calls: int = 0
    history: bool = False
    read: datetime | None = None
    unread: str = ""
    hint: Text = SILENT


def pbxs(house: Seen) -> tuple[Pbx, ...]:
    """All accounts of telephony, in the order of the settings. Raises ``JournalAway``."""
    accounts = [account for account in house.accounts.values() if account.provider.telephony is not None]
    if not accounts:
        return ()
    heard = streams(house)
    calls = Counter(link.key.partition(".")[0] for link in open_calls(house))
    return tuple(
        _pbx(house, account, heard.get(account.name, Standing(name=account.name)), calls[account.name])
        for account in accounts
    )


def _pbx(house: Seen, account: Account, stream: Standing, calls: int) -> Pbx:
    now = house.clock()
    mark = checkpoint_of(house.journal, account.name) if has_history(account) else None
    return Pbx(
        name=account.name,
        state=stream.state,
        since=stream.since,
        heard=stream.heard,
        why=stream.why,
        calls=calls,
        history=mark is not None,
        read=mark.until if mark else None,
        unread=mark.why if mark else "",
        hint=Text(*mark.hint) if mark else SILENT,
        problems=(
            *stream.problems,
            *_subscription_problems(house, account, now),
            *_history_problems(account.name, mark, now),
        ),
    )


def _history_problems(name: str, mark: Checkpoint | None, now: datetime) -> list[Text]:
    """A PBX that is busy for a while is no problem; one that did not tell for an hour is."""
    if mark is None or not mark.why or (mark.until is not None and now - mark.until <= UNREAD):
        return []
    return [_UNREAD.with_(name=name, why=mark.why, hint=Text(*mark.hint))]


def _subscription_problems(house: Seen, account: Account, now: datetime) -> list[Text]:
    """One that is not renewed in time may still hold for a while; then it is over."""
    kept = subscription_of(house, account.name) if renews(account) else None
    if kept is None or not kept.why or (kept.due_at is not None and now - kept.due_at <= LAPSED):
        return []
    return [_LAPSED.with_(name=account.name, why=kept.why, hint=Text(*kept.hint))]
