"""How mailboxes stand: their streams, how far each folder was read, and when a letter came last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.domain.mailbox import MailSettings
from connector.journal.links import Link
from connector.listening.health import Seen, Standing, listens, streams
from connector.listening.streams import MARK
from connector.routes import Account


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder was read up to the letter ``uid``; ``at`` is when that was remembered."""

    name: str
    uid: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Mailbox(Standing):
    """One account of mail; its ``state`` is empty when letters come by webhooks.

    ``folders`` are those that were read, ``letter`` is when one came last within a day.
    """

    address: str = ""
    folders: tuple[Folder, ...] = ()
    letter: datetime | None = None


def mails(account: Account) -> bool:
    """Whether letters come and go through the account."""
    return isinstance(account.settings, MailSettings)


def mailboxes(house: Seen) -> tuple[Mailbox, ...]:
    """All accounts of mail, in the order of the settings. Raises ``JournalAway``."""
    accounts = [account for account in house.accounts.values() if mails(account)]
    if not accounts:
        return ()
    stood, marks = streams(house), house.journal.links_like(MARK)
    heard = house.journal.arrivals().heard
    return tuple(
        _mailbox(
            account,
            stood.get(account.name, Standing(name=account.name)),
            marks,
            heard[account.name].last if account.name in heard else None,
        )
        for account in accounts
    )


def _mailbox(account: Account, stream: Standing, marks: Iterable[Link], letter: datetime | None) -> Mailbox:
    assert isinstance(account.settings, MailSettings)
    return Mailbox(
        **vars(stream),
        address=account.settings.address,
        folders=tuple(_folders(account.name, marks)) if listens(account) else (),
        letter=letter,
    )


def _folders(account: str, marks: Iterable[Link]) -> Iterable[Folder]:
    for mark in marks:
        owner, _, folder = mark.key.partition("/")
        uid = mark.value.get("uid") if isinstance(mark.value, Mapping) else None
        if owner == account and isinstance(uid, int):
            yield Folder(name=folder, uid=uid, at=mark.at)
