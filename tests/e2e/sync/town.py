"""The house as the Procfile starts it, with sources: their runs, their records and what a person does with them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connector.journal import MirrorRow, Run
from connector.sandbox.answers import ApiError
from tests.e2e.sync.console import ADMIN, PASSWORD, Console
from tests.integration.house.blueprint import ROOT
from tests.integration.house.house import House, running_house
from tests.integration.house.processes import Commands
from tests.integration.house.waiting import until

PATIENCE = 40.0  # seconds: the machine may have other things to do
Sources = Mapping[str, Mapping[str, Any]]


def procfile(*names: str) -> Commands:
    """These commands of the Procfile, as they stand."""
    lines = (line.partition(":") for line in (ROOT / "Procfile").read_text().splitlines())
    return {name: shlex.split(command) for name, _, command in lines if name in names}


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """A running house with sources, and somebody at its console."""

    house: House
    console: Console

    def runs(self, source: str) -> list[Run]:
        """The runs of a source, the newest first."""
        return self.house.journal.runs_of(source, limit=200)

    def begin(self, source: str, deed: str = "run") -> Run:
        """A person begins a run at the console: ``run``, ``full`` or ``allow``; workers go on with it."""
        before = {run.id for run in self.runs(source)}
        self.console.does(source, deed)
        return until(lambda: [run for run in self.runs(source) if run.id not in before], what=f"{source} began")[-1]

    def over(self, run: Run) -> Run:
        """Wait until a run is over; as it is then."""
        return until(lambda: self._over(run.id), seconds=PATIENCE, what=f"run {run.id} of {run.source} is over")

    def run(self, source: str, deed: str = "run") -> Run:
        """A person begins a run and waits for its end."""
        return self.over(self.begin(source, deed))

    def midway(self, run: Run, written: int = 1) -> Run:
        """Wait until an open run has written some of its records, and not all."""
        found = until(
            lambda: self._at(run.id, written), seconds=PATIENCE, what=f"run {run.id} has written {written}", every=0.02
        )
        assert found.open, f"run {run.id} was over before anything could be done to it"
        return found

    def titles(self, kind: int, begin: str = "") -> list[str]:
        """The titles of all items of an entityTypeId that ``begin`` so, sorted; each as often as it is there. A process
        that was not made yet has none.
        """
        try:
            titles = [str(item["title"]) for item in self.house.sandbox.items(kind)]
        except ApiError:
            return []
        return sorted(title for title in titles if title.startswith(begin))

    def shows(self, kind: int, *titles: str, begin: str = "") -> None:
        """Wait until the portal has exactly these items of those that ``begin`` so."""
        wanted = sorted(titles)
        until(lambda: self.titles(kind, begin) == wanted, seconds=PATIENCE, what=f"the portal has {wanted}")

    def rows(self, source: str, **which: Any) -> list[MirrorRow]:
        """What the mirror has."""
        return self.house.journal.mirror_rows(source, limit=2000, **which)

    def parked(self, source: str) -> dict[str, str]:
        """The parked records and why."""
        return {row.record: row.cause for row in self.rows(source, state="parked")}

    def amend(self, **portal: Any) -> None:
        """Change what connector.yaml says of the portal. Processes read it when they start."""
        path = self.house.folder / "connector.yaml"
        settings = yaml.safe_load(path.read_text())
        settings["portals"]["main"] |= portal
        path.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))

    def kill(self, service: str, *, politely: bool = False) -> None:
        """SIGKILL (or SIGTERM) to one of our services and all its processes; it is started again at once."""
        running = self.house.services[service]
        starts = running.starts
        running.stop() if politely else running.kill()
        until(lambda: running.starts > starts and running.pid, what=f"{service} is started again")

    def _over(self, number: int) -> Run | None:
        found = self.house.journal.run_of(number)
        return None if found is None or found.open else found

    def _at(self, number: int, written: int) -> Run | None:
        found = self.house.journal.run_of(number)
        if found is None or (found.open and found.counts["created"] + found.counts["updated"] < written):
            return None
        return found


@contextmanager
def town(kind: str, folder: Path, sources: Sources, rules: str, **portal: Any) -> Iterator[Town]:
    """A house on ``kind`` of database with these sources and rules; ``portal`` is what the sandbox is like besides."""
    (folder / "rules").mkdir(parents=True)
    if rules:
        (folder / "rules" / "sync.yaml").write_text(rules, encoding="utf-8")
    given = {name: {"portal": "main", **settings} for name, settings in sources.items()}
    more = {"sources": given, "mappings": str(folder / "rules")}
    commands = procfile("web", "worker", "clock")
    with running_house(kind, folder, commands=commands, portal=portal, settings=more) as house:
        house.journal.add_user(ADMIN, "admin", PASSWORD, who="root", why="new")
        with Console(house.url) as console:
            yield Town(house=house, console=console)
