"""A portal ``main`` with the PBX account ``office``, and rules that handlers of calls lean on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.domain.provider import Provider
from connector.domain.telephony import PbxSettings, Telephony
from connector.domain.values import Receipt
from connector.handlers.rules import AccountFacts, Rules
from connector.speech import Text

from .driving import PROVIDER
from .driving import rules as plain_rules
from .walking import AT, FakeSet, Settings

PHONE = "+79001234567"


def _nothing(*_: Any) -> Any:
    raise AssertionError("handlers reach nothing outside")


DIALLING = Telephony(
    verify=_nothing, parse=_nothing, dedupe_key=_nothing, dial=lambda outgoing, settings, http: Receipt()
)
PBX: Provider = replace(PROVIDER, slug="asterisk", title=Text("Asterisk", "Asterisk"), telephony=DIALLING)
MUTE: Provider = replace(PBX, slug="mute", telephony=replace(DIALLING, dial=None))


def pbx(**said: Any) -> PbxSettings:
    return PbxSettings(provider="asterisk", portal="main", account="office", **said)


def office(name: str = "office", *, provider: Provider = PBX, **said: Any) -> AccountFacts:
    return AccountFacts(name=name, provider=provider, portal="main", line=None, pbx=pbx(**said))


def rules(
    *accounts: AccountFacts, at: datetime | None = AT, late: float = 0.0, language: str = "ru", **settings: Any
) -> Rules:
    """The PBX accounts given (else one plain ``office``) beside the messengers; ``settings`` of the mappings."""
    given = plain_rules(language=language)
    ours = {facts.name: facts for facts in accounts or (office(),)}
    mappings = FakeSet(config=Settings(**settings))
    return replace(given, at=at, late=late, mappings=mappings, accounts={**given.accounts, **ours})


__all__ = ["AT", "DIALLING", "MUTE", "PBX", "PHONE", "office", "pbx", "rules"]
