"""One call as a conversation: renew, move or repeat once, then the verdict (facts/bitrix24-platform.md §1.5, §1.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog

from connector.domain.ports import Budget, Grant
from connector.errors import ConnectorError, PermanentError, Refused, Stopped, TransientError
from connector.portal.answers import Answer, Fault, Success, decode
from connector.portal.batch import Commands, Outcome, section
from connector.portal.config import PortalConfig
from connector.portal.endpoints import endpoint, is_loopback, netloc
from connector.portal.faults import OPERATING_LIMITS, QUERY_LIMIT, judge
from connector.portal.gate import Gate
from connector.portal.oauth import AuthServer
from connector.portal.operating import Operating
from connector.portal.tokens import Tokens
from connector.portal.transport import Transport

PAUSES = (2.0, 4.0, 8.0, 15.0, 30.0)
_RENEWED_BY = frozenset({"EXPIRED_TOKEN", "INVALID_TOKEN"})


class Conversation:
    """Sends one method through the gate, within the budget, and takes the remedies that need no person."""

    def __init__(
        self,
        settings: PortalConfig,
        *,
        transport: Transport,
        auth: AuthServer,
        tokens: Tokens,
        gate: Gate,
        budget: Budget,
        operating: Operating,
        sleep: Callable[[float], None],
        webhook: bool,
    ) -> None:
        self._settings, self._transport, self._auth = settings, transport, auth
        self._tokens, self._gate, self._budget, self._operating = tokens, gate, budget, operating
        self._sleep, self._webhook = sleep, webhook
        self._refusals = 0

    def hold(self, method: str, params: Mapping[str, Any], *, live: bool) -> Success:
        """The success of one method. Raises ``TransientError``, ``PermanentError`` or ``Stopped`` (which is kept)."""
        self._operating.check(method)
        entered = self._gate.enter()
        used = [entered.grant]
        try:
            success = self._talk(method, params, live, used)
        except Stopped as stopped:
            self._gate.stop(stopped, used[-1])
            raise
        except PermanentError as refused:
            if refused.cause.startswith("bitrix24."):
                self._gate.proved(entered)
            raise
        self._gate.proved(entered)
        self._refusals = 0
        self._operating.note(method, success.time)
        return success

    def note_batch(
        self, success: Success, commands: Commands, keys: Mapping[str, str], outcomes: Mapping[str, Outcome]
    ) -> None:
        """Learn the operating seconds of each command and block the methods that met their limit (§3.2)."""
        times = section(success.result.get("result_time"))
        for wire, key in keys.items():
            method, spent, error = commands[key][0], times.get(wire), outcomes[key].error
            if isinstance(spent, dict):
                self._operating.note(method, spent)
            if isinstance(error, TransientError) and error.cause == "bitrix24.operating_limit":
                error.retry_after = self._operating.block(method)

    def _talk(self, method: str, params: Mapping[str, Any], live: bool, used: list[Grant]) -> Success:
        taken: set[str] = set()
        if not self._webhook and self._tokens.expiring(used[-1]):
            used.append(self._tokens.renew(used[-1]))
        while True:
            wait = self._budget.spend(live=live)
            if wait > 0:
                self._sleep(wait)
            met = decode(self._post(used[-1], method, params))
            if isinstance(met, Success):
                return met
            remedy = _remedy(met, webhook=self._webhook)
            if not remedy or remedy in taken:
                raise self._verdict(met, method)
            taken.add(remedy)
            used.append(self._mended(remedy, used[-1], met))

    def _post(self, grant: Grant, method: str, params: Mapping[str, Any]) -> Answer:
        body = dict(params) if self._webhook else {**params, "auth": grant.access_token}
        return self._transport.post(f"{grant.client_endpoint}{method}.json", body)

    def _mended(self, remedy: str, grant: Grant, met: Fault) -> Grant:
        if remedy == "move":
            return self._moved(grant, met)
        return grant if remedy == "repeat" else self._tokens.renew(grant)

    def _moved(self, grant: Grant, met: Fault) -> Grant:
        """The portal answers under a new host (§1.6): kept only when the authorization server says so too."""
        target = _rest_root(met.location, local=is_loopback(self._settings.url))
        if not target or netloc(target) == netloc(grant.client_endpoint):
            raise judge(met)
        try:
            info = self._auth.app_info(grant.access_token, grant.server_endpoint)
        except Refused:
            # The access token is over; the answer to a refresh names the endpoint as well.
            fresh = self._tokens.renew(grant)
            if netloc(fresh.client_endpoint) != netloc(target):
                raise judge(met) from None
            return fresh
        except TransientError as away:
            raise TransientError(away.cause, hint=away.hint, detail=away.detail, retry_after=10.0) from None
        hosts = {netloc(info.client_endpoint), netloc(f"{urlsplit(target).scheme}://{info.domain}")}
        if info.member_id != grant.member_id or netloc(target) not in hosts:
            raise judge(met)
        moved = self._tokens.move(target)
        structlog.get_logger().warning("portal_domain_changed", portal=self._settings.name, host=moved.domain)
        return moved

    def _verdict(self, met: Fault, method: str) -> ConnectorError:
        error = judge(met, method=method)
        if met.code == QUERY_LIMIT and isinstance(error, TransientError):
            pause = PAUSES[min(self._refusals, len(PAUSES) - 1)]
            self._refusals += 1
            self._budget.pause(pause)
            error.retry_after = pause
        if met.code in OPERATING_LIMITS and isinstance(error, TransientError):
            error.retry_after = self._operating.block(method)
        return error


def _remedy(met: Fault, *, webhook: bool) -> str:
    """What may be tried once before the verdict: ``move``, ``renew:<code>``, ``repeat``, or nothing."""
    if met.shape == "redirect":
        return "" if webhook else "move"
    if met.code in _RENEWED_BY:
        return "" if webhook else f"renew:{met.code}"
    return "repeat" if met.code == "NO_AUTH_FOUND" else ""


def _rest_root(location: str, *, local: bool) -> str:
    """``https://new.host/rest/`` of a redirect's target; empty when it may not be called."""
    target = endpoint(location, local=local)
    if not target:
        return ""
    parts = urlsplit(target)
    before, found, _ = parts.path.partition("/rest/")
    return f"{parts.scheme}://{netloc(target)}{before}/rest/" if found else f"{parts.scheme}://{netloc(target)}/rest/"
