"""PostgreSQL databases that tests use one after the other: to empty one is much quicker than to copy the template."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql

from tests.services import Postgres

_ALONE = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""
# Rows that were deleted would still be there for whoever plans a query.
_USED = """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
AND pg_relation_size(oid) > 0 AND relname <> 'alembic_version'"""
_COUNT_ANEW = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
# What tests change besides rows.
_SHAPE = """
SELECT 'column', table_schema, table_name, concat_ws(' ', column_name, data_type, column_default, is_nullable)
FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'index', schemaname, tablename, indexdef FROM pg_indexes WHERE schemaname <> 'pg_catalog'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, prosrc, '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'version', version_num, '', '' FROM alembic_version
UNION ALL SELECT 'setting', setconfig::text, '', '' FROM pg_db_role_setting
UNION ALL SELECT 'analysed', tablename, attname, '' FROM pg_stats WHERE schemaname = 'public'
ORDER BY 1, 2, 3, 4"""


class Pool:
    """``template`` is the name of a database that has the schema; those taken have it too, and no rows."""

    def __init__(self, server: Postgres, template: str) -> None:
        self._server, self._template = server, template
        self._free: list[str] = []
        with psycopg.connect(server.url(template), autocommit=True) as db:
            self._shape = db.execute(_SHAPE).fetchall()

    def take(self) -> str:
        """The URL of one that nobody else has."""
        return self._free.pop() if self._free else self._server.create(self._template)

    def give_back(self, url: str) -> None:
        """Whoever is still connected is thrown out. One in which more than rows was changed is dropped."""
        if self._emptied(url):
            self._free.append(url)
        else:
            self._server.drop(url)

    def _emptied(self, url: str) -> bool:
        with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as db:
            db.execute(_ALONE)
            if db.execute(_SHAPE).fetchall() == self._shape:
                used = [sql.Identifier(name) for (name,) in db.execute(_USED).fetchall()]
                if used:
                    db.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(used)))
                db.execute(_COUNT_ANEW)
                return True
        return False
