"""How a mistake in the settings is told: where, what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connector.errors import SettingsError
from connector.speech import Text

Path = tuple[str | int, ...]
Marks = Mapping[Path, int]

SECRETIVE = re.compile(r"token|secret|passw|webhook|credential|private|(^|_)key", re.IGNORECASE)
MASK = "•••"

_LABELS = Text("found|expected|hint", "найдено|ожидалось|подсказка")
_HEADER = Text(
    "The settings cannot be used. Mistakes: {count}", "С такими настройками работать нельзя. Ошибок: {count}"
)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake. ``line`` is 1-based, 0 when unknown; ``found`` never bears a secret."""

    file: str
    line: int = 0
    path: str = ""
    found: str = ""
    expected: Text
    hint: Text

    def say(self, language: str) -> str:
        """The mistake as an indented paragraph."""
        found, expected, hint = _LABELS.say(language).split("|")
        place = f"{self.file}:{self.line}" if self.line else self.file
        lines = [f"{place}  {self.path}".rstrip()]
        if self.found:
            lines.append(f"    {found}: {self.found}")
        lines.append(f"    {expected}: {self.expected.say(language)}")
        lines.append(f"    {hint}: {self.hint.say(language)}")
        return "\n".join(lines)


class SettingsMistakesError(SettingsError):
    """All the mistakes of one loading."""

    def __init__(self, mistakes: Iterable[Mistake], language: str) -> None:
        self.mistakes = tuple(mistakes)
        self.language = language
        super().__init__(self.say(language))

    def say(self, language: str) -> str:
        """The whole list in ``language``."""
        header = _HEADER.with_(count=len(self.mistakes)).say(language)
        return "\n\n".join([header, *(mistake.say(language) for mistake in self.mistakes)])


@dataclass
class Report:
    """Collects mistakes of one file; ``raw`` tells which values were written as ``${NAME}``."""

    file: str
    marks: Marks = field(default_factory=dict)
    raw: Mapping[Path, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def add(self, path: Path, expected: Text, hint: Text, *, value: Any = None, found: str | None = None) -> None:
        """Note a mistake at ``path``. Give ``value`` to have it shown safely, or ``found`` as ready words."""
        words = self.show(path, value) if found is None else found
        place = dotted(path)
        self.mistakes.append(
            Mistake(file=self.file, line=self.line(path), path=place, found=words, expected=expected, hint=hint)
        )

    def told(self, path: Path) -> bool:
        """Whether a mistake stands at exactly this place already."""
        place = dotted(path)
        return any(mistake.path == place for mistake in self.mistakes)

    def line(self, path: Path) -> int:
        """The line of ``path`` or of its nearest known parent."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                return self.marks[path[:length]]
        return 0

    def show(self, path: Path, value: Any) -> str:
        """``value`` as a person may see it: no secrets, nothing long."""
        if path in self.raw:
            return self.raw[path]
        if any(SECRETIVE.search(str(part)) for part in path):
            return MASK if value not in (None, "") else ""
        return plain(value)


def plain(value: Any) -> str:
    """A short, safe picture of a value of unknown origin."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, list | tuple):
        return "[…]"
    if not isinstance(value, str):
        return str(value)[:60]
    return f'"{_without_userinfo(value)[:60]}"' if value.isprintable() else '"…"'


def _without_userinfo(value: str) -> str:
    if "://" not in value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return "…"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" + ("/…" if parts.path.strip("/") or parts.query else "")


def dotted(path: Path) -> str:
    """``("accounts", "shop", 0)`` → ``accounts.shop.0``."""
    return ".".join(str(part)[:60] if str(part).isprintable() else "…" for part in path)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or an empty string."""
    return next(iter(difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> Text:
    """A hint that suggests the nearest known word, or lists them all."""
    names = sorted(known)
    guess = nearest(word, names)
    if guess:
        return Text(f'did you mean "{guess}"?', f"возможно, имелось в виду «{guess}»?")
    listed = ", ".join(names) or "—"
    return Text(f"known here: {listed}", f"здесь известны: {listed}")
