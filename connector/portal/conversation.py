"""One call as a conversation: renew, move or repeat once, then the verdict (facts/bitrix24-platform.md §1.5, §1.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog

from connector.domain.ports import Budget, Grant, Installation
from connector.errors import ConnectorError, PermanentError, Refused, Stopped, TransientError
from connector.portal.answers import Answer, Fault, Success, decode
from connector.portal.batch import Commands, Outcome, by_method, section, together
from connector.portal.config import PortalConfig
from connector.portal.endpoints import endpoint, is_loopback, method_url, netloc
from connector.portal.faults import OPERATING_LIMITS, QUERY_LIMIT, judge, remedy
from connector.portal.gate import Gate
from connector.portal.joining import items_of
from connector.portal.oauth import AuthServer
from connector.portal.tokens import Tokens
from connector.portal.transport import Transport

PAUSES = (2.0, 4.0, 8.0, 15.0, 30.0)


Post = Callable[..., Answer]


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One HTTP request to be: the ``load`` is what it runs (``ports.Budget``), ``post`` is another way to the wire.

    ``post`` takes the URL, the parameters and ``request_id``, and raises as ``Transport.post`` does.
    """

    method: str
    params: Mapping[str, Any]
    load: Mapping[str, float]
    live: bool = True
    request_id: str = ""
    post: Post | None = None


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
        sleep: Callable[[float], None],
        webhook: bool,
    ) -> None:
        self._settings, self._transport, self._auth = settings, transport, auth
        self._tokens, self._gate, self._budget = tokens, gate, budget
        self._sleep, self._webhook = sleep, webhook
        self._refusals, self._wave = 0, 0

    def hold(self, errand: Errand) -> Success:
        """The success of one errand. Raises ``TransientError``, ``PermanentError`` or ``Stopped`` (which is kept).

        The load of a ``batch`` is still to be settled, by :meth:`note_batch` or :meth:`settle`.
        """
        entered = self._gate.enter()
        used = [entered.grant]
        try:
            success = self._talk(errand, entered, used)
        except Stopped as stopped:
            self._gate.stop(stopped, used[-1])
            raise
        except PermanentError as refused:
            if refused.cause.startswith("bitrix24."):
                self._gate.proved(entered)
            raise
        self._gate.proved(entered)
        if errand.method.lower() != "batch":
            for method, items in errand.load.items():
                self._budget.note(method, success.time, items)
        return success

    def note_batch(
        self, success: Success, commands: Commands, keys: Mapping[str, str], outcomes: Mapping[str, Outcome]
    ) -> None:
        """Learn the operating seconds of each method and block those that met their limit (§3.2)."""
        times = section(success.result.get("result_time"))
        for method, wires in by_method(commands, keys).items():
            spent = [times[wire] for wire in wires if isinstance(times.get(wire), dict)]
            items = {wire: items_of(method, commands[keys[wire]][1]) for wire in wires}
            done = sum(items[wire] for wire in wires if isinstance(times.get(wire), dict))
            if spent:
                self._budget.note(method, together(spent), done)
            if done < sum(items.values()):
                self._budget.note(method, {}, sum(items.values()) - done)
        for key, outcome in outcomes.items():
            error = outcome.error
            if isinstance(error, TransientError) and error.cause == "bitrix24.operating_limit":
                error.retry_after = self._budget.block(commands[key][0])

    def settle(self, load: Mapping[str, float]) -> None:
        """The request with this load is over, and told no times."""
        for method, items in load.items():
            self._budget.note(method, {}, items)

    def _talk(self, errand: Errand, entered: Installation, used: list[Grant]) -> Success:
        taken: set[str] = set()
        while True:
            wave = self._wave
            met = self._attempt(errand, used, look=entered.state == "active" and not taken)
            if isinstance(met, Success):
                self._refusals = 0 if wave == self._wave else self._refusals
                return met
            cure = remedy(met, webhook=self._webhook)
            if not cure or cure in taken:
                raise self._verdict(met, errand.method, wave)
            taken.add(cure)
            used.append(self._mended(cure, used[-1], met))

    def _attempt(self, errand: Errand, used: list[Grant], *, look: bool) -> Success | Fault:
        """Spend, and send when it is time; with ``look`` only if the portal has not been stopped meanwhile."""
        wait = self._budget.spend(errand.load, live=errand.live)
        met: Success | Fault | None = None
        try:
            if wait > 0:
                self._sleep(wait)
            if look:
                used.append(self._gate.enter().grant)
            if not self._webhook and self._tokens.expiring(used[-1]):
                used.append(self._tokens.renew(used[-1]))
            met = decode(self._post(used[-1], errand))
            return met
        finally:
            if not isinstance(met, Success):
                self.settle(errand.load)

    def _post(self, grant: Grant, errand: Errand) -> Answer:
        body = dict(errand.params) if self._webhook else {**errand.params, "auth": grant.access_token}
        post = errand.post or self._transport.post
        try:
            answer = post(method_url(grant.client_endpoint, errand.method), body, request_id=errand.request_id)
        except TransientError as lost:
            self._gate.unreached(lost)
            raise
        self._gate.reached()
        return answer

    def _mended(self, cure: str, grant: Grant, met: Fault) -> Grant:
        if cure == "move":
            return self._moved(grant, met)
        return grant if cure == "repeat" else self._tokens.renew(grant)

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

    def _verdict(self, met: Fault, method: str, wave: int) -> ConnectorError:
        error = judge(met, method=method)
        if met.code == QUERY_LIMIT and isinstance(error, TransientError):
            error.retry_after = self._refused(wave)
        if met.code in OPERATING_LIMITS and isinstance(error, TransientError):
            error.retry_after = self._budget.block(method)
        return error

    def _refused(self, wave: int) -> float:
        """Pause everybody. Requests that were under way together are one refusal, not a reason for longer pauses."""
        if wave == self._wave:
            self._wave, self._refusals = self._wave + 1, self._refusals + 1
        pause = PAUSES[min(max(self._refusals, 1), len(PAUSES)) - 1]
        self._budget.pause(pause)
        return pause


def _rest_root(location: str, *, local: bool) -> str:
    """``https://new.host/rest/`` of a redirect's target; empty when it may not be called."""
    target = endpoint(location, local=local)
    if not target:
        return ""
    parts = urlsplit(target)
    before, found, _ = parts.path.partition("/rest/")
    return f"{parts.scheme}://{netloc(target)}{before}/rest/" if found else f"{parts.scheme}://{netloc(target)}/rest/"
