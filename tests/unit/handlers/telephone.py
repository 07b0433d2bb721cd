"""A portal's telephony in one dict, and calls told to the handlers as a PBX would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.calls import AboutCall
from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import PbxSettings
from connector.errors import PermanentError, TransientError
from connector.handlers import HANDLERS
from connector.handlers.rules import AccountFacts, PortalFacts, Rules
from connector.speech import Text
from tests.unit.handlers.walking import AT, FakeSet, Walk

PBX = Provider(
    slug="pbx", title=Text("PBX", "АТС"), settings=PbxSettings, capabilities=Capabilities(), icon_svg="<svg/>"
)
USERS = {"101": 11, "102": 12, "103": 13}
INSTALLER = 1
CLIENT, LINE = "89161234567", "84951112233"
SAID = Text("said", "сказано")


def rules(**pbx: Any) -> Rules:
    """Portal ``main`` with one PBX account ``office``."""
    settings = PbxSettings.model_validate({"account": "office", "provider": "pbx", "portal": "main", **pbx})
    return Rules(
        public_url="https://hub.example",
        accounts={"office": AccountFacts(name="office", provider=PBX, portal="main", line=None, pbx=settings)},
        portals={"main": PortalFacts(name="main", language="ru", connectors={})},
        mappings=FakeSet(),
        at=AT,
    )


def at(seconds: float) -> datetime:
    """A moment of the PBX's clock."""
    return datetime(2026, 9, 1, 9, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def about(seconds: float, **more: Any) -> dict[str, Any]:
    """What each piece about the call ``c1`` says."""
    return {"account": "office", "call": "c1", "at": at(seconds), **more}


@dataclass
class Exchange:
    """Bitrix24's telephony as facts §1.2 to §1.4 tell of it. ``rows`` are the statistics, ``open`` what is going on."""

    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, set[int]] = field(default_factory=dict)
    popped: list[tuple[str, int]] = field(default_factory=list)
    inactive: set[int] = field(default_factory=set)

    def answer(self, method: str, params: Mapping[str, Any]) -> Any:
        name = method.rpartition(".")[2]
        return getattr(self, f"_{name.lower()}")(params)

    def _register(self, params: Mapping[str, Any]) -> Any:
        if params["USER_ID"] in self.inactive:
            return PermanentError("bitrix24.call_user", hint=SAID)
        for call_id, call in self.open.items():
            if call["EXTERNAL_CALL_ID"] == params["EXTERNAL_CALL_ID"]:
                return {"CALL_ID": call_id}
        call_id = f"externalCall.{len(self.open) + len(self.rows) + 1}"
        self.open[call_id] = dict(params)
        self.seen[call_id] = set()
        if params["SHOW"]:
            self._pop(call_id, [params["USER_ID"]])
        return {"CALL_ID": call_id, "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 5}

    def _show(self, params: Mapping[str, Any]) -> bool:
        if params["CALL_ID"] not in self.open:
            return False
        self._pop(params["CALL_ID"], params["USER_ID"])
        return True

    def _pop(self, call_id: str, users: Iterable[int]) -> None:
        self.seen[call_id] |= set(users) - self.inactive  # who left has no screen
        self.popped += [(call_id, user) for user in users]

    def _hide(self, params: Mapping[str, Any]) -> bool:
        self.seen[params["CALL_ID"]] -= set(params["USER_ID"])
        return params["CALL_ID"] in self.open

    def _finish(self, params: Mapping[str, Any]) -> Any:
        if params["USER_ID"] in self.inactive:
            return PermanentError("bitrix24.call_user", hint=SAID)
        call = self.open.pop(params["CALL_ID"], None)
        if call is None:
            return PermanentError("bitrix24.call_not_found", hint=SAID)
        self.seen[params["CALL_ID"]].discard(params["USER_ID"])
        row = {**call, **params, "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": "5", "CRM_ACTIVITY_ID": "7"}
        self.rows.append(row)
        return row

    def _get(self, params: Mapping[str, Any]) -> Any:
        asked = params["FILTER"]
        if "UF_PHONE_INNER" in asked:
            inner = asked["UF_PHONE_INNER"]
            return [{"ID": str(USERS[inner]), "UF_PHONE_INNER": inner}] if inner in USERS else []
        return [row for row in self.rows if all(str(row[name]) == str(value) for name, value in asked.items())]

    def _profile(self, params: Mapping[str, Any]) -> Any:
        return {"ID": str(INSTALLER)}


@dataclass
class Line:
    """The handlers with a portal at the other end; ``cuts`` are the n-th calls whose answers nobody hears."""

    rules: Rules = field(default_factory=rules)
    exchange: Exchange = field(default_factory=Exchange)
    cuts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.walk = Walk(self.exchange.answer)

    def tell(self, *events: AboutCall) -> Line:
        """Each piece to its handler, again after each cut."""
        for event in events:
            self._handle(event)
        return self

    def settle(self) -> Line:
        """What was put off is due now, all that follows from it too."""
        while due := [emit for emit in self.walk.emitted if emit.event.kind == "call.settled"]:
            self.walk.emitted = [emit for emit in self.walk.emitted if emit not in due]
            for emit in due:
                self._handle(emit.event)
        return self

    def emitted(self, kind: str) -> list[Any]:
        """The events of this kind that went on."""
        return [emit.event for emit in self.walk.emitted if emit.event.kind == kind]

    @property
    def row(self) -> dict[str, Any]:
        """The only row of the statistics, with nothing left going on and no card before anybody."""
        assert not self.exchange.open
        assert not any(self.exchange.seen.values())
        (row,) = self.exchange.rows
        return row

    def _handle(self, event: Any) -> None:
        for _ in range(20):
            self.walk.cut_after = self.cuts.pop(0) if self.cuts else 0
            try:
                self.walk.run(HANDLERS["portal", event.kind](event, self.rules))
            except TransientError:
                continue
            return
        raise AssertionError("it never ends")
