"""One batch from commands to outcomes: what must wait stays behind, the rest goes in one request (§3.2, §3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.domain.ports import Budget
from connector.errors import ConnectorError, TransientError
from connector.portal.answers import Success
from connector.portal.batch import Commands, Outcome, body_of, load_of, outcomes_of
from connector.portal.conversation import Conversation, Errand
from connector.portal.operating import limit_error

_LOOKS = 3


def run_batch(
    commands: Commands,
    *,
    halt: bool,
    live: bool,
    request_id: str,
    budget: Budget,
    conversation: Conversation,
    perform: Callable[[Errand], Success],
) -> dict[str, Outcome]:
    """The outcome of each command, in the order given. Raises when the batch as a whole failed.

    A method may use up its seconds between our look and the request; then it is looked again.
    """
    body_of(commands, halt=halt)
    for look in range(_LOOKS):
        held = _held(commands, budget, live=live, halt=halt)
        going = {key: command for key, command in commands.items() if key not in held}
        body, keys = body_of(going, halt=halt)
        errand = Errand(method="batch", params=body, load=load_of(going), live=live, request_id=request_id)
        try:
            outcomes = _answered(errand, going, keys, conversation, perform) if going else {}
            break
        except TransientError as error:
            if look == _LOOKS - 1 or not budget.waiting(errand.load, live=live):
                raise
            if error.cause != "bitrix24.operating_limit":
                raise
    _name(outcomes, request_id)
    return {key: held.get(key) or outcomes[key] for key in commands}


def _held(commands: Commands, budget: Budget, *, live: bool, halt: bool) -> dict[str, Outcome]:
    """The commands whose method waits; with ``halt`` all, since the chain would break."""
    waits = budget.waiting({method.lower() for method, _ in commands.values()}, live=live)
    if not waits:
        return {}
    worst = max(waits, key=lambda method: waits[method])
    held: dict[str, Outcome] = {}
    for key, (method, _) in commands.items():
        named = worst if halt else method.lower()
        if named in waits:
            held[key] = Outcome(state="failed", error=limit_error(named, waits[named]))
    return held


def _answered(
    errand: Errand,
    commands: Commands,
    keys: dict[str, str],
    conversation: Conversation,
    perform: Callable[[Errand], Any],
) -> dict[str, Outcome]:
    success = perform(errand)
    try:
        outcomes = outcomes_of(success, commands, keys)
    except ConnectorError as unclear:
        unclear.request_id = errand.request_id
        conversation.settle(errand.load)
        raise
    conversation.note_batch(success, commands, keys, outcomes)
    return outcomes


def _name(outcomes: dict[str, Outcome], request_id: str) -> None:
    for outcome in outcomes.values():
        if outcome.error is not None:
            outcome.error.request_id = request_id
