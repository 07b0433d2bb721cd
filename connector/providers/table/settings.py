"""Files of rows in ``connector.yaml``: where they lie, how they are written, what they mean."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from connector.domain.durations import Duration
from connector.domain.sources import SourceSettings
from connector.speech import Text

Kind = Literal["text", "number", "bool", "date", "datetime"]
Format = Literal["", "csv", "tsv", "xlsx", "jsonl", "json"]

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<user>[^@/]*)@)?(?P<host>[^/@]*)(?P<path>/.*)?", re.DOTALL
)
_HOST = re.compile(r"\[?(?P<name>[A-Za-z0-9_.:-]+?)\]?(?::(?P<port>\d{1,5}))?")
_SHOWN = re.compile(r"(^|\s|,)(SHA256:[A-Za-z0-9+/=]|AAAA[A-Za-z0-9+/=])")
SCHEMES = ("file", "sftp", "http", "https", "s3")
_BY_PATH = ("file", "sftp")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_LOCATION = Text("where the files lie", "где лежат файлы")
_LOCATIONS = Text(
    "for example /data/out/*.csv, sftp://user@host/out/*.csv, https://host/export.csv or s3://bucket/out/*.csv",
    "например /data/out/*.csv, sftp://user@host/out/*.csv, https://host/export.csv или s3://bucket/out/*.csv",
)
_NO_PASSWORD = Text("an address without a password in it", "адрес без пароля внутри")
_PASSWORD_BESIDE = Text("write it as `password: ${NAME}`", "укажите его как `password: ${NAME}`")
_HOST_KEY = Text(
    "the key of the SFTP server: SHA256:… or a line of known_hosts",
    "ключ сервера SFTP: SHA256:… или строка known_hosts",
)
_ASK_FOR_IT = Text(
    "run `ssh-keyscan {host} | ssh-keygen -lf -`, compare with the server itself, write SHA256:… as `host_key: ...`",
    "выполните `ssh-keyscan {host} | ssh-keygen -lf -`, сверьте с самим сервером, впишите SHA256:… в `host_key: ...`",
)
_WAY_IN = Text("a user with a password or a private key for SFTP", "пользователь и пароль или закрытый ключ для SFTP")
_GIVE_ONE = Text(
    "write sftp://user@host/… and `password: ...` or `private_key: /path/of/a/key`",
    "укажите sftp://user@host/… и `password: ...` или `private_key: /путь/к/ключу`",
)
_CIPHERED = Text("https:// where a password or a token is sent", "https://, если передаётся пароль или токен")
_CIPHER = Text("plain http:// shows it to everybody on the way", "по http:// его увидит любой по пути")
_ENCODING = Text("the name of an encoding", "название кодировки")
_ENCODINGS = Text(
    "for example utf-8, cp1251, utf-16 or cp866; leave it out to have it found",
    "например utf-8, cp1251, utf-16 или cp866; без строки определится сама",
)
_SEPARATOR = Text("one sign that separates columns", "один знак, разделяющий столбцы")
_SEPARATORS = Text(
    'for example ";", "," or "\\t"; leave it out to have it found',
    'например ";", "," или "\\t"; без строки определится сам',
)
_DATES = Text("forms of dates in strptime's signs", "виды дат в знаках strptime")
_DATE = Text('for example ["%d.%m.%Y", "%d.%m.%Y %H:%M"]', 'например ["%d.%m.%Y", "%d.%m.%Y %H:%M"]')
_TWICE = Text("different new names", "разные новые имена")
_ONCE = Text("two columns cannot have one name", "у двух столбцов не может быть одно имя")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A ``location`` in its parts. ``path`` may have ``*``, ``**``, ``?`` and ``[…]``; for HTTP it has the query."""

    scheme: str
    user: str
    host: str
    port: int | None
    path: str


def address_of(location: str) -> Address | None:
    """The parts of a location; ``None``: it is none. What has no scheme is a path of this machine."""
    if "://" not in location:
        return Address(scheme="file", user="", host="", port=None, path=location) if location.strip() else None
    found = _ADDRESS.fullmatch(location)
    if found is None or found["scheme"] not in SCHEMES:
        return None
    host = _HOST.fullmatch(found["host"]) if found["host"] else None
    if (host is None) != (found["scheme"] == "file") or "\0" in location:
        return None
    path = found["path"] or "/"
    return Address(
        scheme=found["scheme"],
        user=unquote(found["user"] or ""),
        host=host["name"] if host else "",
        port=int(host["port"]) if host and host["port"] else None,
        path=unquote(path) if found["scheme"] in _BY_PATH else path,
    )


