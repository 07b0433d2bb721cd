"""What the work on tags is done with: the journal, the portal in bulk, the source."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.domain.effects import Remember
from connector.domain.ports import Clock
from connector.errors import ConnectorError
from connector.handlers.case import Case
from connector.handlers.mapped import case_of
from connector.handlers.rules import Rules
from connector.journal import Journal
from connector.portal.batch import Outcome
from connector.sync.tags.outcome import TagsOutcome

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk

WriteBack = Callable[[Mapping[str, Mapping[str, Any]]], Sequence[str]]


@dataclass(kw_only=True)
class Tools:
    """``write`` brings columns back to the source, ``None`` where it is only read. ``dry``: nothing is written.

    ``allow_gone``: however many records may lose all their tags. ``trace`` is that of the run.
    """

    portal: str
    source: str
    journal: Journal
    bulk: Bulk
    rules: Rules
    clock: Clock
    trace: str
    write: WriteBack | None
    dry: bool
    allow_gone: bool
    outcome: TagsOutcome

    def case(self) -> Case:
        """Nobody's: what plans of tags need to know."""
        case = case_of(self.portal, f"tags:{self.source}", "", {}, self.rules)
        case.at = self.clock()
        return case

    def recall(self, names: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Any]:
        """As :class:`~connector.sync.tags.asking.Hands` says, like what follows."""
        return self.journal.recall_all(names) if names else {}

    def gather(self, reads: Sequence[tuple[str, Any]]) -> list[Any]:
        return self.bulk.gather(reads)

    def call(self, method: str, params: Mapping[str, Any]) -> Any:
        ((_, outcome),) = self.bulk.write([("", method, params)])
        if outcome.error is not None:
            raise outcome.error
        return outcome.result

    def remember(self, links: Sequence[Remember]) -> None:
        if links and not self.dry:
            owner = f"portal:{self.portal}"
            self.journal.keep_deeds(list(links), owner=owner, who=f"sync:{self.source}", trace=self.trace, lines=())

    def posted(self, commands: Sequence[tuple[str, str, Mapping[str, Any]]]) -> dict[str, ConnectorError | None]:
        """Send these; key → ``None``, or what went wrong. Commands that were not sent are left out."""
        told: dict[str, ConnectorError | None] = {}
        for key, outcome in self.bulk.write(commands):
            if outcome.state != "not_run":
                told[str(key)] = _error(outcome)
        return told


def _error(outcome: Outcome) -> ConnectorError | None:
    return outcome.error if outcome.state != "ok" else None
