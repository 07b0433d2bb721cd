"""The type of an error is its verdict (DESIGN.md §6.6).

Every error carries a stable ``cause`` (a slug such as ``telegram.blocked``), the vendor's own words in
``detail``, and a ``hint`` that says what to do next, in both languages.
"""

from __future__ import annotations

from connector.speech import Text


class ConnectorError(Exception):
    """Something outside refused or failed. ``request_id`` names the request that met it, where there was one."""

    request_id: str = ""

    def __init__(self, cause: str, *, hint: Text, detail: str = "") -> None:
        self.cause, self.hint, self.detail = cause, hint, detail
        super().__init__(f"{cause}: {detail or hint.en}")


class TransientError(ConnectorError):
    """It will pass: wait ``retry_after`` seconds (or the usual pause) and try again.

    ``maybe_done`` says that the effect may already have taken place, so it must be looked up before
    it is repeated.
    """

    def __init__(
        self,
        cause: str,
        *,
        hint: Text,
        detail: str = "",
        retry_after: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(cause, hint=hint, detail=detail)
        self.retry_after, self.maybe_done = retry_after, maybe_done


class PermanentError(ConnectorError):
    """Repeating will not help: park it and show ``hint`` to a person."""


class Stopped(ConnectorError):
    """The whole destination waits for a person: uninstalled, overloaded, unpaid, reauthorise.

    ``state`` is one of ``needs_reauth``, ``uninstalled``, ``suspended``, ``blocked``, ``unreachable``.
    """

    def __init__(self, cause: str, *, hint: Text, state: str, detail: str = "") -> None:
        super().__init__(cause, hint=hint, detail=detail)
        self.state = state


class Refused(ConnectorError):
    """The edge turns a request away with a 4xx ``status`` and says why in the sender's terms."""

    def __init__(self, cause: str, *, hint: Text, status: int = 400, detail: str = "") -> None:
        super().__init__(cause, hint=hint, detail=detail)
        self.status = status


class SettingsError(Exception):
    """The settings cannot be used; the message lists every mistake at once and how to mend it."""
