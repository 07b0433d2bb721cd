"""The states of a portal in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.speech import Text

STATES: Mapping[str, Text] = MappingProxyType(
    {
        "active": Text("works", "работает"),
        "not_installed": Text("not installed", "не установлено"),
        "needs_reauth": Text("must be authorised again", "нужна новая авторизация"),
        "uninstalled": Text("uninstalled", "удалено"),
        "suspended": Text("suspended", "приостановлен"),
        "blocked": Text("blocked for overload", "заблокирован за перегрузку"),
        "unreachable": Text("does not answer", "не отвечает"),
    }
)


def in_words(state: str) -> Text:
    """The words for ``not_installed`` or a ``PortalState``; an unknown one stands for itself."""
    return STATES.get(state, Text(state, state))
