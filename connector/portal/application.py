"""Methods that need an OAuth application: a webhook is refused here, before any request (trap 15).

facts/bitrix24-platform.md §1.1, §5.2; facts/bitrix24-openlines.md §0.1, §5.1; facts/bitrix24-telephony-crm.md §2.5,
§5.3. Telephony is not among them: the documentation refuses webhooks, the code takes them, so the portal is asked.
"""

from __future__ import annotations

from connector.errors import PermanentError
from connector.portal.batch import Commands, Outcome
from connector.portal.hints import HINTS

_FAMILIES = (
    "imconnector.",
    "event.",
    "placement.",
    "app.option.",
    "messageservice.",
    "crm.activity.configurable.",
    "entity.",
    "biconnector.",
)
_ALONE = frozenset({"events"})
_ALLOWED = frozenset({"biconnector.connector.fields"})


def needs_application(method: str) -> bool:
    """Whether a webhook is refused by this method; names are compared without regard to case (§1.1)."""
    name = method.lower()
    return name not in _ALLOWED and (name in _ALONE or name.startswith(_FAMILIES))


def refusal(method: str) -> PermanentError:
    """What a webhook is told instead of a request."""
    hint = HINTS["needs_app"].with_(method=method, status=403)
    return PermanentError("bitrix24.needs_application", hint=hint, detail=method)


def refused(commands: Commands, *, halt: bool) -> dict[str, Outcome]:
    """The commands of a batch that a webhook may not send, as failed; with ``halt`` all, since the chain breaks."""
    barred = {key: method for key, (method, _) in commands.items() if needs_application(method)}
    if barred and halt:
        barred = dict.fromkeys(commands, next(iter(barred.values())))
    return {key: Outcome(state="failed", error=refusal(method)) for key, method in barred.items()}
