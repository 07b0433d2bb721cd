"""The settings of a house: connector.yaml and the environment."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from connector.registry import providers
from tests.log_net import MARK

ROOT = Path(__file__).resolve().parents[3]
#: account -> (provider, line)
ACCOUNTS: Mapping[str, tuple[str, int]] = {"shop": ("telegram", 1), "site": ("generic", 2)}


def account_settings(account: str, slug: str, line: int, api_url: str) -> dict[str, Any]:
    """One account as connector.yaml has it, pointed at its stand-in."""
    demo = providers()[slug].demo_settings
    assert demo is not None
    return {**demo(api_url), "provider": slug, "portal": "main", "line": line}


def write_settings(
    folder: Path,
    *,
    portal_url: str,
    client_id: str,
    client_secret: str,
    accounts: Mapping[str, Any],
    doubt: float,
    language: str = "en",
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Path:
    """connector.yaml in ``folder``; the portal's budget is out of the way. ``more`` stands beside the rest."""
    portal = {
        "url": portal_url,
        "app": {"client_id": client_id, "client_secret": client_secret},
        "auth_url": f"{portal_url}/oauth-server",
        "language": language,
        "budget": {"burst": 5000, "per_second": 5000.0},
        "doubt": doubt,
        "timeout": 15.0,
    }
    path = folder / "connector.yaml"
    content = {"portals": {"main": portal}, "accounts": dict(accounts), "language": "en", "var": str(folder / "var")}
    content |= more
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def environment(config: Path, *, database_url: str, redis_url: str, port: int, web_workers: int) -> dict[str, str]:
    """The environment of every process of the house."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "CONNECTOR_CONFIG": str(config),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CONNECTOR_SECRET_KEY": MARK + secrets.token_hex(26),
        "CONNECTOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CONNECTOR_LANGUAGE": "en",
        "PORT": str(port),
        "CONNECTOR_BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(web_workers),
    }
