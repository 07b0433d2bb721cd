"""Events written by hand: a file with one or more of them, filled up to a whole event (mappings/golden.py)."""

from __future__ import annotations

from pathlib import Path

from connector.domain.events import RecordChanged
from connector.errors import PermanentError
from connector.handlers import Rules
from connector.rulebook.explaining import Event, mapped_event
from connector.speech import Text
from mappings.golden import Example, read
from mappings.tidying import moment

_WRONG = Text("{first}", "{first}")
_NO_FILE = Text("{path} cannot be read: {why}.", "{path} не читается: {why}.")


def sketched(path: Path, portal: str, rules: Rules, zone: str) -> list[Event]:
    """The events of the file. Raises ``PermanentError`` (``mapping.event``) with what is wrong in it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        hint = _NO_FILE.with_(path=path.name, why=error.strerror or type(error).__name__)
        raise PermanentError("mapping.event", hint=hint) from None
    examples, faults = read(path.name, content, expecting=False)
    if faults:
        first = Text(faults[0].words("en"), faults[0].words("ru"))
        raise PermanentError("mapping.event", hint=_WRONG.with_(first=first))
    return [_event(example, portal, rules, zone) for example in examples]


def _event(example: Example, portal: str, rules: Rules, zone: str) -> Event:
    if example.event is None:
        values = dict(example.record or {})
        source, first = example.kind.partition(".")[2], next(iter(values.values()), "")
        return RecordChanged(portal=portal, source=source, record=str(first), values=values)
    seen = {"kind": example.kind, **example.event}
    account = rules.accounts.get(str(seen["account"]))
    seen["portal"] = portal or (account.portal if account else seen["portal"])
    seen["channel"] = account.provider.slug if account else seen["channel"]
    seen["at"] = moment(seen.get("at"), zone)
    return mapped_event(seen)
