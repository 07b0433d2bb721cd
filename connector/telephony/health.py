"""How PBXs stand: their streams, the calls that are going on, and how far their histories were read.

``listen`` keeps the link ``stream`` of each account: ``{"state", "since", "heard", "why"}``, times as ISO text, ``why``
a text or a pair of them (English, Russian). It writes the link again at least every thirty seconds, whatever happens:
one that is older belongs to a process that is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.errors import TransientError
from connector.intake import Account
from connector.journal.links import Link
from connector.portal.phrases import age
from connector.speech import Text
from connector.telephony.checkpoint import Checkpoint, checkpoint_of
from connector.telephony.history import has_history
from connector.telephony.house import Seen
from connector.telephony.ongoing import open_calls
from connector.telephony.renewal import renews, subscription_of

KIND, CONNECTED, REFUSED = "stream", "connected", "refused"
GONE = timedelta(seconds=120)  # a stream of which nobody wrote for so long has no process
APART = timedelta(seconds=60)  # so long a stream may be away without an alarm
UNREAD = timedelta(hours=1)
LAPSED = timedelta(minutes=10)
SILENT = Text("", "")
NOBODY = "nobody"  # the state of a stream that no process listens to

STATES: Mapping[str, Text] = {
    CONNECTED: Text("connected", "на связи"),
    "connecting": Text("connecting", "подключается"),
    REFUSED: Text("refused", "отказано"),
    "waiting": Text("waits to reconnect", "ждёт связи"),
    NOBODY: Text("nobody listens", "никто не слушает"),
}

_NOBODY = Text(
    "{name}: nobody listens to the PBX. Start `connector listen` (the Procfile's listen: does it too).",
    "{name}: АТС никто не слушает. Запустите `connector listen` (в Procfile это строка listen:).",
)
_APART = Text(
    "{name}: no connection with the PBX for {age} ({why}). Is it up, and are host, port and secret right? "
    "`connector check` tells more.",
    "{name}: связи с АТС нет уже {age} ({why}). Работает ли она, верны ли host, port и secret? Подробнее: "
    "`connector check`.",
)
_UNREAD = Text(
    "{name}: the history of the PBX cannot be read ({why}), so calls of an outage stay unknown. {hint}",
    "{name}: историю АТС прочитать не удаётся ({why}), поэтому звонки за время сбоя останутся неизвестны. {hint}",
)


_LAPSED = Text(
    "{name}: the PBX does not take our subscription ({why}), so it will not tell of calls. {hint}",
    "{name}: АТС не принимает нашу подписку ({why}) и не сообщит о звонках. {hint}",
)


@dataclass(frozen=True, kw_only=True)
class Pbx:
    """One account of telephony. ``state`` is a key of :data:`STATES`, empty when the PBX calls us by webhooks.

    ``since`` when the state began, ``heard`` the last sign of life, ``why`` the listener's own words. ``calls`` are
    going on. ``read`` is how far the history was read (``None``: without one, or before the first look), ``unread`` why
    it was not, and ``hint`` what to do then.
    """

    name: str
    state: str = ""
    since: datetime | None = None
    heard: datetime | None = None
    why: Text = SILENT
    calls: int = 0
    history: bool = False
    read: datetime | None = None
    unread: str = ""
    hint: Text = SILENT
    problems: tuple[Text, ...] = ()


def pbxs(house: Seen) -> tuple[Pbx, ...]:
    """All accounts of telephony, in the order of the settings. Raises ``JournalAway``."""
    accounts = [account for account in house.accounts.values() if account.provider.telephony is not None]
    if not accounts:
        return ()
    links = {link.key: link for link in house.journal.links_like(KIND)}
    calls = Counter(link.key.partition(".")[0] for link in open_calls(house))
    return tuple(_pbx(house, account, links.get(account.name), calls[account.name]) for account in accounts)


def listens(account: Account) -> bool:
    """Whether the account has a stream that a process must read."""
    return account.provider.telephony is not None and account.provider.telephony.listen is not None


def check_streams(house: Seen) -> None:
    """Raises ``TransientError`` with the first stream that is not as it should be; ``JournalAway``."""
    for one in pbxs(house):
        if one.state not in ("", CONNECTED) and one.problems:
            raise TransientError("streams.away", hint=one.problems[0], detail=one.name)


def state_in_words(state: str) -> Text:
    """The words for a state; an unknown one stands for itself."""
    return STATES.get(state) or Text(state, state)


def _pbx(house: Seen, account: Account, link: Link | None, calls: int) -> Pbx:
    now = house.clock()
    told = _stream(link, now) if listens(account) else {}
    mark = checkpoint_of(house.journal, account.name) if has_history(account) else None
    return Pbx(
        name=account.name,
        calls=calls,
        history=mark is not None,
        read=mark.until if mark else None,
        unread=mark.why if mark else "",
        hint=Text(*mark.hint) if mark else SILENT,
        problems=(
            *_stream_problems(account.name, told, now),
            *_subscription_problems(house, account, now),
            *_history_problems(account.name, mark, now),
        ),
        **told,
    )


def _stream(link: Link | None, now: datetime) -> dict[str, Any]:
    value = link.value if link is not None and isinstance(link.value, Mapping) else {}
    told: dict[str, Any] = {
        "state": str(value.get("state") or "connecting")[:40],
        "since": _moment(value.get("since")),
        "heard": _moment(value.get("heard")),
        "why": _words(value.get("why")),
    }
    if link is None:
        return {"state": NOBODY}
    return {**told, "state": NOBODY, "since": link.at} if now - link.at > GONE else told


def _stream_problems(name: str, told: Mapping[str, Any], now: datetime) -> list[Text]:
    state = told.get("state", "")
    if state == NOBODY:
        return [_NOBODY.with_(name=name)]
    since = told.get("since")
    if state in ("", CONNECTED) or since is None or now - since <= APART:
        return []
    return [_APART.with_(name=name, age=age((now - since).total_seconds()), why=_why(told["why"], state))]


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


def _why(words: Text, state: str) -> Text:
    return words if any(words) else state_in_words(state)


def _words(value: Any) -> Text:
    """A text in both languages, or one for both."""
    if isinstance(value, list) and len(value) == 2:
        return Text(str(value[0])[:300], str(value[1])[:300])
    return Text(value[:300], value[:300]) if isinstance(value, str) else SILENT


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value or ""))
    except ValueError:
        return None
    return at if at.tzinfo else None
