"""Where an account says that its recordings lie. By SSH nobody is trusted at first sight (facts/providers.md §3.1)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from connector.speech import Text

_KEY = re.compile(r"(^|\s|,)(SHA256:[A-Za-z0-9+/=]|AAAA[A-Za-z0-9+/=])")
_HOST = re.compile(r"[A-Za-z0-9.:_-]+")

_HOST_KEY = Text(
    "the key of the server of recordings: SHA256:… or a line of known_hosts",
    "ключ сервера записей: SHA256:… или строка known_hosts",
)
_ASK_FOR_IT = Text(
    "run `ssh-keyscan {host} | ssh-keygen -lf -`, compare with the server itself, write SHA256:… as `host_key: ...`",
    "выполните `ssh-keyscan {host} | ssh-keygen -lf -`, сверьте с самим сервером, впишите SHA256:… в `host_key: ...`",
)
_WAY_IN = Text("a key or a password for SFTP", "ключ или пароль для SFTP")
_GIVE_ONE = Text(
    "write `key: /path/of/a/private/key` or `password: ...`",
    "укажите `key: /путь/к/закрытому/ключу` или `password: ...`",
)
_PASSWORD = Text("a password that is not empty", "непустой пароль")
_OR_NONE = Text(
    "write it, or take the line out and give `key: ...`", "впишите его или уберите строку и укажите `key: ...`"
)


class Place(BaseModel):
    """What ``sftp://`` needs besides its address: who we are (``password``, or ``key``, a private key on this machine
    that ``password`` then opens), and who the server is (``host_key``: a fingerprint as ``ssh-keygen -l`` shows it, or
    lines of ``known_hosts``). Each that is missing is a mistake of its own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    password: SecretStr | None = None
    key: str = Field(default="", validate_default=True)
    host_key: str = Field(default="", validate_default=True)

    @field_validator("password")
    @classmethod
    def _filled(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and not value.get_secret_value() and _by_ssh(info):
            raise ValueError(_PASSWORD, _OR_NONE)
        return value

    @field_validator("key")
    @classmethod
    def _way_in(cls, value: str, info: ValidationInfo) -> str:
        if not value.strip() and info.data.get("password", "wrong") is None and _by_ssh(info):
            raise ValueError(_WAY_IN, _GIVE_ONE)
        return value

    @field_validator("host_key")
    @classmethod
    def _known_server(cls, value: str, info: ValidationInfo) -> str:
        if _by_ssh(info) and not _KEY.search(value):
            raise ValueError(_HOST_KEY, _ASK_FOR_IT.with_(host=_scanned(str(info.data["url"]))))
        return value


def _by_ssh(info: ValidationInfo) -> bool:
    return str(info.data.get("url", "")).startswith("sftp://")


def _scanned(url: str) -> str:
    """The server as ``ssh-keyscan`` is told of it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not _HOST.fullmatch(host):
        return "HOST"
    return f"-p {parts.port} {host}" if parts.port else host
