from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from connector.domain.provider import AccountSettings
from connector.domain.sources import SourceSettings
from connector.settings import Settings, SettingsMistakesError, load


class Chat(AccountSettings):
    token: SecretStr


class Server(BaseModel):
    host: str
    port: int = 993


class Mail(AccountSettings):
    imap: Server | None = None


class Base(SourceSettings):
    password: SecretStr


MODELS: Mapping[str, type[AccountSettings]] = {"chat": Chat, "mail": Mail}
TALKING = frozenset({"chat"})
SOURCES: Mapping[str, type[SourceSettings]] = {"base": Base}
ENV: Mapping[str, str] = {"CONNECTOR_SECRET_KEY": "k" * 40}
PORTAL = 'portals: {main: {url: "https://acme.bitrix24.ru", app: {client_id: local.1, client_secret: s3cr3t}}}\n'


class Desk:
    """Loads settings written as text."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "connector.yaml"

    def load(self, text: str | bytes, **env: str) -> Settings:
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load(self.path, {**ENV, **env}, MODELS, TALKING, SOURCES)

    def refused(self, text: str | bytes, **env: str) -> SettingsMistakesError:
        with pytest.raises(SettingsMistakesError) as caught:
            self.load(text, **env)
        return caught.value

    def mistake(self, text: str | bytes, path: str, **env: str) -> Any:
        found = [mistake for mistake in self.refused(text, **env).mistakes if mistake.path == path]
        assert found, f"no mistake at {path}"
        return found[0]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def portal() -> str:
    return PORTAL
