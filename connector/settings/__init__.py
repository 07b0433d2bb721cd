"""The settings: connector.yaml and the environment, checked together, every mistake told at once.

``load`` is the only way in. A model never shows a secret: secrets are ``SecretStr``, and what may hold one is
left out of ``repr``.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connector.settings.checks import (
    check_account,
    check_channel,
    check_name,
    check_portal,
    check_source,
    check_twins,
    expect_mapping,
    expect_provider,
    host_only,
    wrong_address,
)
from connector.settings.console import ConsoleSettings, PortalUsers, read_console
from connector.settings.machine import WRONG_EGRESS, Machine, is_egress, read_machine
from connector.settings.mistakes import Mistake, Report, SettingsMistakesError, did_you_mean
from connector.settings.mistakes import Path as KeyPath
from connector.settings.models import build
from connector.settings.reading import read_yaml
from connector.speech import Text

__all__ = [
    "TOP_KEYS",
    "AppSettings",
    "BudgetSettings",
    "ConsoleSettings",
    "Limits",
    "Mistake",
    "PortalSettings",
    "PortalUsers",
    "Settings",
    "SettingsMistakesError",
    "config_path",
    "load",
    "sketch",
]

_FROZEN = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
TOP_KEYS = ("portals", "accounts", "sources", "limits", "language", "var", "egress", "console", "mappings")


class AppSettings(BaseModel):
    """The OAuth application of a portal (facts/bitrix24-platform.md §4)."""

    model_config = _FROZEN

    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)


class BudgetSettings(BaseModel):
    """The portal's allowance: ``burst`` requests at once, ``per_second`` in the long run."""

    model_config = _FROZEN

    burst: int = Field(default=50, ge=1)
    per_second: float = Field(default=2.0, gt=0)


class PortalSettings(BaseModel):
    """One portal. ``url`` is scheme and host without a trailing slash; ``doubt`` and ``timeout`` are seconds."""

    model_config = _FROZEN

    name: str
    url: str
    app: AppSettings | None = None
    auth_url: str = ""
    webhook: SecretStr | None = None
    language: Literal["ru", "en"] = "ru"
    budget: BudgetSettings = BudgetSettings()
    doubt: float = Field(default=5.0, ge=0)
    timeout: float = Field(default=70.0, gt=0)


class Limits(BaseModel):
    """Sizes in bytes, times in the unit of the name."""

    model_config = _FROZEN

    body: int = Field(default=1024 * 1024, ge=1024)
    media: int = Field(default=50 * 1024 * 1024, ge=1024)
    media_days: int = Field(default=7, ge=1)
    envelope_days: int = Field(default=90, ge=1)
    message_hours: float = Field(default=24.0, gt=0)
    url_ttl_hours: float = Field(default=72.0, gt=0)


