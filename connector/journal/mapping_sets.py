"""The mapping sets: each kept whole under its version, and a line for each time one is put to use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select

from connector.errors import PermanentError
from connector.journal.desk import Desk, moment
from connector.journal.engine import upsert
from connector.journal.mapping_tables import mapping_sets, mapping_uses
from connector.journal.people import write_audit
from connector.journal.rows import clean
from connector.speech import Text

Origin = Literal["folder", "person"]

_UNKNOWN = Text(
    "There is no mapping version {version}, or more than one begins so. `connector mappings versions` lists them.",
    "Версии маппинга {version} нет, или так начинается не одна. Список: `connector mappings versions`.",
)


@dataclass(frozen=True, kw_only=True)
class MappingUse:
    """A set was put to use: by the ``folder`` (its files changed) or by a ``person``."""

    at: datetime
    version: str
    origin: Origin
    who: str
    why: str


class MappingSets(Desk):
    """The set in use is that of the newest use; a set once kept never changes."""

    def use_mapping(self, version: str, files: Mapping[str, str], *, origin: Origin, who: str, why: str = "") -> bool:
        """Keep the set and put it to use; ``False`` when it is in use already, by the same origin."""
        now = self.now()
        told = {"version": version, "origin": origin, "who": clean(who), "why": clean(why)}
        kept = {"version": version, "files": json.dumps(dict(files), ensure_ascii=False), "made_at": now}
        with self.store.writing() as db:
            last = db.execute(_LAST).first()
            if last and (last.version, last.origin) == (version, origin):
                return False
            db.execute(upsert(db.dialect.name, mapping_sets).values(kept).on_conflict_do_nothing())
            db.execute(insert(mapping_uses).values(at=now, **told))
            write_audit(db, now, who=who, what="mapping", why=why, target=f"mapping:{version}")
        return True

    def mapping_now(self) -> str:
        """The version in use, empty before the first."""
        with self.store.reading() as db:
            row = db.execute(_LAST).first()
        return str(row.version) if row else ""

    def mapping_of_folder(self) -> str:
        """The version that the folder put to use last; a person may have gone back since. Empty before the first."""
        wanted = _LAST.where(mapping_uses.c.origin == "folder")
        with self.store.reading() as db:
            row = db.execute(wanted).first()
        return str(row.version) if row else ""

    def mapping_version(self, begins: str) -> str:
        """The whole version of which ``begins`` is the beginning. Raises ``PermanentError`` (``mapping.unknown``)."""
        names = mapping_sets.c.version
        wanted = select(names).where(names.startswith(clean(begins), autoescape=True)).limit(2)
        with self.store.reading() as db:
            found = list(db.execute(wanted).scalars())
        if not begins or len(found) != 1:
            raise PermanentError("mapping.unknown", hint=_UNKNOWN.with_(version=begins[:40]))
        return str(found[0])

    def mapping_files(self, version: str) -> dict[str, str]:
        """The files of a version, by name. Raises ``PermanentError`` (``mapping.unknown``)."""
        with self.store.reading() as db:
            kept = db.execute(select(mapping_sets.c.files).where(mapping_sets.c.version == clean(version))).scalar()
        if kept is None:
            raise PermanentError("mapping.unknown", hint=_UNKNOWN.with_(version=version[:40]))
        return dict(json.loads(kept))

    def mapping_uses(self, *, limit: int = 20) -> list[MappingUse]:
        """What was put to use, the newest first."""
        with self.store.reading() as db:
            rows = db.execute(select(mapping_uses).order_by(mapping_uses.c.id.desc()).limit(limit)).all()
        return [
            MappingUse(at=moment(row.at), version=row.version, origin=row.origin, who=row.who, why=row.why)
            for row in rows
        ]


_LAST = select(mapping_uses.c.version, mapping_uses.c.origin).order_by(mapping_uses.c.id.desc()).limit(1)