def _encoding(value: str) -> str:
    try:
        return codecs.lookup(value).name if value else value
    except LookupError:
        raise ValueError(_ENCODING, _ENCODINGS) from None


def _separator(value: str) -> str:
    if len(value) > 1 or value in ('"', "\r", "\n", "\0"):
        raise ValueError(_SEPARATOR, _SEPARATORS)
    return value


def _dates(value: tuple[str, ...]) -> tuple[str, ...]:
    for form in value:
        try:
            datetime.strptime(datetime(2001, 2, 3).strftime(form), form)
        except ValueError:
            raise ValueError(_DATES, _DATE) from None
        if "%" not in form:
            raise ValueError(_DATES, _DATE)
    return value


class TableSettings(SourceSettings):
    """Files of rows. ``location`` is a file, a folder, a pattern or a web address; what opens it are ``password``,
    ``private_key`` (a path, or the key itself) and ``host_key`` for SFTP, ``username`` and ``password`` or ``token``
    for the web, ``username`` and ``password`` as key and secret, ``endpoint`` for S3.

    ``format`` is by suffix unless said; ``sheet``, ``header`` (number of its row; 0: none), ``encoding``, ``separator``
    and ``decimal`` are found unless said. ``rename`` gives columns other names, and ``types`` are by the new ones;
    ``dates`` are the forms of dates besides ISO. A file is read once it was quiet for ``settle``. ``holds``: ``log``,
    each file tells of some records; ``all``, the files together hold all there are. ``largest`` are the MiB that a file
    may have, as it is and unpacked.
    """

    location: str = Field(min_length=1, max_length=2000, examples=["sftp://robot@203.0.113.7/out/*.csv"])
    username: str = Field(default="", max_length=200)
    password: SecretStr | None = None
    token: SecretStr | None = None
    private_key: SecretStr | None = None
    host_key: str = Field(default="", validate_default=True)
    endpoint: str = Field(default="", pattern=r"^(https?://[^\s@]+)?$", examples=["https://storage.example.com"])
    format: Format = ""
    sheet: str | int = ""
    encoding: Annotated[str, AfterValidator(_encoding)] = ""
    separator: Annotated[str, AfterValidator(_separator)] = ""
    decimal: Literal["", ",", "."] = ""
    dates: Annotated[tuple[str, ...], AfterValidator(_dates)] = Field(default=(), examples=[["%d.%m.%Y"]])
    header: int = Field(default=1, ge=0, le=1000)
    rename: dict[str, str] = Field(default_factory=dict, examples=[{"Номер заказа": "number"}])
    types: dict[str, Kind] = Field(default_factory=dict, examples=[{"weight": "number", "paid": "bool"}])
    settle: Duration = Field(default=timedelta(seconds=30), examples=["30s"])
    holds: Literal["log", "all"] = "log"
    largest: int = Field(default=2048, ge=1, le=1_000_000)

    @field_validator("location")
    @classmethod
    def _an_address(cls, value: str) -> str:
        address = address_of(value)
        if address is None:
            raise ValueError(_LOCATION, _LOCATIONS)
        if ":" in address.user or (address.user and address.scheme != "sftp"):
            raise ValueError(_NO_PASSWORD, _PASSWORD_BESIDE)
        return value

    @field_validator("host_key")
    @classmethod
    def _known_server(cls, value: str, info: ValidationInfo) -> str:
        address = address_of(str(info.data.get("location", "")))
        if address and address.scheme == "sftp" and not _SHOWN.search(value):
            host = f"-p {address.port} {address.host}" if address.port else address.host
            raise ValueError(_HOST_KEY, _ASK_FOR_IT.with_(host=host))
        return value

    @field_validator("rename")
    @classmethod
    def _apart(cls, value: dict[str, str]) -> dict[str, str]:
        if len(set(value.values())) < len(value):
            raise ValueError(_TWICE, _ONCE)
        return value

    @model_validator(mode="after")
    def _way_in(self) -> TableSettings:
        address = self.address
        if address.scheme == "sftp" and not (address.user and (_told(self.password) or _told(self.private_key))):
            raise ValueError(_WAY_IN, _GIVE_ONE)
        if address.scheme == "http" and address.host not in _LOOPBACK and (_told(self.password) or _told(self.token)):
            raise ValueError(_CIPHERED, _CIPHER)
        return self

    @property
    def address(self) -> Address:
        """The location in its parts."""
        found = address_of(self.location)
        if found is None:
            raise ValueError(_LOCATION, _LOCATIONS)
        return found


def _told(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value())
