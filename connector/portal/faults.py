"""The verdict on every Bitrix24 error: one table, matched by code first, then by status.

facts/bitrix24-platform.md §2.1, §2.2, §7 (42); facts/bitrix24-openlines.md §1. Only a rate limit, an operating limit
and a refused authorization prove that the method did not run; for everything else in doubt ``maybe_done`` is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.portal.answers import Fault
from connector.portal.hints import HINTS
from connector.speech import Text

QUERY_LIMIT = "QUERY_LIMIT_EXCEEDED"
OPERATING_LIMITS = frozenset({"OPERATION_TIME_LIMIT", "RATELIMITEXCEPTION"})

State = Literal["needs_reauth", "uninstalled", "suspended", "blocked", "unreachable"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an error means: ``wait`` (retry), ``park`` (a person mends the item) or ``stop`` (the portal waits)."""

    act: Literal["wait", "park", "stop"]
    cause: str
    hint: Text
    state: State = "needs_reauth"
    retry_after: float | None = None
    maybe_done: bool = False

    def error(self, words: str) -> ConnectorError:
        """The error to raise, with the vendor's own ``words``."""
        if self.act == "park":
            return PermanentError(self.cause, hint=self.hint, detail=words)
        if self.act == "stop":
            return Stopped(self.cause, hint=self.hint, state=self.state, detail=words)
        return TransientError(
            self.cause, hint=self.hint, detail=words, retry_after=self.retry_after, maybe_done=self.maybe_done
        )


def judge(fault: Fault, *, method: str = "") -> ConnectorError:
    """The error that ``fault`` is. ``method`` fills the hint where a name helps."""
    verdict = _verdict(fault)
    words = f"{fault.code} {fault.words}".strip() or f"HTTP {fault.status}"
    filled = verdict.hint.with_(method=method or "?", status=fault.status)
    return replace(verdict, hint=filled).error(words)


def _verdict(fault: Fault) -> Verdict:
    if fault.shape == "redirect":
        return _REDIRECT
    if fault.shape == "opaque":
        return _opaque(fault.status)
    for pattern, verdict in _BY_WORDS.get(fault.code, ()):
        if pattern.search(fault.words):
            return verdict
    return _by_status(fault) or TABLE.get(fault.code) or _unknown(fault)


def remedy(fault: Fault, *, webhook: bool) -> str:
    """What may be tried once before the verdict: ``move``, ``renew:<code>``, ``repeat``, or nothing (§1.6, §2.1).

    A refused authorization proves that the method did not run. v3 hides an expired token behind ``ACCESSDENIED`` at
    401 (§2.3); ``CONNECTION_ERROR`` is the portal's own trouble with the authorization server: a renewal would spend
    the refresh token for nothing.
    """
    if fault.shape == "redirect":
        return "" if webhook else "move"
    if fault.code in _RENEWED_BY or (fault.code, fault.status) == ("ACCESSDENIEDEXCEPTION", 401):
        return "" if webhook else f"renew:{fault.code}"
    return "repeat" if fault.code == "NO_AUTH_FOUND" else ""


def _by_status(fault: Fault) -> Verdict | None:
    """Two codes say nothing by themselves: the generic exception at 5xx is the server's own (an SQL error, no memory),
    and v3 refuses everybody at 400 when the public part of the portal is closed (§2.1, §2.3)."""
    if fault.code == "ERROR_CORE" and fault.status >= 500:
        return _BUSY
    return TABLE["PORTAL_DELETED"] if (fault.code, fault.status) == ("ACCESSDENIEDEXCEPTION", 400) else None


def _opaque(status: int) -> Verdict:
    """No JSON: a proxy, a firewall or a falling server answered (§1.5 step 3, §7 (6), (16))."""
    hint = HINTS["opaque"]
    if status in (413, 414):
        return Verdict(act="park", cause="bitrix24.too_large", hint=HINTS["too_large"])
    if 400 <= status < 500:
        return Verdict(act="wait", cause="bitrix24.not_rest", hint=HINTS["not_rest"], retry_after=60.0, maybe_done=True)
    cause = "bitrix24.server_down" if status >= 500 else "bitrix24.broken_answer"
    return Verdict(act="wait", cause=cause, hint=hint, maybe_done=True)


def _unknown(fault: Fault) -> Verdict:
    slug = re.sub(r"[^a-z0-9]+", "_", fault.code.lower()).strip("_")[:60] or "unnamed"
    cause = f"bitrix24.{slug}"
    if fault.status >= 500:
        return Verdict(act="wait", cause=cause, hint=HINTS["server"], maybe_done=True)
    if fault.status == 429:
        return Verdict(act="wait", cause=cause, hint=HINTS["operating"], retry_after=60.0, maybe_done=True)
    return Verdict(act="park", cause=cause, hint=HINTS["business"])


def _rows() -> Iterator[tuple[str, Verdict]]:
    for codes, act, cause, hint, extra in _TABLE:
        verdict = Verdict(act=act, cause=f"bitrix24.{cause}", hint=HINTS[hint], **extra)
        for code in codes.split():
            yield code, verdict


