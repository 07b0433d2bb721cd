"""One HTTP exchange, and what a broken one proves (facts/bitrix24-platform.md §1.3, §2.1 ambiguity rule)."""

from __future__ import annotations

import json
import logging
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connector import __version__
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.portal.answers import Answer
from connector.speech import Text

POOL = 64
CONNECT_SECONDS = 5.0
SLOWEST = 128 * 1024  # bytes per second of an upload
LARGEST_ANSWER = 64 * 1024 * 1024
USER_AGENT = f"bitrix24-connector/{__version__}"
_NEVER_SENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
_TROUBLE = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


def new_session() -> requests.Session:
    """A keep-alive session with room for 64 connections, no retries of its own and no ``.netrc``."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=8, pool_maxsize=POOL, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.auth = _leave
    # urllib3 logs paths, at DEBUG each and at WARNING those with broken headers; the paths of the token endpoint and
    # of a webhook are credentials (§1.1).
    for name, level in (("urllib3.connectionpool", logging.INFO), ("urllib3.connection", logging.ERROR)):
        chatty = logging.getLogger(name)
        chatty.setLevel(max(chatty.level, level))
    return session


class Transport:
    """Sends one request and returns the answer whatever its status. Redirects are never followed (§1.6)."""

    def __init__(self, http: requests.Session | None = None, *, timeout: float = 70.0) -> None:
        self._http = http or new_session()
        self._timeout = timeout

    def post(self, url: str, params: Mapping[str, Any], *, request_id: str = "") -> Answer:
        """POST ``params`` as JSON; ``url`` may be a credential and is never logged. ``request_id`` names the request.

        Raises ``TransientError`` with ``maybe_done`` by what the failure proves, ``PermanentError`` when the
        parameters are not JSON: Bitrix24 would run the method without any (§1.3).
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if request_id:
            headers["X-Request-ID"] = request_id
        return self._send("POST", url, self._timeout, headers, data=to_json(params))

    def post_file(self, url: str, field: str, file: tuple[str, bytes, str], *, request_id: str = "") -> Answer:
        """POST one file as multipart/form-data: ``file`` is (name, content, MIME). The same errors.

        A slow line gets a second for every 128 KiB beside the usual time. ``url`` is a credential.
        """
        headers = {"Accept": "application/json"} | ({"X-Request-ID": request_id} if request_id else {})
        timeout = self._timeout + len(file[1]) / SLOWEST
        return self._send("POST", url, timeout, headers, files={field: file})

    def get(self, url: str, params: Mapping[str, str], *, timeout: float) -> Answer:
        """GET for the authorization server; the same errors. The query holds secrets and is never logged."""
        return self._send("GET", url, timeout, {"Accept": "application/json"}, params=dict(params))

    def _send(self, verb: str, url: str, timeout: float, headers: dict[str, str], **kwargs: Any) -> Answer:
        headers = {"User-Agent": USER_AGENT, "X-Request-ID": uuid.uuid4().hex, **headers}
        began = time.monotonic()
        try:
            with self._http.request(
                verb,
                url,
                headers=headers,
                timeout=(CONNECT_SECONDS, timeout),
                allow_redirects=False,
                stream=True,
                **kwargs,
            ) as response:
                body = b"".join(_bounded(response, began + timeout + CONNECT_SECONDS))
                location = response.headers.get("Location", "")
                return Answer(
                    status=response.status_code, body=body, location=location, seconds=time.monotonic() - began
                )
        except _TROUBLE as trouble:
            fault = network_fault(trouble)
        # Raised out here so that the library's exception, whose text holds the URL, is not chained to it.
        raise fault


def to_json(params: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON that PHP can read back: no NaN, no lone surrogates (either would drop all parameters, §1.3)."""
    try:
        text = json.dumps(params, ensure_ascii=False, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as wrong:
        raise PermanentError("portal.not_json", hint=_NOT_JSON, detail=str(wrong)) from wrong
    return text.encode("utf-8", "replace")


def network_fault(trouble: BaseException, *, sent: bool = True) -> ConnectorError:
    """The verdict on a broken exchange: refused, unresolved and unconnected prove that nothing was sent.

    ``sent`` false: the caller knows that nothing was.
    """
    causes = list(_causes(trouble))
    if isinstance(trouble, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return PermanentError("network.bad_url", hint=_BAD_URL, detail=type(trouble).__name__)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return TransientError("network.certificate", hint=_CERTIFICATE, detail=type(trouble).__name__, retry_after=60.0)
    if (
        not sent
        or isinstance(trouble, requests.ConnectTimeout)
        or any(isinstance(cause, _NEVER_SENT) for cause in causes)
    ):
        return TransientError("network.no_connection", hint=_NO_CONNECTION, detail=_names(causes))
    if isinstance(trouble, requests.Timeout | TimeoutError):
        return TransientError("network.timeout", hint=_CUT, detail=_names(causes), maybe_done=True)
    return TransientError("network.cut", hint=_CUT, detail=_names(causes), maybe_done=True)


def _bounded(response: requests.Response, deadline: float) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_content(65536):
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("answer too large")
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("answer too slow")
        yield chunk


def _causes(trouble: BaseException) -> Iterator[BaseException]:
    """The exception and everything it wraps: by cause, by context, as ``reason`` or as an argument."""
    queue, seen = [trouble], set[int]()
    while queue and len(seen) < 20:
        current = queue.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        queue.extend(item for item in wrapped if isinstance(item, BaseException))


def _names(causes: list[BaseException]) -> str:
    """The kinds of the exceptions: their texts hold URLs and therefore secrets."""
    return " < ".join(dict.fromkeys(type(cause).__name__ for cause in causes[:6]))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _leave(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication that adds nothing; without it ``requests`` would read ``.netrc``."""
    return request


_NOT_JSON = Text(
    "These parameters are not plain JSON; correct the mapping that makes them.",
    "Эти параметры нельзя записать в JSON; исправьте правило, которое их создаёт.",
)
_BAD_URL = Text(
    "The address of the portal is not a URL; correct portals.<name>.url in connector.yaml.",
    "Адрес портала не является URL; исправьте portals.<имя>.url в connector.yaml.",
)
_CERTIFICATE = Text(
    "The portal's TLS certificate is not trusted here; install its certificate authority on this machine.",
    "Сертификат TLS портала здесь не принят; установите корневой сертификат его центра на эту машину.",
)
_NO_CONNECTION = Text(
    "The portal cannot be reached; check its address, DNS and the network. Nothing was sent, it will be tried again.",
    "До портала не дозвониться; проверьте адрес, DNS и сеть. Ничего не отправлено, попытка повторится.",
)
_CUT = Text(
    "The connection broke before the answer came; what took place is looked up before it is repeated.",
    "Связь оборвалась до ответа; перед повтором проверяется, что уже выполнено.",
)
