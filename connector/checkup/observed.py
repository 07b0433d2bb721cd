"""Observes what the steps are judged over: the journal at once, the network on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from connector.checkup.accounts import account_findings, line_of
from connector.checkup.arrival import handler_url
from connector.checkup.facts import Facts
from connector.checkup.portals import has_calls, lines_of
from connector.checkup.public import public_findings
from connector.checkup.rehearsal import last_rehearsal
from connector.checkup.uses import uses_of
from connector.domain.provider import Finding
from connector.listening.mailboxes import mailboxes
from connector.portal.selfcheck import examine
from connector.repair import House
from connector.settings.checks import loopback
from connector.speech import Text
from connector.telephony.health import pbxs


def pair_of(house: House, portal: str = "", account: str = "") -> tuple[str, str]:
    """The portal and its account that are meant: those named, else the first. ``account`` is empty for none.

    Names that are not there count as not named.
    """
    if account in house.accounts and portal in ("", house.accounts[account].portal):
        return house.accounts[account].portal, account
    if portal not in house.portals:
        named = [known.portal for known in house.accounts.values()]
        portal = next(iter([*named, *house.portals]), "")
    return portal, next(iter(accounts_of(house, portal)), "")


def accounts_of(house: House, portal: str) -> list[str]:
    """The accounts of a portal that carry messages, then its telephone systems."""
    talk = [line.account for line in lines_of(house, portal)]
    mine = [name for name, account in house.accounts.items() if account.portal == portal]
    return talk + [name for name in mine if name not in talk and house.accounts[name].provider.telephony is not None]


def look(house: House, portal: str, account: str) -> Iterator[Finding]:
    """What the network says about the pair: the public address, the provider, the portal. Takes seconds."""
    yield from public_findings(house.settings.public_url, now=house.clock())
    if account:
        yield from account_findings(house, account)
    known = house.portals[portal]
    if known.installed() and known.connector_prefix:
        mine = [line for line in lines_of(house, portal) if line.account == account]
        calls, url = has_calls(house, portal), handler_url(house)
        uses, now = uses_of(house, portal), house.clock()
        yield from examine(known, webhook=False, lines=mine, handler_url=url, now=now, calls=calls, uses=uses)


def observe(house: House, portal: str, account: str, findings: Sequence[Finding], *, looked: bool = True) -> Facts:
    """Everything about the pair; reads the journal, asks no network."""
    settings = house.settings.portals[portal]
    installation = house.journal.installation(portal)
    facts = Facts(
        public_url=house.settings.public_url,
        local=local(house.settings.public_url, settings.url),
        portal=portal,
        portal_url=settings.url,
        webhook_only=settings.app is None,
        client_id=settings.app.client_id if settings.app else "",
        installed=installation.state if installation else "",
        reason=installation.reason if installation else "",
        stuck=None if installation else _stuck(house, portal),
        findings=tuple(findings),
        looked=looked,
    )
    return _with_account(house, facts, account) if account in house.accounts else facts


def local(public_url: str, portal_url: str) -> bool:
    """Whether the portal is on this computer, where plain http is enough."""
    return all(loopback(urlsplit(url).hostname or "") for url in (public_url, portal_url))


def _with_account(house: House, facts: Facts, name: str) -> Facts:
    account, journal = house.accounts[name], house.journal
    if account.provider.channel is None and account.provider.telephony is not None:
        return _with_phone(house, facts, name)
    tried = last_rehearsal(house, name)
    heard = journal.arrivals().heard.get(name)
    tested = tried is not None and tried.state == "done"
    return replace(
        facts,
        account=name,
        provider=account.provider.title,
        box=next((one for one in mailboxes(house) if one.name == name), None),
        heard=heard.last if heard else None,
        line=line_of(house, name),
        rehearsal=tried,
        travelled=None if tested else _travelled(house, account.portal, name),
        replied=None if tried is not None and tried.answered else _replied(house, name),
    )


def _with_phone(house: House, facts: Facts, name: str) -> Facts:
    heard = house.journal.arrivals().heard.get(name)
    return replace(
        facts,
        account=name,
        provider=house.accounts[name].provider.title,
        heard=heard.last if heard else None,
        phone=next(one for one in pbxs(house) if one.name == name),
        called=bool(house.journal.calls_page(account=name, limit=1).rows),
    )


def _travelled(house: House, portal: str, name: str) -> datetime | None:
    done = house.journal.done_lately(f"portal:{portal}", "message.received", lanes=f"{name}.", limit=1)
    return done[0].at if done else None


def _replied(house: House, name: str) -> datetime | None:
    """What the line says by itself is no operator's answer."""
    done = house.journal.done_lately(f"account:{name}", "reply.written")
    return next((reply.at for reply in done if reply.event.get("author") not in ("", "0")), None)


def _stuck(house: House, portal: str) -> Text | None:
    """Why an installation that arrived was not taken."""
    parked = house.journal.list("deliveries", destination=f"portal:{portal}", state="parked", limit=20)
    hints = [row["hint"] for row in parked if row["kind"] == "app.installed" and row["hint"]]
    return Text(**hints[0]) if hints else None
