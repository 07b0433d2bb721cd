"""Whether recordings could be fetched now: the folder is there, the server knows us. No recording is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from requests import RequestException

from connector.domain.provider import Finding, Http, Source
from connector.errors import ConnectorError
from connector.recordings.bringing import Place
from connector.recordings.looking import place_of
from connector.recordings.waiting import NotReady
from connector.speech import Text

CODE = "telephony.recordings"
WAIT = 5.0  # seconds for each answer: somebody looks on
_UNDONE = (405, 501)  # HEAD is not known there
_PAGES = ("text/html", "application/xhtml+xml")

Scan = Callable[[Path], AbstractContextManager[Iterator[Any]]]

_FOLDER = Text("The folder of recordings can be read", "Папка записей читается")
_NO_FOLDER = Text(
    "There is no such folder on this machine: mount it, or correct `recordings.url` of the account",
    "Такой папки на этой машине нет: подключите её или исправьте `recordings.url` аккаунта",
)
_NO_LIST = Text(
    "It may not be read: give the user that the connector runs as the right to read it and the folders in it",
    "Прав на чтение нет: дайте пользователю, под которым работает коннектор, право читать её и папки внутри",
)
_BROKEN = Text(
    "It cannot be read ({why}): look at the mount and the disk, then run `connector check` again",
    "Прочесть её не удаётся ({why}): проверьте подключение и диск и повторите `connector check`",
)
_SERVER = Text(
    "The server of recordings lets us in and has the folder", "Сервер записей нас пускает, папка на нём есть"
)
_NOT_THERE = Text(
    "We are let in, but there is no such folder: correct the path in `recordings.url` of the account",
    "Сервер пускает, но такой папки нет: исправьте путь в `recordings.url` аккаунта",
)
_SITE = Text("The web server of recordings answers", "Веб-сервер записей отвечает")
_AWAY = Text(
    "It does not answer: look at address, port, certificate and firewall of `recordings.url`",
    "Не отвечает: проверьте адрес, порт, сертификат в `recordings.url` и файрвол",
)
_LOGIN = Text(
    "It does not let us in ({status}): correct `recordings.username` and `recordings.password`",
    "Не пускает ({status}): исправьте `recordings.username` и `recordings.password`",
)
_FORBIDDEN = Text(
    "It refuses us ({status}): let this user, and the address of the connector, read the recordings there",
    "Отказывает ({status}): разрешите этому пользователю и адресу коннектора читать записи на сервере",
)
_LEADS_AWAY = Text(
    "It sends us elsewhere ({status}): if that is a page to sign in at, recordings will not come. Let `recordings.url` "
    "be the address where the files themselves are",
    "Перенаправляет ({status}): если на страницу входа, записи не придут. Укажите в `recordings.url` адрес, по "
    "которому лежат сами файлы",
)
_A_PAGE = Text(
    "It shows a web page where a file was asked for, so recordings may turn out to be pages. Let `recordings.url` be "
    "the address where the files themselves are",
    "Вместо файла показывает веб-страницу, так что и вместо записей могут прийти страницы. Укажите в `recordings.url` "
    "адрес, по которому лежат сами файлы",
)
_ODD = Text(
    "It answered {status}: look at its log, then run `connector check` again",
    "Ответил {status}: посмотрите его журнал и повторите `connector check`",
)


def probed(place: Place, http: Http, sample: Callable[[], Source], *, scan: Scan = os.scandir) -> Finding:
    """What stands in the way to the recordings of ``place``, in one finding; it takes a few seconds at most.

    ``sample`` tells how a recording that is not there would be asked for, with the headers of a real one: a web server
    may well refuse to show a folder, so the folder is not asked for. ``scan`` begins to list a folder. Raises nothing.
    """
    return _WAYS[urlsplit(place.url).scheme](place, http, sample, scan)


def _folder(place: Place, http: Http, sample: Callable[[], Source], scan: Scan) -> Finding:
    try:
        _, path = place_of(place.url)
        with scan(Path(path)) as entries:
            next(entries, None)
    except (FileNotFoundError, NotADirectoryError):
        return _bad(_FOLDER, _NO_FOLDER)
    except PermissionError:
        return _bad(_FOLDER, _NO_LIST)
    except OSError as error:
        return _bad(
            _FOLDER, _BROKEN.with_(why=type(error).__name__ if error.errno is None else os.strerror(error.errno))
        )
    except ConnectorError as error:
        return _bad(_FOLDER, error.hint)
    return Finding(_FOLDER, "ok", code=CODE)


def _server(place: Place, http: Http, sample: Callable[[], Source], scan: Scan) -> Finding:
    from connector.recordings import sftp  # loads slowly, and few PBXs need it

    try:
        sftp.visited(place, wait=WAIT)
    except NotReady:
        return _bad(_SERVER, _NOT_THERE)
    except ConnectorError as error:
        return _bad(_SERVER, error.hint)
    return Finding(_SERVER, "ok", code=CODE)


def _site(place: Place, http: Http, sample: Callable[[], Source], scan: Scan) -> Finding:
    try:
        status, kind = _answered(http, sample())
    except ConnectorError as error:
        return _bad(_SITE, error.hint)
    except (RequestException, OSError, ValueError):  # the words of these may hold the address
        return _bad(_SITE, _AWAY)
    if status in _REFUSALS:
        return _bad(_SITE, _REFUSALS[status].with_(status=status))
    if status < 300 and kind in _PAGES:
        return Finding(_SITE, "warn", _A_PAGE, CODE)
    if status < 300 or status in (404, 410):
        return Finding(_SITE, "ok", code=CODE)
    return Finding(_SITE, "warn", (_LEADS_AWAY if status < 400 else _ODD).with_(status=status), CODE)


def _answered(http: Http, source: Source) -> tuple[int, str]:
    """(status, type of what is there) for a file that is asked for as a recording would be; nothing is downloaded."""
    answer: Any = None
    for method in ("HEAD", "GET"):
        options = {"timeout": (WAIT, WAIT), "allow_redirects": False, "stream": True}
        answer = http.request(method, source.url, headers=dict(source.headers), **options)
        answer.close()
        if answer.status_code not in _UNDONE:
            break
    return answer.status_code, answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _bad(what: Text, hint: Text) -> Finding:
    return Finding(what, "bad", hint, CODE)


_REFUSALS: Mapping[int, Text] = MappingProxyType({401: _LOGIN, 403: _FORBIDDEN, 407: _FORBIDDEN})
_WAYS: Mapping[str, Callable[[Place, Http, Callable[[], Source], Scan], Finding]] = MappingProxyType(
    {"file": _folder, "sftp": _server, "http": _site, "https": _site}
)
