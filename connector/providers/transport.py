"""Network failures as verdicts: what a cut connection means for the effect that was on its way."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests import exceptions
from urllib3.exceptions import MaxRetryError, NewConnectionError

from connector.domain.ports import Clock
from connector.domain.provider import Http
from connector.errors import PermanentError, TransientError
from connector.speech import Text

#: Seconds to connect and to wait for an answer; real answers of slow vendors take over 30 s (trap 5).
TIMEOUT = (10, 60)
MAX_RETRY_AFTER = 86_400.0

_UNREACHABLE = Text(
    "The provider cannot be reached; it is tried again. If this lasts, check the network and api_url.",
    "Провайдер недоступен; попытка повторится. Если так долго, проверьте сеть и api_url.",
)
_BAD_ADDRESS = Text(
    "The provider's address is not a valid URL; mend it in connector.yaml.",
    "Адрес провайдера не является корректным URL; исправьте его в connector.yaml.",
)
_NEVER_SENT = (exceptions.ConnectTimeout, exceptions.ProxyError)


def send(http: Http, slug: str, method: str, url: str, **kwargs: Any) -> requests.Response:
    """One request with the house's timeouts, redirects not followed.

    Raises ``TransientError`` (``<slug>.unreachable``; ``maybe_done`` unless the request surely never left) or
    ``PermanentError`` (``<slug>.address``). The vendor's URL, which may hold a token, is in neither.
    """
    try:
        answer: requests.Response = http.request(method, url, timeout=TIMEOUT, allow_redirects=False, **kwargs)
    except exceptions.RequestException as error:
        # An address that cannot be parsed is a ValueError too; a JSON answer that cannot be read is not raised here.
        if isinstance(error, ValueError):
            raise PermanentError(f"{slug}.address", hint=_BAD_ADDRESS, detail=type(error).__name__) from None
        raise TransientError(
            f"{slug}.unreachable", hint=_UNREACHABLE, detail=type(error).__name__, maybe_done=maybe_sent(error)
        ) from None
    return answer


def maybe_sent(error: exceptions.RequestException) -> bool:
    """``False`` only when the connection was never made, so the request cannot have arrived."""
    if isinstance(error, _NEVER_SENT) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False
    cause: object = error.args[0] if error.args else None
    cause = cause.reason if isinstance(cause, MaxRetryError) else cause
    return not isinstance(cause, NewConnectionError)


def retry_after(value: str, clock: Clock) -> float | None:
    """Seconds from a ``Retry-After`` header (number or HTTP date), between 0 and a day; ``None`` without one."""
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    return min(max((moment - clock()).total_seconds(), 0.0), MAX_RETRY_AFTER)
