"""Who else may open the console, and where it may be shown: the key ``console``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connector.settings.checks import loopback, split
from connector.settings.mistakes import Report
from connector.settings.models import build
from connector.speech import Text

_FROZEN = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")

PortalRole = Literal["none", "viewer", "operator", "integrator", "admin"]

_ORIGIN = Text("an origin like https://intranet.acme.example", "адрес вида https://intranet.acme.example")
_ONLY = Text(
    "leave scheme, host and port; no path, no * and no user", "оставьте схему, хост и порт: без пути, без * и без имени"
)
_HTTPS = Text("https:// (http:// only for this computer)", "https:// (http:// только для этого же компьютера)")
_HTTPS_HINT = Text(
    "a page that came over http can be changed on its way: serve it over https",
    "страницу по http могут подменить по дороге: отдавайте её по https",
)


def _origin(given: str) -> str:
    parts = split(given)
    if parts is None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(_ORIGIN, _ONLY)
    place = parts.netloc.lower()
    host = place.removesuffix(f":{parts.port}") if parts.port else place
    if not _HOST.fullmatch(host):
        raise ValueError(_ORIGIN, _ONLY)
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        raise ValueError(_HTTPS, _HTTPS_HINT)
    return f"{parts.scheme}://{place}"


class PortalUsers(BaseModel):
    """The roles that people get who open the application inside Bitrix24; ``none`` keeps them out."""

    model_config = _FROZEN

    admin: PortalRole = "integrator"
    employee: PortalRole = "none"


class ConsoleSettings(BaseModel):
    """``frames`` are the origins, besides the portals, whose pages may show the console in a frame."""

    model_config = _FROZEN

    frames: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(default=(), max_length=20)
    portal_users: PortalUsers = PortalUsers()


def read_console(values: Mapping[str, Any], addresses: Collection[str], report: Report) -> ConsoleSettings:
    """The checked key ``console``. ``addresses`` are the portals'.

    The console shows every portal, so with several Bitrix24 nobody comes in from one of them unless it is written.
    """
    given = values.get("console")
    built = build(ConsoleSettings, {} if given is None else given, ("console",), report) or ConsoleSettings()
    if len(set(addresses)) < 2 or "admin" in built.portal_users.model_fields_set:
        return built
    careful = built.portal_users.model_copy(update={"admin": "none"})
    return built.model_copy(update={"portal_users": careful})