_Act = Literal["wait", "park", "stop"]
_DOUBT: dict[str, Any] = {"maybe_done": True}
_HALF_MINUTE: dict[str, Any] = {"retry_after": 30.0}

# codes · act · cause · hint · the rest of the verdict
_TABLE: tuple[tuple[str, _Act, str, str, dict[str, Any]], ...] = (
    # Limits: refused before the method ran.
    (QUERY_LIMIT, "wait", "query_limit", "query_limit", {"retry_after": 2.0}),
    ("OPERATION_TIME_LIMIT RATELIMITEXCEPTION", "wait", "operating_limit", "operating", {"retry_after": 60.0}),
    # Trouble on their side.
    ("INTERNAL_SERVER_ERROR ERROR_UNEXPECTED_ANSWER", "wait", "server_error", "server", _DOUBT),
    ("CONNECTION_ERROR", "wait", "auth_server_away", "auth_server", {"retry_after": 30.0}),
    ("EXPIRED_TOKEN", "wait", "token_expired", "auth_server", {"retry_after": 30.0}),
    # A block by a person, not a limit (trap 7).
    ("OVERLOAD_LIMIT", "stop", "overload_block", "overload", {"state": "blocked"}),
    ("PORTAL_BLOCKED_BY_LICENSE_SCANNER", "stop", "license_block", "license", {"state": "blocked"}),
    # Unpaid.
    ("PAYMENT_REQUIRED", "stop", "unpaid", "unpaid", {"state": "suspended"}),
    ("MARKETSUBSCRIPTIONREQUIREDEXCEPTION", "stop", "unpaid", "unpaid", {"state": "suspended"}),
    ("VERIFICATION_NEEDED", "stop", "license", "license", {"state": "suspended"}),
    # The authorization is gone.
    ("INVALID_GRANT AUTHORIZATION_ERROR INVALID_TOKEN", "stop", "needs_reauth", "reauth", {}),
    ("NO_AUTH_FOUND USER_ACCESS_ERROR", "stop", "needs_reauth", "reauth", {}),
    ("INVALID_CLIENT WRONG_CLIENT", "stop", "wrong_client", "client", {}),
    ("INVALID_CREDENTIALS", "stop", "webhook_revoked", "webhook_revoked", {}),
    ("APPLICATION_NOT_FOUND ERROR_OAUTH NOT_INSTALLED", "stop", "uninstalled", "install", {"state": "uninstalled"}),
    ("PORTAL_DELETED", "stop", "portal_gone", "gone", {"state": "unreachable"}),
    # Rights and set-up that a person corrects; the portal itself works.
    ("ACCESS_DENIED ACCESSDENIEDEXCEPTION ACCESS_ERROR", "park", "access_denied", "rights", {}),
    ("ALLOWED_ONLY_INTRANET_USER", "park", "access_denied", "rights", {}),
    ("INSUFFICIENT_SCOPE INVALID_SCOPE INSUFFICIENTSCOPEEXCEPTION", "park", "scope", "scope", {}),
    ("WRONG_AUTH_TYPE", "park", "needs_application", "needs_app", {}),
    ("WRONG_LICENSE", "park", "plan", "plan", {}),
    # Parked, not waited for: an approval holds for the present access token alone, an hour at most, and every try
    # with a renewed one asks the administrator anew. It may never come, and the lane behind it must go on.
    ("METHOD_CONFIRM_WAITING", "park", "confirmation", "confirm", {}),
    ("METHOD_CONFIRM_DENIED", "park", "confirmation_denied", "confirm_denied", {}),
    ("ERROR_METHOD_NOT_FOUND METHODNOTFOUNDEXCEPTION", "park", "no_such_method", "method", {}),
    ("ERROR_MANIFEST_IS_NOT_AVAILABLE", "park", "no_such_method", "method", {}),
    ("ERROR_BATCH_METHOD_NOT_ALLOWED ERROR_BATCH_LENGTH_EXCEEDED", "park", "batch_refused", "business", {}),
    ("INTERNAL_WRONG_TRANSPORT INTERNAL_WRONG_HANDLER_CLASS", "park", "wrong_transport", "business", {}),
    ("INVALID_REQUEST", "park", "invalid_request", "https", {}),
    ("WRONG_ENCODING", "park", "wrong_encoding", "encoding", {}),
    # event.bind (§5.2): an older portal lacks some events, and wants a public address.
    ("ERROR_EVENT_NOT_FOUND", "park", "no_such_event", "event", {}),
    ("ERROR_WRONG_HANDLER_URL ERROR_UNSUPPORTED_PROTOCOL", "park", "handler_url", "handler_url", {}),
    # Open Lines (facts/bitrix24-openlines.md §1.7, §1.8).
    # A line works about a second after it is switched on (§1.3), a connector once it is registered: messages wait.
    ("NOT_ACTIVE_LINE", "wait", "line_not_active", "line", {"retry_after": 5.0}),
    ("IMCONNECTOR_NO_CORRECT_PROVIDER", "wait", "connector_not_registered", "connector", {"retry_after": 5.0}),
    ("IMCONNECTOR_NOT_SPECIFIED_CORRECT_CONNECTOR", "park", "connector_not_registered", "connector", {}),
    ("IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND", "park", "connector_command", "business", {}),
    ("CHAT_RENAMING_FAILED", "park", "chat_not_renamed", "business", {}),
    # The request itself.
    ("ERROR_ARGUMENT INVALID_ARG_VALUE ERROR_CORE", "park", "bad_argument", "argument", {}),
    ("REQUESTVALIDATIONEXCEPTION DTOVALIDATIONEXCEPTION INVALIDJSONEXCEPTION", "park", "bad_argument", "argument", {}),
    ("INVALIDSELECTEXCEPTION INVALIDFILTEREXCEPTION INVALIDORDEREXCEPTION", "park", "bad_argument", "argument", {}),
    ("INVALIDPAGINATIONEXCEPTION UNKNOWNDTOPROPERTYEXCEPTION", "park", "bad_argument", "argument", {}),
    ("UNKNOWNFILTEROPERATOREXCEPTION INVALIDIDEMPOTENCYKEYEXCEPTION", "park", "bad_argument", "argument", {}),
    ("IDEMPOTENCYKEYREUSEDEXCEPTION", "park", "key_reused", "argument", {}),
    ("NOT_FOUND ERROR_NOT_FOUND ENTITYNOTFOUNDEXCEPTION", "park", "not_found", "not_found", {}),
)

