"""How many events a second one core maps: with the packaged rules, and with three hundred of an integrator's."""

from __future__ import annotations

import cProfile
import pstats
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

import mappings
from mappings.engine import MappingSet
from mappings.golden import MINIMAL
from mappings.loading import load
from tests.bench.figures import Figure, median, show
from tests.bench.mapping_rules import rules
from tests.bench.services import ROOT

NAMES = ("mapping.default_per_s", "mapping.rules300_per_s")
KIND = "message.received"
ROUNDS, MESSAGES, RULES = 5, 2000, 300
_CHANNELS = ("telegram", "webchat", "generic")
_NAMES = ("Анна", "Олег", "Мария", "John", "Дмитрий", "Kate", "")
_LEAF: Mapping[str, Any] = {}
KINDS: Mapping[str, Any] = {
    kind: {name: dict.fromkeys(value, _LEAF) if isinstance(value, Mapping) else _LEAF for name, value in fields.items()}
    for kind, fields in MINIMAL.items()
}
"""What is free or empty in the minimal event may be read in any way."""


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``mapping.*``: decisions about ready events, without what is done about them afterwards."""
    words = _sentences()
    scopes = list(messages(words))
    own = {"rules.yaml": rules(RULES, sorted({word for text in words for word in re.findall(r"[^\W\d_]{6,}", text)}))}
    sets = {
        NAMES[0]: (load(packaged(), KINDS), "the packaged rules"),
        NAMES[1]: (_set(own), f"{RULES} rules, half of them patterns"),
    }
    chosen = {name: each for name, each in sets.items() if wanted(name)}
    figures, rows = [], []
    for name, (found, what) in chosen.items():
        matched = [len(found.decide(KIND, scope).matched) for scope in scopes]
        rates = [_rate(found, scopes) for _ in range(ROUNDS)]
        figures.append(
            median(
                name, rates, unit="events/s", of=f"decisions on one core, {what}, {MESSAGES} messages, {ROUNDS} rounds"
            )
        )
        rows.append(
            [what, len(found.on(KIND)), sum(matched) / len(matched), figures[-1].value, 1e6 / figures[-1].value]
        )
    show(console, "Mapping of messages on one core", ["", "rules", "match", "events/s", "µs each"], rows)
    for found, what in chosen.values():
        show(console, f"What dominates: {what}", ["own time", "%", "calls a message"], list(dominating(found, scopes)))
    return figures


def packaged() -> dict[str, bytes]:
    """The files that come with the product."""
    folder = Path(mappings.__file__).parent / "defaults"
    return {f"defaults/{file.name}": file.read_bytes() for file in sorted(folder.glob("*.yaml"))}


def messages(sentences: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Scopes of messages of one to five sentences, Russian and English, always the same ones."""
    draw = random.Random(5)
    minimal = MINIMAL[KIND]
    for number in range(MESSAGES):
        english = number % 3 == 0
        some = [text for text in draw.sample(sentences, 12) if bool(re.search("[а-яА-Я]", text)) is not english]
        name = draw.choice(_NAMES)
        client = {
            **minimal["client"],
            "id": str(number),
            "first_name": name,
            "phone": f"+7900{number:07}" if draw.random() < 0.4 else "",
            "language": "en" if english else "ru",
        }
        event = {
            **minimal,
            "message_id": str(number),
            "conversation": str(number % 500),
            "account": f"shop{number % 20}",
            "channel": draw.choice(_CHANNELS),
            "client": client,
            "text": " ".join(
                [*some[: draw.randint(1, 5)], draw.choice(("", f"Заказ {number + 10_000}", name))]
            ).strip(),
        }
        yield {"event": event}


def dominating(found: MappingSet, scopes: Sequence[dict[str, Any]]) -> Iterator[list[object]]:
    """The five functions with the most own time, in plain words."""
    with cProfile.Profile() as profile:
        for scope in scopes:
            found.decide(KIND, scope)
    stats: dict[tuple[str, int, str], Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # not in the stubs
    own: dict[str, tuple[float, int]] = {}
    for place, (_, calls, time_, *_) in stats.items():
        spent, times = own.get(_plain(*place), (0.0, 0))
        own[_plain(*place)] = spent + time_, times + calls
    whole = sum(spent for spent, _ in own.values())
    for name, (spent, times) in sorted(own.items(), key=lambda each: -each[1][0])[:5]:
        yield [name, 100 * spent / whole, times / len(scopes)]


def _plain(file: str, line: int, name: str) -> str:
    if file == "<expression>":
        return "the conditions and values themselves, compiled"
    if file == "~":
        return next((words for part, words in _BUILT_IN.items() if part in name), f"Python's own {name.strip('<>')}")
    path = Path(file)
    words = _WORDS.get((path.stem, name), name)
    return f"{words} ({path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name})"


_BUILT_IN = {
    "'search'": "patterns are looked for in the text",
    "casefold": "the text is put into small letters",
    "isinstance": "kinds of values are looked at (isinstance)",
}
_WORDS = {
    ("expressions", "__call__"): "expressions are called",
    ("deciding", "settle"): "rules are walked through",
    ("deciding", "_take"): "what a matching rule says is taken",
    ("patterns", "has_one"): "words without which a pattern cannot match are looked for",
    ("patterns", "<lambda>"): "a pattern is asked",
    ("patterns", "__call__"): "the text in small letters is remembered",
    ("wishing", "outcome"): "the outcome is put together",
    ("wishing", "_want"): "wishes are merged",
    ("wishing", "_wish"): "wishes get their keys",
}


def _rate(found: MappingSet, scopes: Sequence[dict[str, Any]]) -> float:
    begun = time.process_time()
    for scope in scopes:
        found.decide(KIND, scope)
    return len(scopes) / (time.process_time() - begun)


def _set(own: Mapping[str, str]) -> MappingSet:
    settings = {name: text for name, text in packaged().items() if name.endswith("_settings.yaml")}
    return load({**settings, **own}, KINDS)


def _sentences() -> list[str]:
    found = yaml.safe_load((ROOT / "tests/unit/mappings/sentences.yaml").read_text(encoding="utf-8"))
    found.pop("ambiguous")
    return [str(text) for sentences in found.values() for text in sentences]
