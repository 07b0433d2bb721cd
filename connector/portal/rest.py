"""``Portal``: typed calls to one Bitrix24, within its budget (facts/bitrix24-platform.md §1, §2, §4)."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import requests
import structlog

from connector.domain.ports import Budget, Clock, Grant, Installation, Installations, Locks
from connector.domain.provider import Finding
from connector.errors import ConnectorError, PermanentError, Stopped
from connector.portal.adoption import Adoption
from connector.portal.answers import Success
from connector.portal.batch import Commands, Outcome, body_of, nested_error, outcomes_of
from connector.portal.config import PortalConfig
from connector.portal.conversation import Conversation
from connector.portal.endpoints import endpoint
from connector.portal.gate import PROBES, Gate
from connector.portal.hints import HINTS
from connector.portal.memory import MemoryInstallations
from connector.portal.oauth import AuthServer
from connector.portal.operating import Operating
from connector.portal.selfcheck import Line, examine
from connector.portal.tokens import Tokens
from connector.portal.transport import Transport
from connector.speech import Text

NOTHING: Mapping[str, Any] = MappingProxyType({})
_APP_ONLY = ("imconnector.", "event.", "events", "placement.", "app.option.", "messageservice.")


class Portal:
    """One configured portal. Safe for threads and greenlets; one keep-alive session for all calls.

    With ``settings.app`` it speaks OAuth with the pair of the store; with a webhook alone it needs no installation.
    ``probes`` are the seconds between two looks at the portal in each stopped state.
    """

    def __init__(
        self,
        settings: PortalConfig,
        *,
        store: Installations,
        locks: Locks,
        budget: Budget,
        seal: Callable[[str], str],
        unseal: Callable[[str], str],
        clock: Clock,
        http: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        probes: Mapping[str, float] = PROBES,
    ) -> None:
        self.name, self._settings, self._clock = settings.name, settings, clock
        self._seal, self._unseal = seal, unseal
        self.budget = budget
        self._webhook = settings.webhook is not None and settings.app is None
        self._store = _webhook_store(settings) if self._webhook else store
        transport = Transport(http, timeout=settings.timeout)
        auth = self._auth = AuthServer(settings, transport, clock)
        self._gate = Gate(self._store, self.name, clock, probes=probes)
        tokens = Tokens(self.name, store=self._store, locks=locks, auth=auth, gate=self._gate, clock=clock, sleep=sleep)
        self._tokens = tokens
        self._operating = Operating(clock)
        self._conversation = Conversation(
            settings, transport=transport, auth=auth, tokens=tokens, gate=self._gate,
            budget=budget, operating=self._operating, sleep=sleep, webhook=self._webhook,
        )  # fmt: skip
        self._adoption = Adoption(
            settings, store=self._store, auth=auth, transport=transport, gate=self._gate, clock=clock
        )
        self._log = structlog.get_logger().bind(portal=self.name)

    def call(self, method: str, params: Mapping[str, Any] = NOTHING, *, live: bool = True) -> Any:
        """The decoded ``result`` of one REST method (§1.4: any shape, an empty map may be a list).

        ``live`` calls go before bulk ones. Sleeps what the budget says. Raises ``TransientError`` (with
        ``maybe_done`` where the effect may have taken place), ``PermanentError`` or ``Stopped``.
        """
        result = self._perform(method, params, live).result
        error = nested_error(result, method)
        if error is not None:
            raise error
        return result

    def page(self, method: str, params: Mapping[str, Any] = NOTHING, *, live: bool = False) -> Success:
        """Like :meth:`call`, with ``total``, ``next`` and ``time`` beside the result (§3.5)."""
        return self._perform(method, params, live)

    def batch(self, commands: Commands, *, halt: bool = False, live: bool = True) -> dict[str, Outcome]:
        """Up to 50 commands in one request; ``{key: Outcome}`` in the order given (§3.4). Never replay it whole.

        A text that :func:`~connector.portal.batch.must_go_alone` names is refused with ``PermanentError``. Raises like
        :meth:`call` when the batch as a whole failed.
        """
        if not commands:
            return {}
        body, keys = body_of(commands, halt=halt)
        success = self._perform("batch", body, live)
        outcomes = outcomes_of(success, commands, keys)
        self._conversation.note_batch(success, commands, keys, outcomes)
        return outcomes

    def exchange(self, code: str, server_endpoint: str = "") -> Grant:
        """The pair for a one-time ``code`` of the full OAuth flow (§4.2); :meth:`adopt` keeps it."""
        return self._auth.exchange(code, server_endpoint)

    def adopt(self, grant: Grant) -> None:
        """Verify a token pair at the authorization server and keep it (§4.6). Raises ``Refused`` 403."""
        self._adoption.adopt(grant)

    def seal_grant(self, grant: Grant) -> str:
        """The pair as text that only this installation can read, for an event that waits in the journal."""
        return self._seal(json.dumps(asdict(grant) | {"expires_at": grant.expires_at.timestamp()}))

    def adopt_sealed(self, sealed: str) -> None:
        """:meth:`adopt` what :meth:`seal_grant` sealed. Raises ``PermanentError`` when it cannot be read."""
        try:
            fields = json.loads(self._unseal(sealed))
            grant = Grant(**fields | {"expires_at": datetime.fromtimestamp(fields["expires_at"], UTC)})
        except Exception as wrong:  # the seal is the caller's, and so are its exceptions
            raise PermanentError("portal.grant_unreadable", hint=_UNREADABLE, detail=type(wrong).__name__) from None
        self.adopt(grant)

    def forget(self, clean: bool) -> None:
        """The application is gone: drop the tokens, with ``clean`` the portal's links too (§4.8)."""
        self._store.drop_installation(self.name, clean=clean)
        self._gate.refresh()
        self._log.info("portal_forgotten", clean=clean)

    def connector_id(self, slug: str) -> str:
        """The connector's id in Open Lines: lower case, no dot, unique per application (openlines §1.1)."""
        return connector_prefix(self._client_id()) + "".join(char if char.isalnum() else "_" for char in slug.lower())

    @property
    def connector_prefix(self) -> str:
        """What all connector ids of this application begin with; empty for a webhook."""
        return "" if self._settings.app is None else connector_prefix(self._client_id())

    def installation(self) -> Installation | None:
        """What is kept of the portal, at most 5 s old."""
        return self._gate.installation()

    def installed(self) -> bool:
        """Whether there is something to call with. A webhook always is."""
        installation = self._gate.installation()
        if installation is None or installation.state == "uninstalled":
            return False
        return bool(installation.grant.client_endpoint)

    def operating(self, method: str) -> float:
        """The operating seconds that ``method`` used up in its ten minutes, as last told (§3.2)."""
        return self._operating.seconds(method)

    def refresh_if_near_expiry(self) -> bool:
        """Keep an idle pair alive: renews after 30 idle days of the refresh token's 180 (§4.1). True when renewed."""
        installation = None if self._webhook else self._gate.installation()
        try:
            return not self._webhook and self._tokens.keep_alive()
        except Stopped as stopped:
            if installation is not None:
                self._gate.stop(stopped, installation.grant)
            raise

    def check(self, lines: Sequence[Line] = (), *, handler_url: str = "") -> list[Finding]:
        """What is right and wrong with this portal, each bad finding with what to do. Never raises.

        ``lines`` are the accounts with their open lines; ``handler_url`` is where events should go.
        """
        return examine(self, webhook=self._webhook, lines=lines, handler_url=handler_url, now=self._clock())

    def _perform(self, method: str, params: Mapping[str, Any], live: bool) -> Success:
        if self._webhook and method.lower().startswith(_APP_ONLY):
            hint = HINTS["needs_app"].with_(method=method, status=403)
            raise PermanentError("bitrix24.needs_application", hint=hint, detail=method)
        try:
            success = self._conversation.hold(method, params, live=live)
        except ConnectorError as error:
            # A stopped portal is refused at the gate many times over; the stop itself was logged. The vendor's words
            # may quote clients, so they stay in the error.
            level = "debug" if error.cause.startswith("portal.") else "warning"
            getattr(self._log, level)("portal_call_failed", method=method, cause=error.cause)
            raise
        self._log.debug("portal_call", method=method, operating=self._operating.seconds(method))
        return success

    def _client_id(self) -> str:
        if self._settings.app is None:
            hint = HINTS["needs_app"].with_(method="imconnector", status=403)
            raise PermanentError("bitrix24.needs_application", hint=hint, detail="connector id")
        return self._settings.app.client_id


def connector_prefix(client_id: str) -> str:
    """``c<first 6 hex of sha1(client_id)>_``: what the ids of one application's connectors begin with."""
    return f"c{hashlib.sha1(client_id.encode(), usedforsecurity=False).hexdigest()[:6]}_"


def _webhook_store(settings: PortalConfig) -> MemoryInstallations:
    """A webhook is its own installation: nothing to adopt, nothing to renew, its state lives in this process."""
    url = settings.webhook.get_secret_value() if settings.webhook else ""
    grant = Grant(
        access_token="",
        refresh_token="",
        expires_at=datetime.max.replace(tzinfo=UTC),
        member_id="",
        client_endpoint=endpoint(url, local=True),
        server_endpoint="",
    )
    return MemoryInstallations([Installation(portal=settings.name, state="active", grant=grant)])


_UNREADABLE = Text(
    "The kept installation cannot be read with this CONNECTOR_SECRET_KEY; open the application in Bitrix24 again.",
    "Сохранённая установка не читается с этим CONNECTOR_SECRET_KEY; откройте приложение в Битрикс24 заново.",
)
