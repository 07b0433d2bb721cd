"""The life of the application on a portal: registered, bound, connected to lines, removed (platform §4-5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from connector.domain.effects import Adopt, Call, Forget, Plan, Recall, Remember
from connector.domain.events import AppInstalled, AppUninstalled, HandlersChecked, LineConnected, LineDisconnected
from connector.domain.provider import Provider
from connector.errors import PermanentError, Refused
from connector.handlers.abilities import NO_SUCH_EVENT, if_there, look_up
from connector.handlers.calls.external_lines import lines_opened
from connector.handlers.rules import AccountFacts, PortalFacts, Rules
from connector.speech import Text

TALK_EVENTS = (
    "ONIMCONNECTORMESSAGEADD",
    "ONIMCONNECTORMESSAGEUPDATE",
    "ONIMCONNECTORMESSAGEDELETE",
    "ONIMCONNECTORDIALOGSTART",
    "ONIMCONNECTORDIALOGFINISH",
    "ONIMCONNECTORSTATUSDELETE",
    "ONIMCONNECTORLINEDELETE",
)
LIFE_EVENTS = (
    "ONAPPUNINSTALL",
    "ONAPPUPDATE",
    "ONAPPTEST",
    "ONAPPPAYMENT",
)
CALL_EVENTS = ("ONEXTERNALCALLSTART", "ONEXTERNALCALLBACKSTART")
EVENTS = (*TALK_EVENTS, *LIFE_EVENTS)
ESSENTIAL = frozenset({"ONIMCONNECTORMESSAGEADD"})
NOT_REGISTERED = Text(
    "Bitrix24 did not register the connector: {why}. Check that the application has the scope imconnector, then run "
    "`connector portal rebind`.",
    "Bitrix24 не зарегистрировал коннектор: {why}. Проверьте, что у приложения есть право imconnector, затем "
    "выполните `connector portal rebind`.",
)


def app_installed(event: AppInstalled, rules: Rules) -> Plan:
    """Keep the tokens, register one connector per provider, reconcile the event handlers, connect the lines, open
    those of telephone systems. What keeps telephony away is noted and keeps nothing else away.

    Safe to repeat: it is also how an update, a domain change or ``connector portal rebind`` is answered.
    """
    if event.grant:
        yield from _adopted(event)
    yield from look_up(event.portal)
    talking, calling = talking_of(event.portal, rules), calling_of(event.portal, rules)
    for provider in {account.provider.slug: account.provider for account in talking}.values():
        yield _register(rules.portals[event.portal], provider, rules.public_url)
    yield from _reconcile_handlers(f"{rules.public_url}/bitrix24/events", wanted(event.portal, rules))
    for account in talking:
        yield from _connect_known_line(account, rules)
    return (yield from lines_opened(calling, rules))


def talking_of(portal: str, rules: Rules) -> list[AccountFacts]:
    """The accounts of a portal that are more than a telephone system."""
    mine = (account for account in rules.accounts.values() if account.portal == portal)
    return [account for account in mine if account.provider.channel or not account.provider.telephony]


def calling_of(portal: str, rules: Rules) -> list[AccountFacts]:
    """The accounts of a portal that are telephone systems."""
    mine = (account for account in rules.accounts.values() if account.portal == portal)
    return [account for account in mine if account.provider.telephony]


def wanted(portal: str, rules: Rules) -> tuple[str, ...]:
    """The events that have to reach us, by what the accounts of the portal do."""
    calls = CALL_EVENTS if calling_of(portal, rules) else ()
    talk = TALK_EVENTS if talking_of(portal, rules) or not calls else ()
    return (*talk, *LIFE_EVENTS, *calls)


def _adopted(event: AppInstalled) -> Plan:
    """A pair that is not ours waits for a person: the settings name another application, or a stranger tried."""
    try:
        yield Adopt(event.portal, event.grant)
    except Refused as refused:
        raise PermanentError(refused.cause, hint=refused.hint, detail=refused.detail) from None


def handlers_checked(event: HandlersChecked, rules: Rules) -> Plan:
    """Handlers were found missing or doubled: bind them as an installation would, and touch nothing else."""
    yield from _reconcile_handlers(f"{rules.public_url}/bitrix24/events", wanted(event.portal, rules))


def app_uninstalled(event: AppUninstalled, rules: Rules) -> Plan:
    """All tokens are dead already (§4.8)."""
    yield Forget(event.portal, event.clean)


def line_connected(event: LineConnected, rules: Rules) -> Plan:
    """One account serves one line: its former line is switched off, the line's former account is released."""
    before = yield Recall("line", event.account)
    holder = yield Recall("account", f"{event.connector}/{event.line}")
    if holder and holder["account"] != event.account:
        yield Remember("line", holder["account"], None)
    if before and (before["connector"], before["line"]) != (event.connector, event.line):
        yield Remember("account", f"{before['connector']}/{before['line']}", None)
        yield Call("imconnector.activate", {"CONNECTOR": before["connector"], "LINE": before["line"], "ACTIVE": 0})
    yield from _activate(event.connector, event.line, event.account, rules)


