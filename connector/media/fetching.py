"""Bring a file from where a stranger says it lies, without being led anywhere else."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from email.message import Message
from urllib.parse import unquote, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from connector.domain.provider import Source
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.media.guarding import ForbiddenAddressError, guarded_session, listed
from connector.speech import Text

_CHUNK = 65536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_CHAIN = 3
_PORTS = {"http": 80, "https": 443}

_FORBIDDEN = Text(
    "The file lies at an address that may not be opened from here; if it is your own server, set its api_url",
    "Файл лежит по адресу, который нельзя открывать отсюда; если это ваш сервер, укажите его в api_url",
)
_GONE = Text(
    "The file is no longer there; ask to send it again", "Файла там больше нет; попросите прислать его ещё раз"
)
_DENIED = Text(
    "The sender's server does not give the file; check the account's token",
    "Сервер отправителя не отдаёт файл; проверьте токен аккаунта",
)
_LATER = Text(
    "The sender's server does not answer now; it will be tried again",
    "Сервер отправителя сейчас не отвечает; попробуем ещё раз",
)
_TOO_LARGE = Text(
    "The file is larger than {limit} MiB; raise limits.media or ask for a link instead",
    "Файл больше {limit} МиБ; увеличьте limits.media или попросите прислать ссылку",
)
_PAGE = Text(
    "A web page came instead of the file: its link wants somebody who is signed in. Send the file by hand",
    "Вместо файла пришла веб-страница: ссылка на него требует входа. Отправьте файл вручную",
)
_ODD = Text(
    "The sender's server answered {status}; ask to send the file again",
    "Сервер отправителя ответил {status}; попросите прислать файл ещё раз",
)


def fetch(
    source: Source,
    http: object | None = None,
    *,
    allow_hosts: Collection[str] = (),
    only_hosts: Collection[str] | None = None,
    limit: int,
    timeout: float = 60.0,
) -> tuple[str, str, Iterator[bytes]]:
    """Open ``source``; returns (declared MIME, name, chunks). The chunks must be read to the end or closed.

    Only http and https to public addresses, or to a server of ``allow_hosts`` (``host:port``, or ``host`` for the
    scheme's own port); with ``only_hosts`` the source itself must name one of these. At most three redirects,
    each judged again, with the source's headers only for its own origin. ``timeout`` is the whole time in
    seconds, ``limit`` the bytes after decoding. Of ``http`` only the TLS settings (``verify``) are used.
    Raises ``PermanentError`` or ``TransientError``, also while the chunks are read.
    """
    _judge(source.url, only_hosts)
    session = guarded_session(allow_hosts, verify=getattr(http, "verify", True))
    ends = time.monotonic() + timeout
    try:
        answer = _follow(session, source, ends)
        declared = int(answer.headers.get("content-length") or 0)
        if declared > limit:
            raise _too_large(limit)
    except BaseException:
        session.close()
        raise
    mime = answer.headers.get("content-type", "").partition(";")[0].strip().lower() or source.mime
    name = source.name or _name(answer)
    if mime == "text/html" and source.mime != mime and not name.lower().endswith((".html", ".htm")):
        answer.close()
        session.close()
        raise PermanentError("media.page", hint=_PAGE)
    return mime, name, _chunks(session, answer, limit, ends)


def _follow(session: requests.Session, source: Source, ends: float) -> requests.Response:
    url, headers = source.url, dict(source.headers)
    for _ in range(_LONGEST_CHAIN + 1):
        answer = _ask(session, url, headers, ends)
        if answer.status_code not in _REDIRECTS:
            return _accepted(answer)
        target = urljoin(url, answer.headers.get("location", ""))
        answer.close()
        if _origin(target) != _origin(url):
            headers = {}
        if url.startswith("https:") and not target.startswith("https:"):
            raise PermanentError("media.downgraded", hint=_FORBIDDEN)
        url = target
    raise PermanentError("media.redirected", hint=_FORBIDDEN, detail="more than three redirects")


def _ask(session: requests.Session, url: str, headers: dict[str, str], ends: float) -> requests.Response:
    _judge(url)
    left = _left(ends)
    try:
        return session.request(
            "GET",
            url,
            headers={"Accept-Encoding": "identity", **headers},
            stream=True,
            allow_redirects=False,
            timeout=(min(10.0, left), left),
        )
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise _verdict(error) from None


def _judge(url: str, only_hosts: Collection[str] | None = None) -> None:
    """Refuse what is not a plain web address; where it leads is judged when it is dialled."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise PermanentError("media.forbidden", hint=_FORBIDDEN, detail="not a web address") from None
    default = _PORTS.get(parts.scheme)
    if default is None or not host or port == 0 or parts.username is not None:
        raise PermanentError("media.forbidden", hint=_FORBIDDEN, detail="not an http or https address")
    if only_hosts is not None and not listed(host, port or default, default, {name.lower() for name in only_hosts}):
        raise PermanentError("media.forbidden", hint=_FORBIDDEN, detail="not the server that this file belongs to")


def _accepted(answer: requests.Response) -> requests.Response:
    status = answer.status_code
    if status == 200:
        return answer
    answer.close()
    if status in (404, 410):
        raise PermanentError("media.gone", hint=_GONE)
    if status in (401, 403):
        raise PermanentError("media.denied", hint=_DENIED)
    if status == 429 or status >= 500:
        raise TransientError("media.unavailable", hint=_LATER, detail=f"HTTP {status}")
    raise PermanentError("media.refused", hint=_ODD.with_(status=status))


def _chunks(session: requests.Session, answer: requests.Response, limit: int, ends: float) -> Iterator[bytes]:
    """Chunk by chunk, each as it arrives (``read1``): a server that drips bytes meets the deadline."""
    size = 0
    try:
        while chunk := _read(answer, ends):
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            yield chunk
    finally:
        answer.close()
        session.close()


def _read(answer: requests.Response, ends: float) -> bytes:
    _left(ends)
    try:
        return bytes(answer.raw.read1(_CHUNK, decode_content=True) or b"")
    except (HTTPError, OSError) as error:
        raise _verdict(error) from None


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TransientError("media.slow", hint=_LATER, detail="the whole time is used up")
    return left


def _verdict(error: Exception) -> ConnectorError:
    """Find the guard's own error under whatever the libraries wrapped around it. URLs stay out of the detail."""
    cause: BaseException | None = error
    for _ in range(8):
        if isinstance(cause, ForbiddenAddressError):
            return PermanentError("media.forbidden", hint=_FORBIDDEN)
        reason = getattr(cause, "reason", None)
        args = getattr(cause, "args", ())
        inner = (
            reason
            if isinstance(reason, BaseException)
            else next((a for a in args if isinstance(a, BaseException)), None)
        )
        cause = inner or getattr(cause, "__cause__", None) or getattr(cause, "__context__", None)
        if cause is None:
            break
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return PermanentError("media.forbidden", hint=_FORBIDDEN, detail=type(error).__name__)
    return TransientError("media.unavailable", hint=_LATER, detail=type(error).__name__)


def _too_large(limit: int) -> PermanentError:
    return PermanentError("media.too_large", hint=_TOO_LARGE.with_(limit=limit // 2**20))


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", "", None


def _name(answer: requests.Response) -> str:
    header = Message()
    header["content-disposition"] = answer.headers.get("content-disposition", "")
    return header.get_filename() or unquote(urlsplit(answer.url).path.rsplit("/", 1)[-1])
