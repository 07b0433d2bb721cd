"""What a sandbox portal is like: its people, lines, limits and the application it knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

DEFAULT_SCOPE = (
    "imopenlines,imconnector,im,imbot,crm,user,user_basic,telephony,placement,contact_center,department,task"
)

# Seconds that one call adds to ``time.operating``. Calls of at most 0.1 s are not counted by Bitrix24
# (facts/bitrix24-platform.md §3.2), so only the methods named here fill the operating limit.
DEFAULT_SECONDS: Mapping[str, float] = MappingProxyType(
    {"imconnector.send.messages": 0.2, "imconnector.update.messages": 0.15, "crm.activity.list": 0.12}
)


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One employee of the portal. ``id`` is the Bitrix24 user id."""

    id: int
    name: str
    last_name: str = ""
    admin: bool = False


@dataclass(frozen=True, kw_only=True)
class LineSettings:
    """One open line. ``welcome`` is sent to the client of a new session; ``vote`` asks for a rating on finish."""

    id: int
    name: str
    queue: tuple[int, ...] = (1, 2)
    welcome: str = ""
    vote: bool = False
    crm: bool = True


OPERATORS = (
    Operator(id=1, name="Анна", last_name="Смирнова", admin=True),
    Operator(id=2, name="Борис", last_name="Кузнецов"),
)
LINES = (
    LineSettings(id=1, name="Продажи"),
    LineSettings(id=2, name="Поддержка"),
    LineSettings(id=3, name="Возвраты"),
)


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """Everything that may differ between two sandboxes. Times are seconds; 0 turns a limit off.

    ``burst`` and ``per_second`` are the leaky bucket (facts/bitrix24-platform.md §3.1), ``operating_limit``
    the seconds per method and credential in ``operating_window`` (§3.2), ``seconds`` the modelled cost of a method.
    ``activation_delay`` is how long after ``imconnector.activate`` a line starts to accept messages
    (facts/bitrix24-openlines.md §1.3). ``api_only`` applications need no ``installFinish``.
    """

    member_id: str = "5a4d0b0c1e5f4f0fa3b2c1d0e9f8a7b6"
    client_id: str = "local.sandbox"
    client_secret: str = "sandbox-secret"
    app_name: str = "Connector"
    app_code: str = "local.sandbox"
    webhook_user: int = 1
    webhook_code: str = "sandboxwebhookcode"
    language: str = "ru"
    license: str = "ru_std"
    license_family: str = "std"
    scope: str = DEFAULT_SCOPE
    features: Mapping[str, str] = field(default_factory=dict)
    operators: tuple[Operator, ...] = OPERATORS
    lines: tuple[LineSettings, ...] = LINES
    token_ttl: float = 3600.0
    refresh_ttl: float = 180 * 86400.0
    code_ttl: float = 30.0
    burst: int = 50
    per_second: float = 2.0
    operating_limit: float = 480.0
    operating_window: float = 600.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    activation_delay: float = 0.0
    event_timeout: float = 5.0
    download_timeout: float = 10.0
    log_size: int = 5000
    install_url: str = ""
    handler_url: str = ""
    redirect_uri: str = ""
    api_only: bool = False
    clock: Callable[[], float] = time.time
