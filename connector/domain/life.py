"""What happens to the application on a portal: events as in :mod:`connector.domain.events`, which tells them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, kw_only=True)
class AboutPortal:
    """Base of what concerns the portal itself; all of it shares one lane."""

    portal: str
    lane: ClassVar[str] = "portal"
    position: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class AppInstalled(AboutPortal):
    """The application was installed or updated. ``grant`` is the token pair, sealed; empty when already kept."""

    kind: Literal["app.installed"] = "app.installed"
    grant: str = ""


@dataclass(frozen=True, kw_only=True)
class HandlersChecked(AboutPortal):
    """Event handlers of ours were found missing or doubled in the portal."""

    kind: Literal["handlers.checked"] = "handlers.checked"


@dataclass(frozen=True, kw_only=True)
class AppUninstalled(AboutPortal):
    """The application was removed; ``clean`` when the user ticked "delete settings and data" (platform §4.8)."""

    kind: Literal["app.uninstalled"] = "app.uninstalled"
    clean: bool = False


@dataclass(frozen=True, kw_only=True)
class LineConnected(AboutPortal):
    """A person bound an account to an open line in the settings slider (§1.10)."""

    kind: Literal["line.connected"] = "line.connected"
    connector: str
    line: str
    account: str


@dataclass(frozen=True, kw_only=True)
class LineDisconnected(AboutPortal):
    """A connector was switched off for a line, or the line was deleted; ``connector`` empty means any.

    Not ``asked``: the portal has done it already; switching off again would loop (facts/bitrix24-openlines.md §1.3).
    """

    kind: Literal["line.disconnected"] = "line.disconnected"
    connector: str
    line: str
    asked: bool = False
