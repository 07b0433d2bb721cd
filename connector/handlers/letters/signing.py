"""The signature under an operator's letter, as the rules want it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.events import ReplyWritten
from connector.handlers.judging import failed
from connector.handlers.rules import Rules
from mappings.faults import RuleError

Notes = tuple[tuple[str, str], ...]
KIND = "reply.written"


def signature(
    event: ReplyWritten, operator: str, text: str, thread: Mapping[str, Any], rules: Rules
) -> tuple[str, Notes]:
    """BBCode, empty without a rule; and what the operator should know when the rule failed: the letter leaves anyway.

    ``operator`` is the name under which the portal shows the author.
    """
    if not rules.mappings.on(KIND):
        return "", ()
    try:
        return rules.mappings.decide(KIND, {"event": seen(event, operator, text, thread, rules)}).signature, ()
    except RuleError as error:
        hint = failed(error)
        return "", ((hint.en, hint.ru),)


def seen(event: ReplyWritten, operator: str, text: str, thread: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """A reply as rules see it."""
    facts = rules.accounts[event.account]
    return {
        "kind": KIND,
        "account": event.account,
        "conversation": event.conversation,
        "channel": facts.provider.slug,
        "portal": facts.portal,
        "text": text,
        "operator": {"id": event.author, "name": operator},
        "client": {"id": thread["client"], "name": thread["name"], "email": thread["to"]},
        "subject": thread["subject"],
        "at": event.written_at or rules.at,
    }
