"""The lines of our PBXs in Bitrix24: what its users choose for their outgoing calls (facts §1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.domain.effects import Call, Plan
from connector.domain.telephony import LineSettings
from connector.errors import PermanentError
from connector.handlers.abilities import MISSING
from connector.handlers.rules import AccountFacts, Rules
from connector.speech import Text

LONGEST = 50  # characters of a number that Bitrix24 keeps
EXISTS = "bitrix24.line_exists"
# What keeps telephony from a portal, whose open lines are installed all the same.
_BARRED = frozenset(
    {MISSING, "bitrix24.scope", "bitrix24.access_denied", "bitrix24.needs_application", "bitrix24.plan"}
)
NO_TELEPHONY = Text(
    "Telephony is not set up on the portal: {why} Calls of the accounts {names} wait for that. Add the permission "
    "`telephony` in the application's card, reinstall it, then run `connector portal rebind`.",
    "Телефония на портале не настроена: {why} Звонки аккаунтов {names} ждут этого. Добавьте в карточке приложения "
    "разрешение `telephony`, переустановите его и выполните `connector portal rebind`.",
)


def lines_opened(accounts: Sequence[AccountFacts], rules: Rules) -> Plan:
    """Have every line of these PBXs in Bitrix24, named and set as the settings say. Safe to repeat.

    Returns what a person should know (English) when the portal has no telephony for us; else an empty text.
    """
    lines = list(_lines(accounts, rules))
    if not lines:
        return ""
    try:
        known = yield Call("telephony.externalLine.get", judge=_by_number)
        for line in lines:
            yield from _opened(line, known.get(line["NUMBER"]))
            known[line["NUMBER"]] = line
    except PermanentError as error:
        if error.cause not in _BARRED:
            raise
        return NO_TELEPHONY.with_(why=error.hint, names=", ".join(sorted(account.name for account in accounts))).en
    return ""


def _lines(accounts: Sequence[AccountFacts], rules: Rules) -> Iterator[dict[str, str]]:
    """``NUMBER``, ``NAME`` and ``CRM_AUTO_CREATE`` of each line; of an account that names none, its own name."""
    for account in accounts:
        if account.pbx is None:
            continue
        usual = f"{rules.say(account.name, account.provider.title)}: {account.name}"
        lines: Mapping[str, LineSettings | None] = account.pbx.lines or {account.name: None}
        for number, said in lines.items():
            create = account.pbx.crm_create if said is None or said.crm_create is None else said.crm_create
            name = said.name if said and said.name else usual
            yield {"NUMBER": number[:LONGEST], "NAME": name, "CRM_AUTO_CREATE": "Y" if create else "N"}


def _opened(line: dict[str, str], known: Mapping[str, str] | None) -> Plan:
    if known is None:
        try:
            yield Call("telephony.externalLine.add", line)
        except PermanentError as error:
            if error.cause != EXISTS:
                raise
    elif any(known.get(name) != value for name, value in line.items()):
        yield Call("telephony.externalLine.update", line)


def _by_number(answer: Any) -> dict[str, dict[str, str]]:
    rows = [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, list) else []
    return {str(row.get("NUMBER")): {str(name): str(value) for name, value in row.items()} for row in rows}
