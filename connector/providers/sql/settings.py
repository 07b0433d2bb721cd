"""A database in ``connector.yaml``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connector.domain.durations import Duration
from connector.domain.sources import SourceSettings
from connector.speech import Text

# What may hold a semicolon that ends nothing: texts, quoted names, dollar quotes, comments.
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL)

_URL = Text("the URL of a database", "URL базы данных")
_URL_LIKE = Text(
    "for example postgresql://user:password@host/database, best as ${ERP_URL}",
    "например postgresql://user:password@host/database, лучше как ${ERP_URL}",
)
_FILE = Text("a file: sqlite:////path/of/the/file.db", "файл: sqlite:////путь/к/файлу.db")
_MEMORY = Text("a database in memory is always empty", "база в памяти всегда пуста")
_SELECT = Text("one SELECT", "один запрос SELECT")
_ONLY = Text(
    "begin with SELECT or WITH, write no second statement after a `;`",
    "начните с SELECT или WITH, не пишите второй запрос после `;`",
)
_ONE = Text("either table: or query:", "либо table:, либо query:")
_ONE_OF = Text("name the table, or write a SELECT", "укажите таблицу или напишите SELECT")
_TABLE = Text("table: where something is writable", "table:, если что-то можно записывать")
_NO_TABLE = Text("what a query gives cannot be written back", "результат запроса нельзя записать обратно")


def _checked_url(value: SecretStr) -> SecretStr:
    try:
        url = make_url(value.get_secret_value().strip())
    except (ArgumentError, ValueError):
        raise ValueError(_URL, _URL_LIKE) from None
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError(_FILE, _MEMORY)
    return value


def _one_select(value: str) -> str:
    statement = value.strip().removesuffix(";").rstrip()
    bare = _QUOTED.sub(" ", statement)
    if statement and (";" in bare or not re.match(r"\s*(select|with)\b", bare, re.IGNORECASE)):
        raise ValueError(_SELECT, _ONLY)
    return statement


class Flag(BaseModel):
    """A column that says by yes and no that the row is deleted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str


class SqlSettings(SourceSettings):
    """``table`` (maybe ``schema.table``) or ``query``, one SELECT. ``cursor`` is a column that grows with each change
    of a row; without it every run reads everything. ``deleted`` is a column that is filled once the row is deleted, or
    ``{column: …}`` of one that says so by yes and no. ``timezone`` is that of times without an offset.

    ``number_overlap`` is taken off a cursor that is a number, as ``overlap`` off a time. A statement may take
    ``timeout``. ``writable`` are columns that may be written back (two-way tags).
    """

    url: Annotated[SecretStr, AfterValidator(_checked_url)]
    table: str = Field(default="", examples=["sales.orders"])
    query: Annotated[str, AfterValidator(_one_select)] = Field(default="", examples=["SELECT id, total FROM orders"])
    cursor: str = Field(default="", examples=["updated_at"])
    deleted: str | Flag = Field(default="", examples=["deleted_at"])
    number_overlap: int = Field(default=0, ge=0)
    timeout: Duration = Field(default=timedelta(minutes=1), gt=timedelta(0))
    writable: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> SqlSettings:
        if bool(self.table.strip()) == bool(self.query):
            raise ValueError(_ONE, _ONE_OF)
        if self.writable and not self.table:
            raise ValueError(_TABLE, _NO_TABLE)
        return self

    @property
    def tombstone(self) -> str:
        """The column that tells of deletion, or nothing."""
        return self.deleted.column if isinstance(self.deleted, Flag) else self.deleted
