"""What the machine tells: addresses of the database and Redis, the secret key, the public URL, the port."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from connector.settings.checks import wrong_address
from connector.settings.env import MissingError, optional, read
from connector.settings.mistakes import MASK, Mistake, plain
from connector.speech import Text, locale_language

MIN_KEY = 32
_SOURCE = "environment"
_DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")
_EGRESS = re.compile(r"[A-Za-z0-9._:-]{0,60}")
WRONG_EGRESS = (
    Text("a name or an address of up to 60 letters and digits", "имя или адрес до 60 букв и цифр"),
    Text(
        "name the outgoing address of this machine, the same on all machines behind it",
        "назовите исходящий адрес этой машины, одинаково на всех машинах за ним",
    ),
)
_REDIS = ("redis://", "rediss://", "unix://")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """``language`` is empty unless asked for; ``database_url`` is empty for the default."""

    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    secret_keys: tuple[SecretStr, ...] = ()
    public_url: str = ""
    port: int = 8000
    language: str = ""
    egress: str = ""
    fallback_language: str = "en"


class _WrongError(Exception):
    def __init__(self, expected: Text, hint: Text, found: str) -> None:
        self.expected, self.hint, self.found = expected, hint, found
        super().__init__(expected.en)


def read_machine(env: Mapping[str, str]) -> tuple[Machine, list[Mistake]]:
    """Everything readable, and a mistake for everything else."""
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for name, (target, reader) in _READERS.items():
        try:
            values[target] = reader(env, name)
        except (_WrongError, MissingError) as wrong:
            found = getattr(wrong, "found", "")
            mistakes.append(Mistake(file=_SOURCE, path=name, found=found, expected=wrong.expected, hint=wrong.hint))
    port = values.get("port", 8000)
    values["public_url"] = values.get("public_url") or f"http://127.0.0.1:{port}"
    values["fallback_language"] = locale_language(env)
    return Machine(**values), mistakes


def _language(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").lower()
    if value in ("", "ru", "en"):
        return value
    raise _WrongError(Text("ru or en", "ru или en"), Text(f"unset {name}", f"уберите {name}"), plain(value))


def _database(env: Mapping[str, str], name: str) -> str:
    value = optional(env, name)
    if value and not value.startswith(_DATABASES):
        expected = Text(
            "sqlite:///path or postgresql://user@host/base", "sqlite:///путь или postgresql://user@host/base"
        )
        raise _WrongError(expected, Text("see docs/settings.md", "смотрите docs/settings.md"), _scheme(value))
    return "postgresql://" + value.removeprefix("postgres://") if value.startswith("postgres://") else value


def _redis(env: Mapping[str, str], name: str) -> str:
    value = optional(env, name, "redis://127.0.0.1:6379/0")
    if value.startswith(_REDIS):
        return value
    hint = Text("unset it for the local default", "уберите её, и будет взят местный адрес")
    raise _WrongError(Text("redis://host:port/number", "redis://хост:порт/номер"), hint, _scheme(value))


def _scheme(value: str) -> str:
    scheme, found, _ = value.partition("://")
    return f"{scheme[:20]}://{MASK}" if found else MASK


def _keys(env: Mapping[str, str], name: str) -> tuple[SecretStr, ...]:
    expected = Text(f"a secret of {MIN_KEY} characters or more", f"секрет не короче {MIN_KEY} знаков")
    hint = Text(
        "make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'; keep it as long as the data",
        "создайте: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'; храните, пока нужны данные",
    )
    try:
        keys = [key.strip() for key in read(env, name).split(",") if key.strip()]
    except MissingError as missing:
        given = env.get(name) or env.get(f"{name}_FILE")
        raise _WrongError(missing.expected, missing.hint if given else hint, "") from None
    short = [len(key) for key in keys if len(key) < MIN_KEY]
    if short or not keys:
        raise _WrongError(expected, hint, MASK + (f" ({', '.join(map(str, short))})" if short else ""))
    return tuple(SecretStr(key) for key in keys)


def _public_url(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").rstrip("/")
    wrong = wrong_address(value) if value else None
    if wrong is not None:
        raise _WrongError(*wrong, plain(value))
    return value


def is_egress(value: object) -> bool:
    """Whether it may name the address by which this machine is seen outside."""
    return isinstance(value, str) and _EGRESS.fullmatch(value) is not None


def _egress(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not is_egress(value):
        raise _WrongError(*WRONG_EGRESS, plain(value))
    return value


def _port(env: Mapping[str, str], name: str) -> int:
    value = env.get(name) or "8000"
    if value.isascii() and value.isdigit() and 0 < int(value[:6]) < 65536:
        return int(value)
    hint = Text("unset it for 8000", "уберите её, и будет 8000")
    raise _WrongError(Text("a port from 1 to 65535", "порт от 1 до 65535"), hint, plain(value))


_READERS: Mapping[str, tuple[str, Callable[[Mapping[str, str], str], Any]]] = {
    "DATABASE_URL": ("database_url", _database),
    "REDIS_URL": ("redis_url", _redis),
    "CONNECTOR_SECRET_KEY": ("secret_keys", _keys),
    "CONNECTOR_PUBLIC_URL": ("public_url", _public_url),
    "PORT": ("port", _port),
    "CONNECTOR_LANGUAGE": ("language", _language),
    "CONNECTOR_EGRESS": ("egress", _egress),
}

MACHINE_NAMES = (*_READERS, "CONNECTOR_CONFIG")
