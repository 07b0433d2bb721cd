"""What this room reads of the settings, as Protocols: ``connector.settings.PortalSettings`` satisfies them."""

from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr


class AppConfig(Protocol):
    """The OAuth application."""

    @property
    def client_id(self) -> str: ...

    @property
    def client_secret(self) -> SecretStr: ...


class BudgetConfig(Protocol):
    """The portal's leaky bucket (facts/bitrix24-platform.md §3.1); only the fields that were written win."""

    @property
    def model_fields_set(self) -> set[str]: ...

    @property
    def burst(self) -> int: ...

    @property
    def per_second(self) -> float: ...


class PortalConfig(Protocol):
    """One portal of ``connector.yaml``; ``timeout`` is the read time-out in seconds."""

    @property
    def name(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def app(self) -> AppConfig | None: ...

    @property
    def auth_url(self) -> str: ...

    @property
    def webhook(self) -> SecretStr | None: ...

    @property
    def timeout(self) -> float: ...
