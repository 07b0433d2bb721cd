"""Where one stands on the way to a talking channel: the steps of the console's wizard, on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connector import registry
from connector.bootstrap import build, utc_now
from connector.checkup.card import pairs
from connector.checkup.facts import Facts
from connector.checkup.observed import look, observe, pair_of
from connector.checkup.sketched import sketched, unset_by
from connector.checkup.steps import Step, next_step, steps
from connector.cli.output import Output
from connector.settings.mistakes import SettingsMistakesError
from connector.speech import Text

_LOOKING = Text("Looking at each step", "Проверяю каждый шаг")
_STEPS = Text("The way to the first message", "Путь к первому сообщению")
_STEPS_CALLS = Text("The way to the first call", "Путь к первому звонку")
_NOW = Text("Now: {title}. {told}", "Сейчас: {title}. {told}")
_ALL = Text("Everything is proven: clients and operators can talk.", "Всё подтверждено: можно переписываться.")
_ALL_CALLS = Text("Everything is proven: calls come into Bitrix24.", "Всё подтверждено: звонки попадают в Битрикс24.")
_WIZARD = Text(
    "The same steps in the browser, with values to copy: {url}/ops/connect",
    "Те же шаги в браузере, со значениями для копирования: {url}/ops/connect",
)
_LINE = Text("  {mark} {words}", "  {mark} {words}")
_BELOW = Text("      {words}", "      {words}")
_MARKS = {"ok": "✓", "bad": "✗", "wait": "→", "later": "·"}


def tell_standing(out: Output, path: Path, env: Mapping[str, str]) -> tuple[bool, dict[str, Any]]:
    """Shows the steps of the first pair; ``(whether all are proven, the part of the JSON answer)``.

    Raises ``SettingsMistakesError`` when the file has other mistakes than variables that are not set.
    """
    with out.working(_LOOKING):
        facts = facts_of(path, env)
    found = steps(facts)
    now = next_step(found)
    out.heading(out.words(_STEPS if facts.phone is None else _STEPS_CALLS))
    for step in found:
        _tell(out, step, facts)
    out.say(Text("", ""))
    if now is None:
        out.say(_ALL if facts.phone is None else _ALL_CALLS)
    else:
        out.say(_NOW, title=out.words(now.title), told=out.words(now.told))
        out.say(_WIZARD, url=facts.public_url.rstrip("/"))
    return now is None, {"steps": _listed(out, found), "now": now.code if now else None}


def facts_of(path: Path, env: Mapping[str, str]) -> Facts:
    """Observed with the whole house where the settings are complete, else with what is written of them."""
    try:
        settings = registry.settings(path, env)
    except SettingsMistakesError as error:
        if not all(unset_by(mistake, env) for mistake in error.mistakes):
            raise
        return sketched(path, env, error, now=utc_now())
    house = build(settings)
    try:
        pair = pair_of(house)
        return observe(house, *pair, list(look(house, *pair)))
    finally:
        house.journal.close()


def _tell(out: Output, step: Step, facts: Facts) -> None:
    out.say(_LINE, mark=_MARKS[step.state], words=out.words(step.title))
    if step.state == "later":
        return
    out.say(_BELOW, words=out.words(step.told))
    if step.code == "card" and step.state == "wait":
        for name, value in pairs(facts.public_url):
            out.say(_BELOW, words=f"{out.words(name)}: {value}")
    if step.mend:
        out.say(_BELOW, words=f"$ {step.mend}")


def _listed(out: Output, found: Sequence[Step]) -> list[dict[str, str]]:
    return [
        {
            "step": step.code,
            "state": step.state,
            "title": out.words(step.title),
            "told": out.words(step.told),
            "mend": step.mend,
        }
        for step in found
    ]
