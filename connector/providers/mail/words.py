"""What a person reads when a mailbox cannot be read, and by which words of the servers that is known."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from types import MappingProxyType

from connector.speech import Text

UNREACHABLE = Text(
    "The mail server cannot be reached at {place} ({why}). Check host, port and security of imap, and the firewall; it "
    "is tried again",
    "Почтовый сервер {place} недоступен ({why}). Проверьте host, port и security в imap и межсетевой экран; попытка "
    "повторится",
)
WHY: Mapping[type[OSError], Text] = MappingProxyType(
    {
        socket.gaierror: Text("no such name", "имя не найдено"),
        ConnectionRefusedError: Text("nobody listens there", "там никто не слушает"),
        TimeoutError: Text("no answer in time", "нет ответа вовремя"),
    }
)
LOST = Text(
    "The connection to the mail server was lost; it is made again",
    "Соединение с почтовым сервером потеряно; оно будет установлено снова",
)
NO_IMAP = Text(
    "At {place} somebody answers who does not speak IMAP so (TLS on a plain port, or the other way round?). Correct "
    "port and security of imap: 993 with tls, 143 with starttls",
    "По адресу {place} отвечает не IMAP (TLS на обычном порту или наоборот?). Исправьте port и security в imap: 993 с "
    "tls или 143 со starttls",
)
NO_STARTTLS = Text(
    "The mail server {place} offers no STARTTLS, and the password is not sent over an open line. Use security: tls",
    "Почтовый сервер {place} не предлагает STARTTLS, а пароль открытым текстом не отправляется. Укажите security: tls",
)
CERTIFICATE = Text(
    "The certificate of the mail server {place} cannot be believed. As host write the name that stands in it; if it is "
    "of an authority of your own, name its file in `ca` of imap. Verification is never skipped",
    "Сертификат почтового сервера {place} не проходит проверку. В host укажите имя из сертификата; если центр "
    "сертификации свой, укажите его файл в `ca` у imap. Проверка никогда не отключается",
)
BUSY = Text(
    "The mail server lets nobody in for now ({said}); it is tried again",
    "Почтовый сервер сейчас никого не пускает ({said}); попытка повторится",
)
REFUSED = Text(
    "The mail server refused what it was asked for ({said}); it is tried again",
    "Почтовый сервер отказался выполнить запрос ({said}); попытка повторится",
)
LOGIN = Text(
    "The mail server {host} did not let {user} in. {advice}",
    "Почтовый сервер {host} не пустил {user}. {advice}",
)
NO_FOLDER = Text(
    "The mailbox has no folder {folder}. Write in `folders` of imap names that it has: {known}",
    "В ящике нет папки {folder}. Укажите в `folders` у imap те, что есть: {known}",
)

_ANY = Text(
    "Check user and password of imap. Many servers want an app password, made in the mailbox's own settings, or OAuth "
    "(`oauth`), and that IMAP is allowed there",
    "Проверьте user и password в imap. Многим серверам нужен пароль приложения, созданный в настройках ящика, или "
    "OAuth (`oauth`); доступ по IMAP там тоже должен быть разрешён",
)
_YANDEX = Text(
    "In Yandex Mail → All settings → Email clients allow access from imap.yandex.ru with app passwords, make one at "
    "id.yandex.ru → Security → App passwords (kind: Mail), and write it as `password`",
    "В Яндекс Почте: Все настройки → Почтовые программы — разрешите доступ с сервера imap.yandex.ru с паролями "
    "приложений; создайте пароль на id.yandex.ru → Безопасность → Пароли приложений (тип «Почта») и впишите в "
    "`password`",
)
_MAILRU = Text(
    "In account.mail.ru → Security → Passwords for external applications make a password with full access to mail, and "
    "write it as `password`: the password of the mailbox itself does not work",
    "На account.mail.ru: Безопасность → Пароли для внешних приложений — создайте пароль с полным доступом к почте и "
    "впишите в `password`: пароль от самого ящика не подходит",
)
_GOOGLE = Text(
    "At myaccount.google.com/apppasswords make an app password (two-step verification must be on) and write it as "
    "`password`, or give `oauth`: the password of the mailbox itself does not work",
    "На myaccount.google.com/apppasswords создайте пароль приложения (нужна двухэтапная аутентификация) и впишите в "
    "`password` или укажите `oauth`: пароль от самого ящика не подходит",
)
_MICROSOFT = Text(
    "Microsoft takes no passwords for IMAP: give `oauth` of an application with IMAP.AccessAsUser.All (and "
    "offline_access), and see that IMAP is switched on for the mailbox",
    "Microsoft не принимает пароли по IMAP: укажите `oauth` приложения с правом IMAP.AccessAsUser.All (и "
    "offline_access) и проверьте, что для ящика включён IMAP",
)
_OAUTH = Text(
    "The token of `oauth` was not taken: check scope and user, and get a new refresh_token with consent to read mail",
    "Токен из `oauth` не принят: проверьте scope и user и получите новый refresh_token с согласием на чтение почты",
)
_ADVICE: tuple[tuple[str, Text], ...] = (
    (r"yandex\.(ru|com|by|kz|ua|com\.tr)$|(^|\.)ya\.ru$", _YANDEX),
    (r"(^|\.)(mail|vk|bk|inbox|list|internet)\.ru$", _MAILRU),
    (r"(^|\.)(gmail|googlemail|google)\.com$", _GOOGLE),
    (r"(^|\.)(office365|outlook|hotmail|live)\.com$|(^|\.)office\.com$", _MICROSOFT),
)

# RFC 5530 codes and what the large houses say instead of them; anything else is a refusal for good.
_FOR_NOW = re.compile(
    r"(?i)\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN-TEMP)\]|too many|simultaneous|try (again|later)|temporar|"
    r"rate limit|throttl|server busy|timeout"
)


def advice(host: str, *, oauth: bool) -> Text:
    """What to do when the server ``host`` does not let us in."""
    if oauth:
        return _OAUTH
    return next((text for pattern, text in _ADVICE if re.search(pattern, host.lower())), _ANY)


def for_now(said: str) -> bool:
    """Whether a refusal of the login will pass by itself."""
    return _FOR_NOW.search(said) is not None
