"""Drives a handler by hand: the answers to its effects come from a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.domain.effects import Effect, Plan, Recall, Remember
from connector.domain.provider import AccountSettings, Capabilities, Provider
from connector.handlers.rules import AccountFacts, PortalFacts, Rules
from connector.speech import Text

PROVIDER = Provider(
    slug="telegram",
    title=Text("Telegram", "Телеграм"),
    settings=AccountSettings,
    capabilities=Capabilities(text=4096, edit=True, delete=True),
    icon_svg="<svg/>",
)


def rules(*, line: int | None = 1, language: str = "ru") -> Rules:
    """One portal ``main`` with one account ``shop``."""
    return Rules(
        public_url="https://hub.example",
        accounts={
            "shop": AccountFacts(name="shop", provider=PROVIDER, portal="main", line=line),
            "other": AccountFacts(name="other", provider=PROVIDER, portal="main", line=None),
        },
        portals={"main": PortalFacts(name="main", language=language, connectors={"telegram": "cabc123_telegram"})},
    )


class Driver:
    """Runs a plan; ``answers`` maps an effect's type or a REST method to a value, an exception or a function."""

    def __init__(self, answers: Mapping[Any, Any] | None = None, links: Mapping[tuple[str, str], Any] | None = None):
        self.answers, self.links = dict(answers or {}), dict(links or {})
        self.effects: list[Effect] = []
        self.returned: Any = None

    def run(self, plan: Plan) -> list[Effect]:
        """All effects that are not mere recalls, in order."""
        try:
            effect = plan.send(None)
            while True:
                answer = self._answer(effect)
                effect = plan.throw(answer) if isinstance(answer, Exception) else plan.send(answer)
        except StopIteration as end:
            self.returned = end.value
        return [effect for effect in self.effects if not isinstance(effect, Recall)]

    def named(self, method: str) -> list[Any]:
        """The REST calls of one method."""
        return [effect for effect in self.effects if getattr(effect, "method", "") == method]

    def of(self, kind: type) -> list[Any]:
        """The effects of one type."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def _answer(self, effect: Effect) -> Any:
        self.effects.append(effect)
        if isinstance(effect, Recall):
            return self.links.get((effect.kind, effect.key))
        if isinstance(effect, Remember):
            self.links[effect.kind, effect.key] = effect.value
        raw = self.answers.get(getattr(effect, "method", type(effect)))
        if isinstance(raw, list) and raw and isinstance(raw[0], Turn):
            raw = raw.pop(0).value if len(raw) > 1 else raw[0].value
        value = raw(effect) if isinstance(raw, Callable) else raw
        judge = getattr(effect, "judge", None)
        if judge is None or isinstance(value, Exception):
            return value
        try:
            return judge(value)
        except Exception as error:
            return error


class Turn:
    """One answer of several to the same method."""

    def __init__(self, value: Any) -> None:
        self.value = value
