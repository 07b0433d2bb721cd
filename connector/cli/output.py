"""How a command answers: tables and sentences for a person, one JSON document for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.speech import Text

if TYPE_CHECKING:
    from connector.domain.provider import Finding

_PIPE_WIDTH = 240  # columns when nobody looks: nothing is folded
_MARKS = {"ok": "[green]✓[/green]", "warn": "[yellow]![/yellow]", "bad": "[red]✗[/red]"}
_SUMMARY = Text("{bad} wrong, {warn} to look at, {ok} right", "неверно: {bad}, стоит взглянуть: {warn}, верно: {ok}")


class Output:
    """Where a command's answer goes. With ``as_json`` only :meth:`document` writes to stdout."""

    def __init__(self, *, as_json: bool, language: str) -> None:
        self.as_json, self.language = as_json, language

    def say(self, text: Text, **values: object) -> None:
        """One sentence, for people only."""
        if not self.as_json:
            self._console().print(escape(self.words(text, **values)), highlight=False, soft_wrap=True)

    def words(self, text: Text, **values: object) -> str:
        """The phrase in the language of the command."""
        return (text.with_(**values) if values else text).say(self.language)

    def document(self, value: Any) -> None:
        """The JSON answer; nothing for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")

    def table(self, columns: Sequence[Text], rows: Iterable[Sequence[object]], *, empty: Text) -> None:
        """A table for people, or the sentence ``empty``."""
        if self.as_json:
            return
        lines = [[escape(_cell(cell)) for cell in row] for row in rows]
        if not lines:
            self.say(empty)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.say(self.language), overflow="fold")
        for line in lines:
            table.add_row(*line)
        self._console().print(table)

    def pairs(self, pairs: Iterable[tuple[Text, object]]) -> None:
        """Names and values, one per line; empty values are left out."""
        if self.as_json:
            return
        for name, value in pairs:
            if value not in ("", None, [], ()):
                self._console().print(
                    f"[bold]{escape(name.say(self.language))}[/bold]: {escape(_cell(value))}",
                    highlight=False,
                    soft_wrap=True,
                )

    def heading(self, text: str) -> None:
        """A title for people."""
        if not self.as_json:
            self._console().print(f"\n[bold underline]{escape(text)}[/bold underline]", highlight=False)

    def findings(self, groups: Sequence[tuple[str, Sequence[Finding]]]) -> bool:
        """Shows what a check found; ``True`` when nothing is bad."""
        found = [finding for _, findings in groups for finding in findings]
        for title, findings in groups:
            self.heading(title)
            for finding in findings:
                self._finding(finding)
        counts = {state: sum(1 for finding in found if finding.state == state) for state in _MARKS}
        if not self.as_json:
            self._console().print()
        self.say(_SUMMARY, **counts)
        told = {"ok": counts["bad"] == 0, "right": counts["ok"], "warn": counts["warn"], "bad": counts["bad"]}
        self.document({**told, "findings": self._listed(groups)})
        return counts["bad"] == 0

    def _finding(self, finding: Finding) -> None:
        if self.as_json:
            return
        console = self._console()
        words = escape(finding.what.say(self.language))
        console.print(f"  {_MARKS[finding.state]} {words}", highlight=False, soft_wrap=True)
        if finding.state == "ok":
            return
        hint = finding.hint.say(self.language) if finding.hint else ""
        if hint:
            console.print(f"      → {escape(hint)}", highlight=False, soft_wrap=True)
        if finding.mend and f"`{finding.mend}`" not in hint:
            console.print(f"      $ {escape(finding.mend)}", highlight=False, soft_wrap=True)

    def _listed(self, groups: Sequence[tuple[str, Sequence[Finding]]]) -> list[dict[str, str]]:
        return [
            {
                "of": title,
                "code": finding.code,
                "state": finding.state,
                "what": finding.what.say(self.language),
                "hint": finding.hint.say(self.language) if finding.hint else "",
                "mend": finding.mend if finding.state != "ok" else "",
            }
            for title, findings in groups
            for finding in findings
        ]

    @contextmanager
    def working(self, text: Text) -> Iterator[None]:
        """Tell a person at a terminal that it takes a while."""
        if self.as_json or not sys.stderr.isatty():
            yield
            return
        with Console(stderr=True).status(escape(self.words(text))):
            yield

    def problem(self, cause: str, message: str, hint: str) -> None:
        """An error: on stderr for people, as a document for programs."""
        self.document({"error": {"cause": cause, "message": message, "hint": hint}})
        if self.as_json:
            return
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"[red]✗[/red] {escape(message)}", highlight=False)
        if hint:
            console.print(f"  → {escape(hint)}", highlight=False)

    def _console(self) -> Console:
        return Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓" if value else "—"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
