"""The first settings file and the secret key, as ``connector init`` writes them."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from connector.domain.mailbox import MailSettings
from connector.domain.provider import AccountSettings
from connector.domain.telephony import PbxSettings

KEY_FILE = "connector.key"
_READ = re.compile(r"\$\{(\w+)\}")

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
{fields}"""
_OPTIONAL = "    # {name}: {value}\n"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was asked. ``model`` is the settings model of the provider, ``told`` what it must be told, by name."""

    url: str
    client_id: str
    provider: str
    account: str
    line: int
    model: type[AccountSettings]
    told: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The file."""
        return _TEMPLATE.format(
            url=json.dumps(self.url),
            client_id=json.dumps(self.client_id),
            account=self.account,
            provider=self.provider,
            fields=self._line() + "".join(self._field(*one) for one in sorted(_named(self.model).items(), key=_last)),
        )

    def variables(self) -> list[str]:
        """The variables that the file reads."""
        return list(dict.fromkeys(_READ.findall(self.text())))

    def _line(self) -> str:
        """Only channels speak through an open line."""
        return "" if is_pbx(self.model) else f"    line: {self.line}\n"

    def _field(self, name: str, about: FieldInfo) -> str:
        if _secret(about):
            return f'    {name}: "{_read(name, self.account)}"\n'
        example = _example(about, self.account)
        if _block(about):
            return f"    {name}:\n" + "".join(self._inner(name, *one) for one in example.items())
        value = json.dumps(self.told.get(name) or example, ensure_ascii=False)
        apart = issubclass(self.model, PbxSettings | MailSettings) and not about.is_required()
        return _OPTIONAL.format(name=name, value=value) if apart else f"    {name}: {value}\n"

    def _inner(self, block: str, name: str, value: str) -> str:
        """A line of a block; a variable of the example is named after the account."""
        told = self.told.get(f"{block}.{name}") or _READ.sub(lambda found: _read(found[1], self.account), value)
        return f"      {name}: {json.dumps(told, ensure_ascii=False)}\n"


def is_pbx(model: type[AccountSettings]) -> bool:
    """Whether it is a telephone system and no channel."""
    return issubclass(model, PbxSettings)


def usual_name(model: type[AccountSettings]) -> str:
    """What an account of that kind is called where nobody says otherwise."""
    kinds = ((PbxSettings, "office"), (MailSettings, "support"))
    return next((name for kind, name in kinds if issubclass(model, kind)), "shop")


def wanted(model: type[AccountSettings], account: str) -> dict[str, str]:
    """What the provider must be told that is no secret, each with an example; ``imap.host`` is inside of ``imap``."""
    asked: dict[str, str] = {}
    for name, about in _named(model).items():
        example = _example(about, account)
        if _block(about):
            asked |= {f"{name}.{inner}": value for inner, value in example.items() if not _READ.match(value)}
        elif about.is_required() and not _secret(about):
            asked[name] = str(example)
    return asked


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


def _named(model: type[AccountSettings]) -> dict[str, FieldInfo]:
    """What the provider must be told, and what it shows an example of."""
    general = {name for name, about in AccountSettings.model_fields.items() if about.is_required()} | {"line"}
    own = {name: about for name, about in model.model_fields.items() if name not in general}
    return {name: about for name, about in own.items() if about.is_required() or about.examples}


def _example(about: FieldInfo, account: str) -> Any:
    """``{account}`` in a text stands for the account's name."""
    example = about.examples[0] if about.examples else ""
    return example.replace("{account}", account) if isinstance(example, str) else example


def _last(named: tuple[str, FieldInfo]) -> bool:
    """What may be left out comes after what may not."""
    return not named[1].is_required()


def _read(name: str, account: str) -> str:
    """The variable of that name of an account, as the file reads it."""
    return f"${{{account}_{name}}}".upper().replace("-", "_")


def _block(about: FieldInfo) -> bool:
    """Whether it is a mapping of its own, with an example of what must be in it."""
    return isinstance(about.annotation, type) and issubclass(about.annotation, BaseModel)


def _secret(about: FieldInfo) -> bool:
    return "SecretStr" in str(about.annotation) or about.annotation is SecretStr