class Settings(BaseModel):
    """Everything. ``accounts`` hold each provider's own ``AccountSettings`` subclass, ``sources`` its
    ``SourceSettings``."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    portals: dict[str, PortalSettings]
    accounts: dict[str, Any] = Field(default_factory=dict)
    sources: dict[str, Any] = Field(default_factory=dict, repr=False)
    language: Literal["ru", "en"] = "en"
    database_url: str = Field(repr=False)
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", repr=False)
    secret_keys: tuple[SecretStr, ...]
    public_url: str
    port: int = 8000
    var: Path
    limits: Limits = Limits()
    egress: str = ""
    console: ConsoleSettings = ConsoleSettings()
    mappings: Path | None = None
    path: Path | None = None


def config_path(env: Mapping[str, str] | None = None) -> Path:
    """Where the settings file is: ``CONNECTOR_CONFIG`` or ``./connector.yaml``."""
    return Path((os.environ if env is None else env).get("CONNECTOR_CONFIG") or "connector.yaml")


def load(
    path: Path | None,
    env: Mapping[str, str],
    models: Mapping[str, type[BaseModel]],
    talking: Collection[str] = frozenset(),
    sources: Mapping[str, type[BaseModel]] = MappingProxyType({}),
) -> Settings:
    """The checked settings.

    ``path`` ``None`` means :func:`config_path`; ``models`` maps a provider's slug to its ``AccountSettings``
    subclass, ``sources`` to its ``SourceSettings``; ``talking`` are the slugs of those that carry messages. Raises
    ``SettingsMistakesError`` (a ``SettingsError``) that lists all mistakes in the language of ``CONNECTOR_LANGUAGE``,
    else of the file, else of ``LANG``.
    """
    place = (path or config_path(env)).absolute()
    values, report = read_yaml(place, env)
    readable = not report.mistakes or bool(values)
    parts = _parts(values, report, models, sources) if readable else {}
    if readable:
        check_channel(parts["accounts"], parts["portals"], talking, report)
    machine, machine_mistakes = read_machine(env)
    language = machine.language or _language(values) or machine.fallback_language
    mistakes = [*report.mistakes, *machine_mistakes]
    if mistakes:
        ours = sorted(mistakes, key=lambda mistake: (mistake.file != place.name, mistake.line))
        raise SettingsMistakesError(ours, language)
    var = var_folder(values, place)
    egress = machine.egress or values.get("egress") or ""
    return Settings(
        **parts,
        **_of_machine(machine, var),
        language="ru" if language == "ru" else "en",
        var=var,
        egress=egress,
        mappings=_folder(values, "mappings", place),
        path=place,
    )


def sketch(path: Path | None, env: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """``({portal: address}, public URL)`` as far as they are written yet: before the portal has given its secrets.

    Raises ``SettingsMistakesError`` when the file cannot be read or names no portal with a sound address.
    """
    place = (path or config_path(env)).absolute()
    values, report = read_yaml(place, env)
    machine, _ = read_machine(env)
    portals = expect_mapping(values, "portals", report)
    addresses = {
        name: host_only(given["url"])
        for name, given in portals.items()
        if isinstance(given, dict) and isinstance(given.get("url"), str) and wrong_address(given["url"]) is None
    }
    if not addresses:
        _portals(values, report)
        raise SettingsMistakesError(report.mistakes, machine.language or machine.fallback_language)
    return addresses, machine.public_url


def _language(values: Mapping[str, Any]) -> str:
    language = values.get("language")
    return language if language in ("ru", "en") else ""


def var_folder(values: Mapping[str, Any], place: Path) -> Path:
    """The working folder, beside the settings file ``place`` unless it says otherwise."""
    return _folder(values, "var", place)


def _folder(values: Mapping[str, Any], key: str, place: Path) -> Path:
    return place.parent / Path(str(values.get(key) or key)).expanduser()


def _of_machine(machine: Machine, var: Path) -> dict[str, Any]:
    return {
        "database_url": machine.database_url or f"sqlite:///{var / 'connector.db'}",
        "redis_url": machine.redis_url,
        "secret_keys": machine.secret_keys,
        "public_url": machine.public_url,
        "port": machine.port,
    }


def _parts(
    values: dict[str, Any],
    report: Report,
    models: Mapping[str, type[BaseModel]],
    sources: Mapping[str, type[BaseModel]],
) -> dict[str, Any]:
    for key in values:
        if key not in TOP_KEYS:
            report.add((key,), Text("a known key", "известный ключ"), did_you_mean(key, TOP_KEYS), found=key[:60])
    if (language := values.get("language")) is not None and not _language(values):
        expected = Text("ru or en", "ru или en")
        report.add(("language",), expected, did_you_mean(str(language), ("ru", "en")), value=language)
    for key in ("var", "mappings"):
        if not isinstance(values.get(key, ""), str):
            hint = Text(f"name a folder, for example ./{key}", f"укажите папку, например ./{key}")
            report.add((key,), Text("a folder", "папка"), hint, value=values[key])
    if not is_egress(values.get("egress") or ""):
        report.add(("egress",), *WRONG_EGRESS, value=values["egress"])
    portals = _portals(values, report)
    named = tuple(expect_mapping(values, "portals", report))
    return {
        "portals": portals,
        "accounts": _accounts(values, report, models, named),
        "sources": _sources(values, report, sources, named),
        "limits": build(Limits, expect_mapping(values, "limits", report), ("limits",), report) or Limits(),
        "console": read_console(values, [portal.url for portal in portals.values()], report),
    }


def _portals(values: dict[str, Any], report: Report) -> dict[str, PortalSettings]:
    found = expect_mapping(values, "portals", report)
    if not found and not report.told(("portals",)):
        report.add(
            ("portals",),
            Text("at least one portal", "хотя бы один портал"),
            Text("add portals: main: url: https://…", "добавьте portals: main: url: https://…"),
            found="",
        )
    portals: dict[str, PortalSettings] = {}
    for name, given in found.items():
        path: KeyPath = ("portals", name)
        check_name(name, path, report)
        check_portal(given, path, report)
        portal = build(PortalSettings, given, path, report, name=name)
        if portal is not None and not report.told((*path, "url")):
            portals[name] = portal.model_copy(update={"url": host_only(portal.url)})
    check_twins({name: (each.url, each.app.client_id if each.app else "") for name, each in portals.items()}, report)
    return portals


def _accounts(
    values: dict[str, Any], report: Report, models: Mapping[str, type[BaseModel]], portals: tuple[str, ...]
) -> dict[str, Any]:
    accounts: dict[str, Any] = {}
    for name, given in expect_mapping(values, "accounts", report).items():
        path: KeyPath = ("accounts", name)
        check_name(name, path, report)
        model = expect_provider(given, path, report, models)
        if model is None:
            continue
        account = build(model, given, path, report, account=name)
        check_account(given, path, report, portals)
        if account is not None:
            accounts[name] = account
    return accounts


def _sources(
    values: dict[str, Any], report: Report, models: Mapping[str, type[BaseModel]], portals: tuple[str, ...]
) -> dict[str, Any]:
    sources: dict[str, Any] = {}
    accounts = expect_mapping(values, "accounts", report)
    for name, given in expect_mapping(values, "sources", report).items():
        path: KeyPath = ("sources", name)
        check_name(name, path, report)
        model = expect_provider(given, path, report, models)
        if model is None:
            continue
        source = build(model, given, path, report, source=name)
        check_source(given, path, report, portals, accounts)
        if source is not None:
            sources[name] = source
    return sources
