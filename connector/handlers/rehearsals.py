"""The test client: what operators answer it proves the way back, and goes to nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from connector.domain.effects import Plan, Remember
from connector.handlers.replies import delivered
from connector.handlers.rules import Rules

CONVERSATION = "~test~"  # one for each account: no provider names a conversation so
ANSWERED = "rehearsal.answered"  # link by account: the operator's last answer to the test client


def spared(handler: Callable[..., Plan]) -> Callable[..., Plan]:
    """``handler``, except for the test client: the provider knows no such person, so nothing is sent to it."""

    def answered_here(event: Any, rules: Rules) -> Plan:
        if event.conversation != CONVERSATION:
            return (yield from handler(event, rules))
        return (yield from _kept(event))

    return answered_here


def _kept(event: Any) -> Plan:
    """An answer is remembered and reported as delivered; the line's own greetings prove nothing."""
    if event.kind == "reply.deleted":
        return
    if event.author not in ("", "0"):
        yield Remember(ANSWERED, event.account, {"chat_id": event.im.chat_id, "message_id": event.im.message_id})
    for im in getattr(event, "lines", ()) or (event.im,):
        yield delivered(replace(event, im=im), (f"test.{im.message_id}",))
