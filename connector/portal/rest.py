"""``Portal``: typed calls to one Bitrix24, within its budget (facts/bitrix24-platform.md §1, §2, §4)."""

from __future__ import annotations

import copy
import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import requests
import structlog

from connector.domain.ports import Budget, Clock, Grant, Installation, Installations, Locks
from connector.domain.provider import Finding
from connector.errors import ConnectorError, PermanentError, Stopped
from connector.portal.abilities import Lacking
from connector.portal.adoption import Adoption
from connector.portal.answers import Success
from connector.portal.application import needs_application, refusal, refused
from connector.portal.batch import Commands, Outcome, nested_error
from connector.portal.batching import run_batch
from connector.portal.config import PortalConfig
from connector.portal.conversation import Conversation, Errand, Post
from connector.portal.gate import PROBES, Gate
from connector.portal.joining import items_of
from connector.portal.oauth import AuthServer
from connector.portal.selfcheck import Line, examine
from connector.portal.tariff import Tariff, tariff_of
from connector.portal.tokens import Tokens
from connector.portal.transport import Transport
from connector.portal.uploading import Uploads, upload
from connector.portal.visitors import Visitor, recognised
from connector.portal.webhook_store import WebhookInstallations
from connector.speech import Text

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk

NOTHING: Mapping[str, Any] = MappingProxyType({})


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
        self.name, self._settings, self._clock, self._sleep = settings.name, settings, clock, sleep
        self._post: Post | None = None
        self._seal, self._unseal = seal, unseal
        self.budget = budget
        self._webhook = settings.webhook is not None and settings.app is None
        self._store = _of_webhook(settings, store) if self._webhook else store
        transport = self._transport = Transport(http, timeout=settings.timeout)
        auth = self._auth = AuthServer(settings, transport, clock)
        self._gate = Gate(self._store, self.name, clock, probes=probes)
        tokens = Tokens(self.name, store=self._store, locks=locks, auth=auth, gate=self._gate, clock=clock, sleep=sleep)
        self._tokens = tokens
        self._conversation = Conversation(
            settings, transport=transport, auth=auth, tokens=tokens, gate=self._gate,
            budget=budget, sleep=sleep, webhook=self._webhook,
        )  # fmt: skip
        self._adoption = Adoption(
            settings, store=self._store, auth=auth, transport=transport, gate=self._gate, clock=clock
        )
        self._lacking, self._uploads = Lacking(clock), Uploads()
        self._log = structlog.get_logger().bind(portal=self.name)

    def call(self, method: str, params: Mapping[str, Any] = NOTHING, *, live: bool = True, request_id: str = "") -> Any:
        """The decoded ``result`` of one REST method (§1.4: any shape, an empty map may be a list).

        ``live`` calls go before bulk ones. ``request_id`` (32 hex, made up when empty) is the ``X-Request-ID`` and
        ``request`` of the log line; an error carries it. Sleeps what the budget says. Raises ``TransientError`` (with
        ``maybe_done`` where the effect may have taken place), ``PermanentError`` or ``Stopped``.
        """
        errand = _errand(method, params, live, request_id)
        result = self._perform(errand).result
        error = nested_error(result, method)
        if error is not None:
            error.request_id = errand.request_id
            raise error
        return result

    def upload(
        self, method: str, params: Mapping[str, Any], name: str, mime: str, content: bytes, *, request_id: str = ""
    ) -> Any:
        """Give a file to ``method`` in two steps (telephony-crm §1.5 mode C); the decoded result of the second.

        Raises like :meth:`call`, ``maybe_done`` only when the file itself was on its way; ``TransientError``
        ``portal.busy`` at once while half of the burst, or every place for a file, is in use.
        """
        errand = _errand(method, params, True, request_id)
        with self._uploads.place(self.budget):
            return upload(errand, name, mime, content, transport=self._transport, perform=self._perform)

    def page(
        self, method: str, params: Mapping[str, Any] = NOTHING, *, live: bool = False, request_id: str = ""
    ) -> Success:
        """Like :meth:`call`, with ``total``, ``next`` and ``time`` beside the result (§3.5)."""
        return self._perform(_errand(method, params, live, request_id))

    def batch(
        self, commands: Commands, *, halt: bool = False, live: bool = True, request_id: str = ""
    ) -> dict[str, Outcome]:
        """Up to 50 commands in one request; ``{key: Outcome}`` in the order given (§3.4). Never replay it whole.

        Commands whose method waits for its operating window are not sent and have failed with that error; with
        ``halt`` then none is sent. A text that :func:`~connector.portal.batch.must_go_alone` names is refused with
        ``PermanentError``. Raises like :meth:`call` when the batch as a whole failed.
        """
        if not commands:
            return {}
        held = refused(commands, halt=halt) if self._webhook else {}
        going = {key: command for key, command in commands.items() if key not in held}
        ran = run_batch(
            going, halt=halt, live=live, request_id=request_id or uuid.uuid4().hex,
            budget=self.budget, conversation=self._conversation, perform=self._perform,
        ) if going else {}  # fmt: skip
        return {key: held.get(key) or ran[key] for key in commands}

    def bulk(self, *, patience: float | None = None) -> Bulk:
        """Long lists and many writes of one job, behind live calls; a context manager. Its wire is fast_bitrix24.

        ``patience`` are the seconds that a method without operating time is waited for.
        """
        from connector.portal.bulk import Bulk, Courier  # loads slowly, and only sync jobs need it

        courier, other = Courier(timeout=self._settings.timeout), copy.copy(self)
        other._post = courier.post
        waits = {} if patience is None else {"patience": patience}
        return Bulk(other, courier, clock=self._clock, sleep=self._sleep, **waits)

    def learn(self, *, live: bool = False) -> Tariff:
        """Ask the portal for its plan and give the budget its figures (§3.1). Raises like :meth:`call`."""
        tariff = tariff_of(self.call("app.info", live=live))
        self.budget.learn(tariff.burst, tariff.per_second)
        return tariff

    def exchange(self, code: str, server_endpoint: str = "") -> Grant:
        """The pair for a one-time ``code`` of the full OAuth flow (§4.2); :meth:`adopt` keeps it."""
        return self._auth.exchange(code, server_endpoint)

    def adopt(self, grant: Grant) -> None:
        """Verify a token pair at the authorization server and keep it (§4.6). Raises ``Refused`` 403.

        The plan is asked for at once; a portal that does not tell it now is asked again by the clock.
        """
        self._adoption.adopt(grant)
        self._lacking.forget()
        try:
            self.learn(live=True)  # a person waits for the page
        except ConnectorError as later:
            self._log.info("portal_plan_unknown", cause=later.cause)

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

    def hasten(self) -> None:
        """Let the next call look at a stopped portal at once: somebody said that it is paid or mended."""
        self._gate.hasten()

    def connector_id(self, slug: str) -> str:
        """The connector's id in Open Lines: lower case, no dot, unique per application (openlines §1.1)."""
        return connector_prefix(self._client_id()) + "".join(char if char.isalnum() else "_" for char in slug.lower())

    @property
    def connector_prefix(self) -> str:
        """What all connector ids of this application begin with; empty for a webhook."""
        return "" if self._settings.app is None else connector_prefix(self._client_id())

    def installation(self) -> Installation | None:
        """What is kept of the portal, at most a second old."""
        return self._gate.installation()

    def installed(self) -> bool:
        """Whether there is something to call with. A webhook always is."""
        installation = self._gate.installation()
        if installation is None or installation.state == "uninstalled":
            return False
        return bool(installation.grant.client_endpoint)

    def operating(self, method: str) -> float:
        """The operating seconds that ``method`` used up in its ten minutes, as last told (§3.2)."""
        return self.budget.operating().get(method.lower(), {}).get("seconds", 0.0)

    def refresh_if_near_expiry(self) -> bool:
        """Keep an idle pair alive: renews after 30 idle days of the refresh token's 180 (§4.1). True when renewed."""
        installation = None if self._webhook else self._gate.installation()
        try:
            return not self._webhook and self._tokens.keep_alive()
        except Stopped as stopped:
            if installation is not None:
                self._gate.stop(stopped, installation.grant)
            raise

    def visitor(self, access_token: str) -> Visitor:
        """The user whose own token a page of ours was opened with (§4.6a). Raises ``Refused`` 403 for a stranger's."""
        kept = self._gate.installation(fresh=True)
        if kept is None or self._webhook:
            raise refusal("app")
        if kept.state == "blocked":
            self._gate.enter()
        self._sleep(self.budget.spend({"profile": 1.0}))
        try:
            return recognised(access_token, kept.grant, self._auth, self._transport)
        finally:
            self.budget.note("profile", {})

    def check(self, lines: Sequence[Line] = (), *, handler_url: str = "", calls: bool = False) -> list[Finding]:
        """What is right and wrong with this portal, each bad finding with what to do. Never raises.

        ``lines`` are the accounts with their open lines; ``handler_url`` is where events should go; ``calls``: there
        are accounts of PBXs.
        """
        url, now = handler_url, self._clock()
        return list(examine(self, webhook=self._webhook, lines=lines, handler_url=url, now=now, calls=calls))

    def _perform(self, errand: Errand) -> Success:
        method = errand.method
        if self._webhook and needs_application(method):
            raise refusal(method)
        self._lacking.check(method)
        try:
            success = self._conversation.hold(errand if errand.post else replace(errand, post=self._post))
        except ConnectorError as error:
            error.request_id = errand.request_id
            self._lacking.note(method, error)
            # A stopped portal is refused at the gate many times over; the stop itself was logged. The vendor's words
            # may quote clients, so they stay in the error.
            level = "debug" if error.cause.startswith("portal.") else "warning"
            log = getattr(self._log, level)
            log("portal_call_failed", method=method, cause=error.cause, request=errand.request_id)
            raise
        self._log.info("portal_call", method=method, request=errand.request_id)
        return success

    def _client_id(self) -> str:
        if self._settings.app is None:
            raise refusal("imconnector")
        return self._settings.app.client_id


def _errand(method: str, params: Mapping[str, Any], live: bool, request_id: str) -> Errand:
    load = {method.lower(): float(items_of(method, params))}
    return Errand(method=method, params=params, load=load, live=live, request_id=request_id or uuid.uuid4().hex)


def _of_webhook(settings: PortalConfig, store: Installations) -> WebhookInstallations:
    assert settings.webhook is not None
    return WebhookInstallations(settings.name, settings.webhook.get_secret_value(), store)


def connector_prefix(client_id: str) -> str:
    """``c<first 6 hex of sha1(client_id)>_``: what the ids of one application's connectors begin with."""
    return f"c{hashlib.sha1(client_id.encode(), usedforsecurity=False).hexdigest()[:6]}_"


_UNREADABLE = Text(
    "The kept installation cannot be read with this CONNECTOR_SECRET_KEY; open the application in Bitrix24 again.",
    "Сохранённая установка не читается с этим CONNECTOR_SECRET_KEY; откройте приложение в Битрикс24 заново.",
)
