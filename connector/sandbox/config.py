"""What a sandbox portal is like: its people, lines, limits and the application it knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

DEFAULT_SCOPE = (
    "imopenlines,imconnector,im,imbot,crm,user,user_basic,telephony,call,placement,contact_center,department,task,"
    "userfieldconfig,sonet_group,socialnetwork,user.userfield,humanresources"
)

# Seconds that one call takes and adds to ``time.operating``; those of PER_ITEM take them for each element of MESSAGES.
# Calls of at most 0.1 s are not counted by Bitrix24 (facts/bitrix24-platform.md §3.2), so only the methods named here
# fill the operating limit.
DEFAULT_SECONDS: Mapping[str, float] = MappingProxyType(
    {"imconnector.send.messages": 0.2, "imconnector.update.messages": 0.15, "crm.activity.list": 0.12}
)


PER_ITEM = frozenset({"imconnector.send.messages", "imconnector.update.messages", "imconnector.delete.messages"})
OTHER_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a plan allows (facts/bitrix24-platform.md §3.1, §3.2). 0 turns a limit off."""

    burst: int
    per_second: float
    operating: float


USUAL_LIMITS = Limits(burst=50, per_second=2.0, operating=480.0)
ENTERPRISE_LIMITS = Limits(burst=250, per_second=5.0, operating=480.0)
# A portal on a machine of its own has no limits of the platform (§4.9).
SELFHOSTED_LIMITS = Limits(burst=0, per_second=0.0, operating=0.0)
SELFHOSTED_FEATURES = frozenset({"rest_offline_extended", "rest_auth_connector"})


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One employee of the portal. ``id`` is the Bitrix24 user id, ``extension`` the internal telephone number."""

    id: int
    name: str
    last_name: str = ""
    admin: bool = False
    extension: str = ""
    mobile: str = ""


@dataclass(frozen=True, kw_only=True)
class LineSettings:
    """One open line. ``welcome`` is sent to the client of a new session; ``vote`` asks for a rating on finish.

    ``crm_create`` none, lead or deal is what a client whom nobody knows becomes; deals go to funnel ``crm_category``.
    """

    id: int
    name: str
    queue: tuple[int, ...] = (1, 2)
    welcome: str = ""
    vote: bool = False
    crm: bool = True
    crm_create: str = "lead"
    crm_category: int = 0


OPERATORS = (
    Operator(id=1, name="Анна", last_name="Смирнова", admin=True, extension="101"),
    Operator(id=2, name="Борис", last_name="Кузнецов", extension="102"),
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
    the seconds per method and credential in ``operating_window`` (§3.2); None is what the plan allows: that of
    ``license_family`` (``ent`` more than the others), none with ``selfhosted``. ``seconds`` is the modelled cost of a
    method, for each item of the methods in ``PER_ITEM``; with ``real_time`` calls really take that long and a request
    is cut with 504 after ``wall`` seconds (§3.3). ``factor`` of the portal's seconds pass in one real second: limits,
    windows, modelled seconds and ``expires_in`` are all in the portal's seconds; the timeouts of what the portal itself
    posts and downloads are real. ``without`` and ``without_events`` are methods (patterns such as ``crm.*``) and events
    that an older box does not have (§4.9).
    ``activation_delay`` is how long after ``imconnector.activate`` a line starts to accept messages
    (facts/bitrix24-openlines.md §1.3). ``api_only`` applications need no ``installFinish``.
    ``telephony_by_webhook`` false: the incoming webhook may neither register calls nor have lines, as the documentation
    says; true is what the portal's code does (facts/bitrix24-telephony-crm.md §1.0).
    ``desk_frames`` are the origins whose pages may show the operator's desk in a frame. ``contents`` is what the portal
    has from the start, in the shape of :func:`connector.sandbox.contents.furnish`.
    """

    member_id: str = "5a4d0b0c1e5f4f0fa3b2c1d0e9f8a7b6"
    client_id: str = "local.sandbox"
    client_secret: str = "sandbox-secret"
    app_name: str = "Connector"
    app_code: str = "local.sandbox"
    webhook_user: int = 1
    webhook_code: str = "sandboxwebhookcode"
    language: str = "ru"
    license: str = ""
    license_family: str = "std"
    selfhosted: bool = False
    without: tuple[str, ...] = ()
    without_events: tuple[str, ...] = ()
    scope: str = DEFAULT_SCOPE
    features: Mapping[str, str] = field(default_factory=dict)
    operators: tuple[Operator, ...] = OPERATORS
    lines: tuple[LineSettings, ...] = LINES
    token_ttl: float = 3600.0
    refresh_ttl: float = 180 * 86400.0
    code_ttl: float = 30.0
    burst: int | None = None
    per_second: float | None = None
    operating_limit: float | None = None
    operating_window: float = 600.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    real_time: bool = False
    wall: float = 60.0
    activation_delay: float = 0.0
    telephony_by_webhook: bool = True
    event_timeout: float = 5.0
    download_timeout: float = 10.0
    log_size: int = 5000
    install_url: str = ""
    handler_url: str = ""
    desk_frames: tuple[str, ...] = ()
    redirect_uri: str = ""
    api_only: bool = False
    contents: Mapping[str, Any] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    factor: float = 1.0

    @property
    def plan(self) -> str:
        """``LICENSE`` as ``app.info`` tells it: ``ru_std``, ``ru_ent``, ``ru_selfhosted``."""
        return self.license or f"ru_{'selfhosted' if self.selfhosted else self.license_family}"

    @property
    def limits(self) -> Limits:
        """The limits in force: those given, else those of the plan."""
        enterprise = self.license_family == "ent"
        plan = SELFHOSTED_LIMITS if self.selfhosted else ENTERPRISE_LIMITS if enterprise else USUAL_LIMITS
        return Limits(
            burst=plan.burst if self.burst is None else self.burst,
            per_second=plan.per_second if self.per_second is None else self.per_second,
            operating=plan.operating if self.operating_limit is None else self.operating_limit,
        )

    def has_feature(self, code: str) -> bool:
        """Whether the plan has it; a box has the extended offline queue and ``auth_connector`` (§5.6)."""
        given = self.features.get(code)
        return given == "Y" if given is not None else self.selfhosted and code in SELFHOSTED_FEATURES
