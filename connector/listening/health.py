"""How the streams of accounts stand.

``listen`` keeps the link ``stream`` of each account: ``{"state", "since", "heard", "why"}``, times as ISO text, ``why``
a text or a pair of them (English, Russian). It writes the link again at least every thirty seconds, whatever happens:
one that is older belongs to a process that is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from connector.errors import TransientError
from connector.journal import Journal
from connector.journal.links import Link, moment_in
from connector.portal.phrases import age
from connector.routes import Account
from connector.speech import Text

KIND, CONNECTED, REFUSED = "stream", "connected", "refused"
GONE = timedelta(seconds=120)  # a stream of which nobody wrote for so long has no process
APART = timedelta(seconds=60)  # so long a stream may be away without an alarm
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
    "{name}: nobody listens to {what}. Start `connector listen` (the Procfile's listen: does it too).",
    "{name}: {what} никто не слушает. Запустите `connector listen` (в Procfile это строка listen:).",
)
_APART = Text(
    "{name}: no connection with {what} for {age} ({why}). Is it up, and is what connector.yaml says of it right? "
    "`connector check` tells more.",
    "{name}: связи нет уже {age}, не отвечает {what} ({why}). Всё ли там работает и верно ли всё в connector.yaml? "
    "Подробнее: `connector check`.",
)
_PBX = Text("the PBX", "АТС")
_MAILBOX = Text("the mailbox", "почтовый ящик")


class Seen(Protocol):
    """The part of the wired connector that is looked at."""

    @property
    def journal(self) -> Journal: ...
    @property
    def accounts(self) -> Mapping[str, Account]: ...
    def clock(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One stream. ``state`` is a key of :data:`STATES`, empty for an account without one.

    ``since`` when the state began, ``heard`` the last sign of life, ``why`` the listener's own words.
    """

    name: str
    state: str = ""
    since: datetime | None = None
    heard: datetime | None = None
    why: Text = SILENT
    problems: tuple[Text, ...] = ()


def listens(account: Account) -> bool:
    """Whether the account has a stream that a process must read."""
    door = account.provider.door
    return door is not None and door.listen is not None


def streams(house: Seen) -> dict[str, Standing]:
    """The streams of all accounts that have one, in the order of the settings. Raises ``JournalAway``."""
    accounts = [account for account in house.accounts.values() if listens(account)]
    if not accounts:
        return {}
    links, now = {link.key: link for link in house.journal.links_like(KIND)}, house.clock()
    return {account.name: _standing(account, links.get(account.name), now) for account in accounts}


def check_streams(house: Seen) -> None:
    """Raises ``TransientError`` with the first stream that is not as it should be; ``JournalAway``."""
    for one in streams(house).values():
        if one.state != CONNECTED and one.problems:
            raise TransientError("streams.away", hint=one.problems[0], detail=one.name)


def state_in_words(state: str) -> Text:
    """The words for a state; an unknown one stands for itself."""
    return STATES.get(state) or Text(state, state)


def _standing(account: Account, link: Link | None, now: datetime) -> Standing:
    told = _told(link, now)
    what = _PBX if account.provider.telephony is not None else _MAILBOX
    return Standing(name=account.name, problems=tuple(_problems(account.name, what, told, now)), **told)


def _told(link: Link | None, now: datetime) -> dict[str, Any]:
    value = link.value if link is not None and isinstance(link.value, Mapping) else {}
    told: dict[str, Any] = {
        "state": str(value.get("state") or "connecting")[:40],
        "since": moment_in(value.get("since")),
        "heard": moment_in(value.get("heard")),
        "why": _words(value.get("why")),
    }
    if link is None:
        return {"state": NOBODY}
    return {**told, "state": NOBODY, "since": link.at} if now - link.at > GONE else told


def _problems(name: str, what: Text, told: Mapping[str, Any], now: datetime) -> list[Text]:
    state = told["state"]
    if state == NOBODY:
        return [_NOBODY.with_(name=name, what=what)]
    since = told.get("since")
    if state == CONNECTED or since is None or now - since <= APART:
        return []
    why = told["why"] if any(told["why"]) else state_in_words(state)
    return [_APART.with_(name=name, what=what, age=age((now - since).total_seconds()), why=why)]


def _words(value: Any) -> Text:
    """A text in both languages, or one for both."""
    if isinstance(value, list) and len(value) == 2:
        return Text(str(value[0])[:300], str(value[1])[:300])
    return Text(value[:300], value[:300]) if isinstance(value, str) else SILENT
