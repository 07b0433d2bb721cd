"""Where the journal is, for those who need it before the rest of the settings is complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from connector.settings import config_path, var_folder
from connector.settings.machine import read_machine
from connector.settings.mistakes import SettingsMistakesError
from connector.settings.reading import read_yaml


class Storage(NamedTuple):
    """The database's URL, and the keys that seal what is in it, the newest first."""

    database_url: str
    secret_keys: tuple[SecretStr, ...]


def storage(path: Path | None, env: Mapping[str, str]) -> Storage:
    """By the environment, else SQLite under the folder of the settings file.

    Raises ``SettingsMistakesError`` when the environment names no key or no usable database.
    """
    place = (path or config_path(env)).absolute()
    values, _ = read_yaml(place, env)
    machine, mistakes = read_machine(env)
    needed = [mistake for mistake in mistakes if mistake.path in ("DATABASE_URL", "CONNECTOR_SECRET_KEY")]
    if needed:
        raise SettingsMistakesError(needed, machine.language or machine.fallback_language)
    default = f"sqlite:///{var_folder(values, place) / 'connector.db'}"
    return Storage(machine.database_url or default, machine.secret_keys)