TABLE: dict[str, Verdict] = dict(_rows())
_SUSPENDED = Verdict(act="stop", cause="bitrix24.unpaid", hint=HINTS["unpaid"], state="suspended")
_REDIRECT = Verdict(act="stop", cause="bitrix24.moved", hint=HINTS["moved"], state="unreachable")
_REAUTH = TABLE["AUTHORIZATION_ERROR"]
_NOT_FOUND, _RIGHTS = TABLE["NOT_FOUND"], TABLE["ACCESS_DENIED"]
_BUSY = Verdict(act="wait", cause="bitrix24.server_error", hint=HINTS["server"], maybe_done=True)
_BINDING = Verdict(act="wait", cause="bitrix24.binding_started", hint=HINTS["server"], retry_after=5.0)
_BOUND = Verdict(act="park", cause="bitrix24.handler_already_bound", hint=HINTS["bound"])
_QUOTA = Verdict(act="stop", cause="bitrix24.disk_full", hint=HINTS["quota"], state="suspended")


# Telephony tells everything by ERROR_CORE and its words (facts/bitrix24-telephony-crm.md §1.1-1.5).
_CALL_FILE = r"wrong file extension|file name is empty|file content is empty|base64 encoding is expected|file type"
_TELEPHONY: tuple[tuple[str, Literal["wait", "park"], str, dict[str, Any]], ...] = (
    (r"call is not found in the statistic|is not found\. is it finished", "wait", "call_not_finished", _HALF_MINUTE),
    (r"call is not found \(|registered prior to finishing", "park", "call_not_found", {}),
    (r"user is not found or is not active|user_id or user_phone_inner should be set", "park", "call_user", {}),
    (r"unsupported phone number format|phone_number is empty", "park", "call_number", {}),
    (r"line already exists", "park", "line_exists", {}),
    (r"could not find line with number", "park", "line_unknown", {}),
    (_CALL_FILE, "park", "call_file", {}),
)
_RENEWED_BY = frozenset({"EXPIRED_TOKEN", "INVALID_TOKEN"})


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# One code, several meanings: the description is the secondary discriminator (§1.5, §2.1).
_BY_WORDS: dict[str, tuple[tuple[re.Pattern[str], Verdict], ...]] = {
    "ACCESS_DENIED": (
        (_words(r"\brest\b.*(plan|subscription|тариф|подписк)"), _SUSPENDED),
        (_words(r"can.t be authorized in this context"), _REAUTH),
        (_words(r"application context"), TABLE["WRONG_AUTH_TYPE"]),
    ),
    "ERROR_OAUTH": ((_words(r"quota|квот|cuota|\bcota\b|kontingent|kota|\bdis[ck]|диск|dysk"), _QUOTA),),
    "ERROR_CORE": (
        (_words(r"already bind|already bound"), _BOUND),
        (_words(r"has already started"), _BINDING),
        *(
            (_words(pattern), Verdict(act=act, cause=f"bitrix24.{cause}", hint=HINTS[cause], **extra))
            for pattern, act, cause, extra in _TELEPHONY
        ),
        (
            _words(r"sql|query error|\bdb error|database error|deadlock|memory|timed? ?out|lost connection|try again"),
            _BUSY,
        ),
    ),
    "": (
        (_words(r"not found|не найден"), _NOT_FOUND),
        (_words(r"access denied|do not have permission|доступ запрещ|нет прав"), _RIGHTS),
    ),
}
