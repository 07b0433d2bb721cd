"""What a job did outside, kept together: what it remembers of it, and the lines of the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.domain.effects import Remember
from connector.journal.desk import Desk
from connector.journal.links import write_links
from connector.journal.people import write_audit


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the audit."""

    what: str
    why: str
    target: str
    detail: str = ""


class Deeds(Desk):
    """Deeds of jobs."""

    def keep_deeds(
        self, links: Sequence[Remember], lines: Sequence[Line], *, owner: str, who: str, trace: str = ""
    ) -> None:
        """All links (``None`` forgets one) and all lines in one transaction, or nothing."""
        if not links and not lines:
            return
        now = self.now()
        with self.store.writing() as db:
            write_links(db, links, owner=owner, now=now)
            for line in lines:
                write_audit(
                    db, now, who=who, what=line.what, why=line.why, target=line.target, trace=trace, detail=line.detail
                )
