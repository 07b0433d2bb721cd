"""Finds the provider folders: a new provider is one folder with a ``PROVIDER`` manifest, and no list to touch."""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import connector.providers
from connector.domain.provider import AccountSettings, Provider
from connector.domain.sources import SourceSettings
from connector.errors import SettingsError
from connector.settings import Settings, load


@functools.cache
def providers() -> Mapping[str, Provider]:
    """All providers by slug. Raises ``SettingsError`` naming the folder that is broken."""
    return scan(connector.providers.__path__, connector.providers.__name__)


@functools.cache
def models() -> Mapping[str, type[AccountSettings]]:
    """The account model of each provider that has accounts, by slug."""
    return MappingProxyType({slug: found.settings for slug, found in providers().items() if found.door is not None})


@functools.cache
def sources() -> Mapping[str, type[SourceSettings]]:
    """The model of a source of each provider that records can come from, by slug."""
    return MappingProxyType({slug: found.source.settings for slug, found in providers().items() if found.source})


def is_pushed_to(slug: str) -> bool:
    """Whether its sources take rows that others post: a run begins as soon as some come."""
    found = providers().get(slug)
    return found is not None and found.source is not None and found.source.door is not None


def settings(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """The settings, checked against what is known of the providers. Raises ``SettingsError``.

    ``path`` None: as ``CONNECTOR_CONFIG`` says; ``env`` None: the environment of this process.
    """
    talking = frozenset(slug for slug, provider in providers().items() if provider.channel is not None)
    return load(path, os.environ if env is None else env, models(), talking, sources())


def scan(folders: Iterable[str], package: str) -> Mapping[str, Provider]:
    """The manifests of all packages under ``folders``, which make up ``package``."""
    names = sorted(module.name for module in pkgutil.iter_modules(list(folders)) if module.ispkg)
    return MappingProxyType({name: _manifest(name, f"{package}.{name}") for name in names})


def _manifest(name: str, module: str) -> Provider:
    folder = module.replace(".", "/")
    try:
        found = getattr(importlib.import_module(module), "PROVIDER", None)
    except Exception as error:
        # Whatever a folder raises at import, the person who starts the service must learn which folder it was.
        raise SettingsError(f"Provider folder {folder}/ cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(found, Provider):
        raise SettingsError(f"Provider folder {folder}/ has no PROVIDER manifest; add PROVIDER = Provider(…) to it")
    if found.slug != name:
        raise SettingsError(f"Provider folder {folder}/ says slug={found.slug!r}; it must be {name!r} like the folder")
    return found
