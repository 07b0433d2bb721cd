"""Which open line a conversation belongs to, and whether a message is already in its chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.effects import Call, Plan, Recall
from connector.errors import PermanentError
from connector.handlers.mapped import seen_for_line
from connector.handlers.rules import Rules
from connector.speech import Text
from mappings.open_line import chat_id

NO_LINE = Text(
    "Account {account} has no open line. Set `line:` for it in connector.yaml, or choose it in Bitrix24 under "
    "Contact Center, then replay this delivery.",
    "У аккаунта {account} нет открытой линии. Укажите `line:` в connector.yaml или выберите её в Bitrix24 в "
    "Контакт-центре, затем повторите доставку.",
)
PAGES = 3


def line_of(account: str, lane: str, rules: Rules, *, begun_by: Any = None) -> Plan:
    """The line to speak on: the one the conversation began with (facts/bitrix24-openlines.md §7.3), else the one that
    the rules choose for the message it is ``begun_by`` (when the channel can speak there), else the one bound in the
    slider, else the one from the settings. Raises ``PermanentError`` when there is none.
    """
    chat = yield Recall("chat", lane)
    if chat and chat.get("line"):
        return str(chat["line"])
    chosen = (yield from seen_for_line(begun_by, rules)) if begun_by else None
    bound = yield Recall("line", account)
    line = bound["line"] if bound else rules.accounts[account].line
    if chosen is not None and (str(chosen) == str(line) or (yield from _opened(account, str(chosen), rules))):
        return str(chosen)
    if line is None:
        raise PermanentError("line.none", hint=NO_LINE.with_(account=account))
    return str(line)


def _opened(account: str, line: str, rules: Rules) -> Plan:
    """Whether the channel can speak on a line that is not its own. It is switched on there once; who then switches it
    off means it (§1.3, §1.4). A message is never held back by a rule: an unknown line (§2.1) is none.
    """
    place = {"CONNECTOR": rules.connector(account), "LINE": line}
    try:
        if (yield from _is_on(place)):
            return True
        if not (yield Call("imopenlines.config.get", {"CONFIG_ID": line, "WITH_QUEUE": "N"})):
            return False
        key = f"activate:{place['CONNECTOR']}:{line}"
        yield Call("imconnector.activate", {**place, "ACTIVE": 1}, key=key)
        return (yield from _is_on(place))
    except PermanentError:
        return False


def _is_on(place: Mapping[str, str]) -> Plan:
    status = yield Call("imconnector.status", place)
    return isinstance(status, Mapping) and bool(status.get("STATUS"))


def seen_in_chat(lane: str, account: str, conversation: str, line: str, message_id: str, rules: Rules) -> Plan:
    """Proof of a sent message: its id stands in the history of the chat as ``connectorMid`` (§3.2a, §7.1 rule 1).

    Returns the session as ``imconnector.send.messages`` would have, or ``None``. A first message has no chat id
    yet: then the session is found by its DIALOGSTART event, else by the dialog's CRM activity (§3.2b).
    """
    where = yield from _where(lane, account, conversation, line, rules)
    if where is None:
        return None
    try:
        history = yield Call("imopenlines.session.history.get", where)
    except PermanentError:
        return None
    messages = history.get("message") if isinstance(history, Mapping) else None
    rows = messages.values() if isinstance(messages, Mapping) else messages or []
    if any(message_id in _ids((row.get("params") or {}).get("connectorMid")) for row in rows):
        return {"ID": str(history.get("sessionId", "")), "CHAT_ID": str(history.get("chatId", ""))}
    return None


def _where(lane: str, account: str, conversation: str, line: str, rules: Rules) -> Plan:
    chat = yield Recall("chat", lane)
    if chat and chat.get("chat_id"):
        return {"CHAT_ID": chat["chat_id"]}
    session = yield Recall("session", lane)
    if session:
        return {"SESSION_ID": session["session_id"]}
    code = f"{rules.connector(account)}|{line}|{chat_id(account, conversation)}|"
    for page in range(PAGES):
        found = yield Call("crm.activity.list", _recent_dialogs(line, page * 50))
        for row in found or []:
            if str((row.get("PROVIDER_PARAMS") or {}).get("USER_CODE", "")).startswith(code):
                return {"SESSION_ID": str(row["ASSOCIATED_ENTITY_ID"])}
        if len(found or []) < 50:
            return None
    return None


def _recent_dialogs(line: str, start: int) -> dict[str, Any]:
    return {
        "order": {"ID": "DESC"},
        "filter": {"PROVIDER_ID": "IMOPENLINES_SESSION", "PROVIDER_TYPE_ID": line},
        "select": ["ID", "ASSOCIATED_ENTITY_ID", "PROVIDER_PARAMS"],
        "start": start,
    }


def _ids(value: Any) -> list[str]:
    if value is None:
        return []
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return [str(item) for item in values]
