"""The first settings file and the secret key, as ``connector init`` writes them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from connector.domain.provider import AccountSettings

KEY_FILE = "connector.key"

_TEMPLATE = """\
# The settings of the connector. Every key is told in docs/settings.md; `connector check` looks at them all.
portals:
  main:
    url: {url}
    app:
      client_id: {client_id}
      client_secret: "${{B24_CLIENT_SECRET}}"

accounts:
  {account}:
    provider: {provider}
    portal: main
    line: {line}
{fields}"""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was asked. ``model`` is the settings model of the provider."""

    url: str
    client_id: str
    provider: str
    account: str
    line: int
    model: type[AccountSettings]

    def text(self) -> str:
        """The file."""
        return _TEMPLATE.format(
            url=json.dumps(self.url),
            client_id=json.dumps(self.client_id),
            account=self.account,
            provider=self.provider,
            line=self.line,
            fields="".join(_line(name, field, self.account) for name, field in _asked(self.model).items()),
        )

    def variables(self) -> list[str]:
        """The variables that the file reads."""
        mine = [_variable(name, self.account) for name, field in _asked(self.model).items() if _secret(field)]
        return ["B24_CLIENT_SECRET", *mine]


def write_new(path: Path, text: str, mode: int) -> None:
    """Raises ``FileExistsError`` rather than overwrite."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def write_key(path: Path, env: Mapping[str, str]) -> bool:
    """A fresh key, unless one is there or the environment has one."""
    if path.exists() or env.get("CONNECTOR_SECRET_KEY") or env.get("CONNECTOR_SECRET_KEY_FILE"):
        return False
    write_new(path, secrets.token_urlsafe(48) + "\n", 0o600)
    return True


def with_key(env: Mapping[str, str], key: Path) -> dict[str, str]:
    """The environment as it will be once the key beside the settings is exported."""
    if env.get("CONNECTOR_SECRET_KEY") or env.get("CONNECTOR_SECRET_KEY_FILE") or not key.exists():
        return dict(env)
    return {**env, "CONNECTOR_SECRET_KEY_FILE": str(key)}


def _asked(model: type[AccountSettings]) -> dict[str, FieldInfo]:
    """What the provider must be told, and what it shows an example of."""
    own = {name: field for name, field in model.model_fields.items() if name not in AccountSettings.model_fields}
    return {name: field for name, field in own.items() if field.is_required() or field.examples}


def _line(name: str, field: FieldInfo, account: str) -> str:
    if _secret(field):
        return f'    {name}: "${{{_variable(name, account)}}}"\n'
    return f"    {name}: {json.dumps(field.examples[0] if field.examples else '')}\n"


def _variable(name: str, account: str) -> str:
    return f"{account}_{name}".upper().replace("-", "_")


def _secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation) or field.annotation is SecretStr
