"""What can be observed while the settings are not complete yet: a variable is not set, a key not copied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from connector import registry
from connector.checkup.facts import NOBODY, Facts
from connector.checkup.observed import local
from connector.checkup.public import public_findings
from connector.domain.mailbox import MailSettings
from connector.listening.mailboxes import Mailbox
from connector.settings import config_path, sketch
from connector.settings.mistakes import Mistake, SettingsMistakesError
from connector.settings.reading import read_yaml
from connector.telephony.health import Pbx

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def sketched(path: Path | None, env: Mapping[str, str], error: SettingsMistakesError, *, now: datetime) -> Facts:
    """The first portal and account of the file as far as they are written; looks at the public address.

    Raises ``SettingsMistakesError`` when the file names no portal with a sound address.
    """
    addresses, public_url = sketch(path, env)
    values, _ = read_yaml((path or config_path(env)).absolute(), env)
    portal, url = next(iter(addresses.items()))
    written = _below(_below(values, "portals"), portal)
    name, account = next(iter(_below(values, "accounts").items()), ("", {}))
    slug = str(_below({"it": account}, "it").get("provider", ""))
    known = registry.providers().get(slug)
    return Facts(
        public_url=public_url,
        local=local(public_url, url),
        portal=portal,
        portal_url=url,
        webhook_only="app" not in written,
        client_id=str(_below(written, "app").get("client_id") or ""),
        unset=tuple(dict.fromkeys(name for mistake in error.mistakes if (name := unset_by(mistake, env)))),
        account=str(name) if known else "",
        provider=known.title if known else NOBODY,
        phone=Pbx(name=str(name)) if known and known.telephony and not known.channel else None,
        box=Mailbox(name=str(name)) if known and issubclass(known.settings, MailSettings) else None,
        findings=tuple(public_findings(public_url, now=now)),
        looked=True,
    )


def unset_by(mistake: Mistake, env: Mapping[str, str]) -> str:
    """The variable that is not set, when that is the mistake; else empty."""
    if mistake.file == "environment":
        name = mistake.path
    else:
        found = _VARIABLE.fullmatch(mistake.found)
        name = found[1] if found else ""
    return "" if env.get(name) or env.get(f"{name}_FILE") else name


def _below(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return found if isinstance(found, dict) else {}
