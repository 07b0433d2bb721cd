"""Everything about one portal, one finding after the other (facts/bitrix24-platform.md §7)."""

from __future__ import annotations

from collections.abc import Iterator

from connector.checkup.accounts import line_of
from connector.checkup.arrival import Probe, handler_url
from connector.checkup.uses import uses_of
from connector.domain.provider import Finding
from connector.errors import ConnectorError, SettingsError
from connector.portal import Line, limits_check
from connector.portal.selfcheck import examine
from connector.repair import House
from connector.speech import Text

_UNSEEN = Text("The portal can be looked at", "Портал можно проверить")
_LACKS = Text("The portal lacks methods: {names}", "В портале нет методов: {names}")
_LACKS_HINT = Text(
    "An older or trimmed Bitrix24: what needs them is left out with a note, everything else works. Update the portal's "
    "modules to have them.",
    "Это старый или урезанный Битрикс24: то, чему они нужны, пропускается с пометкой, остальное работает. Чтобы они "
    "появились, обновите модули портала.",
)
_ABLE = Text("The portal has all methods that are used", "В портале есть все нужные методы")


def examined(house: House, name: str, *, wait: float) -> Iterator[Finding]:
    """The findings about the portal ``name`` as they are made. Never raises.

    ``wait`` is how many seconds a test event may take to come back; 0: none is fired.
    """
    try:
        yield from _examined(house, name, wait)
    except ConnectorError as error:
        yield Finding(_UNSEEN, "bad", error.hint, "portal.unseen")
    except SettingsError as error:
        yield Finding(_UNSEEN, "bad", Text(str(error), str(error)), "portal.unseen")


def lines_of(house: House, portal: str) -> list[Line]:
    """The accounts of the portal that talk, each with its line."""
    return [
        Line(account=name, slug=account.provider.slug, line=line_of(house, name))
        for name, account in house.accounts.items()
        if account.portal == portal and account.provider.channel is not None
    ]


def has_calls(house: House, portal: str) -> bool:
    """Whether an account of the portal is of a telephone system."""
    mine = (account for account in house.accounts.values() if account.portal == portal)
    return any(account.provider.telephony is not None for account in mine)


def _examined(house: House, name: str, wait: float) -> Iterator[Finding]:
    portal = house.portals[name]
    webhook, answers = not portal.connector_prefix, False
    probe = Probe(house=house, portal=name, wait=wait)
    lines, calls, url, now = lines_of(house, name), has_calls(house, name), handler_url(house), house.clock()
    uses = uses_of(house, name)
    for finding in examine(portal, webhook=webhook, lines=lines, handler_url=url, now=now, calls=calls, uses=uses):
        if (finding.code, finding.state) == ("portal.installed", "bad"):
            yield finding
            return
        if finding.code == "portal.rest" and finding.state == "ok":
            answers = True
            if not webhook:
                probe.fire()
        yield finding
    if answers:
        yield limits_check.bucket(portal.budget.level(), portal.budget.figures())
        yield from limits_check.operating(portal.budget.operating())
        yield from _abilities(house, name)
    if not webhook:
        yield from probe.outcome()
        yield probe.heard()


def _abilities(house: House, name: str) -> Iterator[Finding]:
    """What was found out at the installation (§4.9); nothing is said where nothing was asked."""
    known = house.journal.recall("abilities", name)
    if not isinstance(known, dict) or not known:
        return
    lacking = sorted(method for method, able in known.items() if not able)
    if lacking:
        yield Finding(_LACKS.with_(names=", ".join(lacking)), "warn", _LACKS_HINT, "portal.abilities")
    else:
        yield Finding(_ABLE, "ok", code="portal.abilities")
