"""What a directory server refuses, and what to do then: one table of LDAP result codes (RFC 4511 §4.1.9)."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from types import MappingProxyType

from ldap3.core import exceptions as ldap3

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.speech import Text

Refusal = tuple[type[TransientError] | type[PermanentError], str, Text]

_AWAY = Text(
    "The directory {place} cannot be reached. Check `url` and the firewall; it is tried again",
    "Каталог {place} недоступен. Проверьте `url` и межсетевой экран; попытка повторится",
)
_LOST = Text(
    "The directory {place} did not answer to the end; it is read again",
    "Каталог {place} не ответил до конца; чтение повторится",
)
_CERTIFICATE = Text(
    "The certificate of {place} cannot be believed. In `url` write the name that stands in it; if it is of an "
    "authority of your own, name its file in `ca_file`. Verification is never skipped",
    "Сертификат {place} не проходит проверку. В `url` укажите имя из сертификата; если центр сертификации свой, "
    "укажите его файл в `ca_file`. Проверка никогда не отключается",
)
_CA_FILE = Text(
    "The file in `ca_file` cannot be read as certificates (PEM): check its path and that the connector may read it",
    "Файл из `ca_file` не читается как сертификаты (PEM): проверьте путь и права на чтение",
)
_NO_TLS = Text(
    "The directory {place} does not encrypt by STARTTLS, and a password is not sent over an open line. Write ldaps://",
    "Каталог {place} не умеет STARTTLS, а пароль открытым текстом не отправляется. Напишите ldaps://",
)
_LOGIN = Text(
    "The directory does not let {who} in: check `bind_dn` and `password`",
    "Каталог не пускает {who}: проверьте `bind_dn` и `password`",
)
_CIPHERED = Text(
    "The directory lets nobody in over this connection: write ldaps:// in `url`",
    "По такому соединению каталог никого не пускает: укажите ldaps:// в `url`",
)
_ANONYMOUS = Text(
    "The directory shows nothing to {who}: give `bind_dn` and `password` of a user who may read it",
    "Каталог ничего не показывает {who}: укажите `bind_dn` и `password` пользователя с правом чтения",
)
_RIGHTS = Text(
    "{who} may not read {base}: grant reading there, or correct `base`",
    "{who} не имеет права читать {base}: дайте право чтения или исправьте `base`",
)
_NO_BASE = Text("The directory has no {base}: correct `base`", "В каталоге нет {base}: исправьте `base`")
_SIZE = Text(
    "The directory gives {who} only a part of what is below {base}, so the reading is not complete and counts for "
    "nothing. Raise the limit for {who} (OpenLDAP: olcLimits with size.prtotal=unlimited; 389 Directory Server: "
    "nsSizeLimit, nsLookThroughLimit), or split the source by narrower `base` and `filter`",
    "Каталог отдаёт {who} лишь часть того, что есть под {base}, поэтому чтение неполное и не засчитано. Увеличьте "
    "предел для {who} (OpenLDAP: olcLimits с size.prtotal=unlimited; 389 Directory Server: nsSizeLimit, "
    "nsLookThroughLimit) или разделите источник более узкими `base` и `filter`",
)
_SLOW = Text(
    "The directory ran out of its own time limit; it is read again. If it stays so, raise that limit, or let it index "
    "what `filter` asks for",
    "Каталог не уложился в свой предел времени; чтение повторится. Если не проходит, увеличьте предел или добавьте "
    "индекс по атрибутам из `filter`",
)
_BUSY = Text("The directory is busy; it is read again", "Каталог занят; чтение повторится")
_FILTER = Text(
    "The directory does not understand the filter {asked}: correct `filter`",
    "Каталог не понимает фильтр {asked}: исправьте `filter`",
)
_ELSEWHERE = Text(
    "The part {base} lies on another server: write its address in `url`",
    "Ветвь {base} находится на другом сервере: укажите его адрес в `url`",
)
_UNKNOWN = Text(
    "The directory refused with the code {code}. Look at what it said, then at its own log",
    "Каталог отказал с кодом {code}. Посмотрите его ответ и его журнал",
)
_LOCKED = Text(
    "The user {who} of the directory is disabled, locked or has a password that expired: see to it there",
    "Пользователь каталога {who} отключён, заблокирован или его пароль истёк: исправьте это в каталоге",
)

ANONYMOUS = Text("an anonymous reader", "анонимному читателю")
_CODES: Mapping[int, Refusal] = MappingProxyType(
    {
        1: (PermanentError, "ldap.rights", _ANONYMOUS),  # Active Directory: a search before a bind
        3: (TransientError, "ldap.time_limit", _SLOW),
        4: (PermanentError, "ldap.size_limit", _SIZE),
        8: (PermanentError, "ldap.cipher", _CIPHERED),
        10: (PermanentError, "ldap.referral", _ELSEWHERE),
        11: (PermanentError, "ldap.size_limit", _SIZE),
        13: (PermanentError, "ldap.cipher", _CIPHERED),
        18: (PermanentError, "ldap.filter", _FILTER),
        32: (PermanentError, "ldap.base", _NO_BASE),
        34: (PermanentError, "ldap.base", _NO_BASE),
        48: (PermanentError, "ldap.rights", _ANONYMOUS),
        49: (PermanentError, "ldap.login", _LOGIN),
        50: (PermanentError, "ldap.rights", _RIGHTS),
        51: (TransientError, "ldap.busy", _BUSY),
        52: (TransientError, "ldap.busy", _BUSY),
    }
)
# MS-ERREF: what Active Directory adds to the code 49 about users who would be let in otherwise.
_STATES = re.compile(r"data (530|531|532|533|701|773|775)\b")


def refused(code: int, said: str, *, place: str, who: str, base: str = "", asked: str = "") -> ConnectorError:
    """The error of a result code; ``said`` are the server's own words."""
    kind, cause, hint = _CODES.get(code, (PermanentError, "ldap.refused", _UNKNOWN))
    if code == 49 and _STATES.search(said):
        hint = _LOCKED
    named = who or ANONYMOUS
    told = hint.with_(place=place, who=named, base=base or "…", asked=asked, code=code)
    return kind(cause, hint=told, detail=said[:500])


def failed(error: Exception, place: str, asked: str = "") -> ConnectorError:
    """The error of a connection that could not be made or broke, or of a filter ``asked`` that cannot be read."""
    said = str(error)[:500]
    if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in said:
        return PermanentError("ldap.certificate", hint=_CERTIFICATE.with_(place=place), detail=said)
    if isinstance(error, ldap3.LDAPInvalidFilterError):
        return PermanentError("ldap.filter", hint=_FILTER.with_(asked=asked), detail=said)
    if isinstance(error, ldap3.LDAPStartTLSError):
        return PermanentError("ldap.cipher", hint=_NO_TLS.with_(place=place), detail=said)
    opening = isinstance(error, ldap3.LDAPSocketOpenError)
    hint = (_AWAY if opening else _LOST).with_(place=place)
    return TransientError("ldap.away" if opening else "ldap.lost", hint=hint, detail=said)


def no_authority(path: str, error: Exception) -> PermanentError:
    """``ca_file`` holds no certificates."""
    return PermanentError("ldap.ca_file", hint=_CA_FILE, detail=f"{path}: {error}")