def line_disconnected(event: LineDisconnected, rules: Rules) -> Plan:
    """Forget the binding. Only a person's wish switches the connector off: the portal's own word would loop (§1.3)."""
    if event.asked:
        yield Call("imconnector.activate", {"CONNECTOR": event.connector, "LINE": event.line, "ACTIVE": 0})
    connectors = [event.connector] if event.connector else list(rules.portals[event.portal].connectors.values())
    for connector in connectors:
        holder = yield Recall("account", f"{connector}/{event.line}")
        if holder:
            yield Remember("line", holder["account"], None)
            yield Remember("account", f"{connector}/{event.line}", None)


def _register(portal: PortalFacts, provider: Provider, public_url: str) -> Call:
    image = "data:image/svg+xml," + quote(provider.icon_svg)
    icon = {"DATA_IMAGE": image, "COLOR": provider.color, "SIZE": "90%", "POSITION": "center"}
    params = {
        "ID": portal.connectors[provider.slug],
        "NAME": provider.title.say(portal.language),
        "ICON": icon,
        "ICON_DISABLED": icon,
        "PLACEMENT_HANDLER": f"{public_url}/bitrix24/settings",
        "DEL_EXTERNAL_MESSAGES": True,
        "EDIT_INTERNAL_MESSAGES": provider.capabilities.edit,
        "DEL_INTERNAL_MESSAGES": provider.capabilities.delete,
        "NEWSLETTER": True,
        "NEED_SYSTEM_MESSAGES": True,
        "NEED_SIGNATURE": True,
        "CHAT_GROUP": False,
    }
    return Call("imconnector.register", params, judge=_registered)


def _registered(answer: Any) -> bool:
    """The answer is nested twice and its errors come with HTTP 200 (openlines §1.1)."""
    if isinstance(answer, Mapping) and answer.get("result") is True:
        return True
    why = str(answer.get("error", answer)) if isinstance(answer, Mapping) else str(answer)
    raise PermanentError("openlines.not_registered", hint=NOT_REGISTERED.with_(why=why), detail=why)


def _reconcile_handlers(url: str, events: Collection[str]) -> Plan:
    """Exactly one handler of ours per event: the missing are bound, doubles (a trailing slash, trap 12) unbound."""
    bound = yield Call("event.get")
    missing, unbound = set(events), set[tuple[str, str]]()
    for row in bound or []:
        name, handler = str(row.get("event", "")).upper(), str(row.get("handler", ""))
        if handler.rstrip("/") != url or (name, handler) in unbound:
            continue
        if handler == url and name in missing:
            missing.discard(name)
            continue
        yield Call("event.unbind", {"event": name, "handler": handler})
        unbound.add((name, handler))
    # Bound by two users: without AUTH_TYPE both are gone now (platform §5.2).
    missing |= {name for name, handler in unbound if handler == url and name in events}
    for name in sorted(missing):
        yield from _bind(name, url)


def _bind(event: str, url: str) -> Plan:
    """An older portal may lack an event that we can do without; without that of the replies nothing works."""
    try:
        yield Call("event.bind", {"event": event, "handler": url})
    except PermanentError as error:
        if error.cause == "bitrix24.handler_already_bound":
            return
        if error.cause != NO_SUCH_EVENT or event in ESSENTIAL:
            raise


def _connect_known_line(account: AccountFacts, rules: Rules) -> Plan:
    bound = yield Recall("line", account.name)
    line = bound["line"] if bound else account.line
    if line is not None:
        yield from _activate(rules.connector(account.name), str(line), account.name, rules)


def _activate(connector: str, line: str, account: str, rules: Rules) -> Plan:
    yield Call("imconnector.activate", {"CONNECTOR": connector, "LINE": line, "ACTIVE": 1})
    data = {
        "ID": f"{connector}_{account}",
        "NAME": f"{rules.say(account, rules.accounts[account].provider.title)}: {account}",
        "URL": "",
        "URL_IM": "",
    }
    yield from if_there(Call("imconnector.connector.data.set", {"CONNECTOR": connector, "LINE": line, "DATA": data}))
    yield Remember("account", f"{connector}/{line}", {"account": account})
    yield Remember("line", account, {"connector": connector, "line": line})
