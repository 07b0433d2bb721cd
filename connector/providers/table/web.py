"""One file behind a web address, which is not sent again while the server says that it is the same."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urljoin, urlsplit

import requests

from connector.domain.ports import Clock
from connector.domain.provider import Http
from connector.errors import PermanentError, TransientError
from connector.providers.table.listing import Changed, Found, Listing
from connector.providers.table.settings import TableSettings
from connector.providers.transport import TIMEOUT, retry_after
from connector.speech import Text

_CHUNK, _HOPS = 1 << 18, 5
_MARKS = (("etag:", "ETag", "If-None-Match"), ("time:", "Last-Modified", "If-Modified-Since"))
_FOLLOWED = (301, 302, 303, 307, 308)
_LATER = (408, 425, 429)

_LOGIN = Text(
    "The web server does not let us in ({status}): check `username` and `password`, or `token`",
    "Веб-сервер не пускает ({status}): проверьте `username` и `password` или `token`",
)
_NOT_THERE = Text(
    "There is no file at the address ({status}): correct `location`",
    "По адресу нет файла ({status}): исправьте `location`",
)
_ODD = Text(
    "The web server answered {status}: look at its log and at `location`",
    "Веб-сервер ответил {status}: посмотрите его журнал и проверьте `location`",
)
_AWAY = Text(
    "The web server cannot give the file just now; it is tried again. If it lasts, look at address, certificate and "
    "firewall",
    "Веб-сервер сейчас не отдаёт файл; попытка повторится. Если не проходит, проверьте адрес, сертификат и файрвол",
)
_LEADS_AWAY = Text(
    "The address leads to another one that is not taken (no HTTPS, or it leads on and on): let `location` be the "
    "address of the file itself",
    "Адрес ведёт на другой, по которому мы не идём (без HTTPS или по кругу): укажите в `location` адрес самого файла",
)
_TOO_LARGE = Text(
    "{name} is larger than {limit} MiB: raise `largest`, or have smaller files made",
    "{name} больше {limit} МиБ: увеличьте `largest` или разбейте файл на части",
)


class Web:
    """A storage of one file. ``folder`` is for what has to be read to be known: a file without ETag and date."""

    def __init__(self, settings: TableSettings, http: Http, folder: Path, clock: Clock) -> None:
        self._settings, self._http, self._folder, self._clock = settings, http, folder, clock
        address = urlsplit(settings.location)
        self._name = unquote(posixpath.basename(address.path)).replace("\\", "_") or address.hostname or "file"

    def look(self, seen: Mapping[str, str]) -> Listing:
        """The file, as the server knows it; asked so that nothing comes when it is the one that was seen."""
        known = seen.get(self._name, "")
        with self._asked(known) as answer:
            if answer.status_code == requests.codes.not_modified:
                return Listing(files=(Found(name=self._name, path=self._settings.location, tag=known),))
            found = self._found(answer)
        return Listing(files=(found,), names=frozenset({self._name}))

    def find(self, name: str) -> Found | None:
        """The file as it is now; it has one name only."""
        return self.look({}).files[0] if name == self._name else None

    def bring(self, found: Found, target: Path) -> None:
        """Download it. A body that is cut raises ``TransientError``: its length was told before."""
        with self._asked("") as answer:
            tag, digest = _tag(answer), self._saved(answer, target)
        if (tag or digest) != found.tag:
            raise Changed

    def close(self) -> None:
        """Nothing is held."""

    def _found(self, answer: requests.Response) -> Found:
        tag = _tag(answer)
        if not tag:
            target = self._folder / "unnamed.download"
            tag = self._saved(answer, target)
            target.unlink(missing_ok=True)
        size = answer.headers.get("Content-Length", "")
        return Found(name=self._name, path=self._settings.location, size=int(size) if size.isdecimal() else 0, tag=tag)

    def _saved(self, answer: requests.Response, target: Path) -> str:
        """The digest of what came. Raises as :meth:`bring`, ``PermanentError`` when it is too much."""
        digest, left = hashlib.sha256(), self._settings.largest << 20
        try:
            with target.open("wb") as copy:
                for chunk in answer.iter_content(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        hint = _TOO_LARGE.with_(name=self._name, limit=self._settings.largest)
                        raise PermanentError("table.too_large", hint=hint)
                    digest.update(chunk)
                    copy.write(chunk)
        except requests.RequestException as error:
            _away(error)
        return f"sha256:{digest.hexdigest()}"

    @contextmanager
    def _asked(self, known: str) -> Iterator[requests.Response]:
        headers = {"Accept-Encoding": "identity"}
        headers |= {asks: known[len(mark) :] for mark, _, asks in _MARKS if known.startswith(mark)}
        url, home = self._settings.location, urlsplit(self._settings.location)
        for _ in range(_HOPS):
            ours = (urlsplit(url).scheme, urlsplit(url).netloc) == (home.scheme, home.netloc)
            answer = self._sent(url, headers, ours=ours)
            if answer.status_code not in _FOLLOWED:
                break
            url = urljoin(url, answer.headers.get("Location", ""))
            answer.close()
            if urlsplit(url).scheme != "https" and urlsplit(url).netloc != home.netloc:
                raise PermanentError("table.leads_away", hint=_LEADS_AWAY)
        else:
            raise PermanentError("table.leads_away", hint=_LEADS_AWAY)
        with answer:
            if answer.status_code not in (requests.codes.ok, requests.codes.not_modified):
                raise self._refusal(answer)
            yield answer

    def _sent(self, url: str, headers: Mapping[str, str], *, ours: bool) -> requests.Response:
        """Who we are is told to the server of the settings only."""
        options: dict[str, Any] = {"headers": {**headers, **(self._bearer() if ours else {})}}
        settings = self._settings
        if ours and settings.password and not settings.token:
            options["auth"] = (settings.username.encode(), settings.password.get_secret_value().encode())
        ask: Callable[..., requests.Response] = self._http.request
        try:
            return ask("GET", url, timeout=TIMEOUT, allow_redirects=False, stream=True, **options)
        except requests.RequestException as error:
            _away(error)

    def _bearer(self) -> dict[str, str]:
        token = self._settings.token
        return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}

    def _refusal(self, answer: requests.Response) -> Exception:
        status = answer.status_code
        if status in (401, 403):
            return PermanentError("table.login", hint=_LOGIN.with_(status=status))
        if status in (404, 410):
            return PermanentError("table.not_there", hint=_NOT_THERE.with_(status=status))
        if status in _LATER or status >= 500:
            wait = retry_after(answer.headers.get("Retry-After", ""), self._clock)
            return TransientError("table.away", hint=_AWAY, detail=str(status), retry_after=wait)
        return PermanentError("table.refused", hint=_ODD.with_(status=status))


def _tag(answer: requests.Response) -> str:
    return next((mark + value for mark, name, _ in _MARKS if (value := answer.headers.get(name, "").strip())), "")


def _away(error: requests.RequestException) -> NoReturn:
    if isinstance(error, ValueError):  # an address that cannot be parsed
        raise PermanentError("table.refused", hint=_ODD.with_(status="-"), detail=type(error).__name__) from None
    raise TransientError("table.away", hint=_AWAY, detail=type(error).__name__) from None
