"""Twilio's signature over the exact public address and the fields (facts/providers.md §3.8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.formbody import pairs
from connector.providers.twilio.settings import TwilioSettings
from connector.speech import Text

_ALGORITHMS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_PORTS = {"https": 443, "http": 80}

_UNSIGNED = Text(
    "The request has no X-Twilio-Signature; only Twilio may post here.",
    "В запросе нет X-Twilio-Signature; сюда пишет только Twilio.",
)
_MISMATCH = Text(
    "The signature does not match: url of the account must be the very address that Twilio has, auth_token its own.",
    "Подпись не подходит: в url аккаунта должен быть тот же адрес, что задан в Twilio, а в auth_token — его токен.",
)
_ALGORITHM = Text(
    "The webhook is signed with a shared key: put its secret into signing_key of the account.",
    "Вебхук подписан общим ключом: впишите его секрет в signing_key аккаунта.",
)


def verify(request: Request, settings: TwilioSettings) -> None:
    """Raises ``Refused``: 401 without the right signature, 400 or 415 for a body that cannot be signed."""
    offered = request.header("x-twilio-signature")
    if not offered:
        raise _refused("twilio.unsigned", _UNSIGNED)
    name = algorithm(request.header("x-twilio-webhooks-signature-settings"))
    key = settings.auth_token if name == "HMAC_SHA1" else settings.signing_key
    if name not in _ALGORITHMS or key is None:
        raise _refused("twilio.algorithm", _ALGORITHM)
    fields = _fields(request)
    expected = [sign(url, fields, key.get_secret_value(), name) for url in addresses(request, settings)]
    given = offered.encode("utf-8", "surrogateescape")
    # Both are compared, so the time taken does not tell which one came close.
    if not sum(hmac.compare_digest(each.encode(), given) for each in expected):
        raise _refused("twilio.signature", _MISMATCH)


def sign(url: str, fields: Iterable[tuple[str, str]], key: str, name: str = "HMAC_SHA1") -> str:
    """Base64 of the HMAC over the address and, sorted, each name with each of its different values."""
    text = url + "".join(f"{field}{value}" for field, value in sorted(set(fields)))
    made = hmac.new(key.encode(), text.encode("utf-8", "surrogatepass"), _ALGORITHMS[name])
    return base64.b64encode(made.digest()).decode()


def algorithm(header: str) -> str:
    """The algorithm that ``key=…,algorithm=HMAC_SHA256`` names; without one the old HMAC-SHA1."""
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def addresses(request: Request, settings: TwilioSettings) -> Sequence[str]:
    """The address that Twilio asked, with and without its port: Twilio signs now one, now the other."""
    asked = urlsplit(settings.url + (f"?{request.query}" if request.query else ""))
    host = asked.netloc.rpartition(":")[0] if asked.port else asked.netloc
    ports = (f"{host}:{asked.port or _PORTS[asked.scheme]}", host)
    # urlunsplit would drop a "?" that nothing follows; Twilio's own library does so too.
    return [urlunsplit(asked._replace(netloc=netloc)) for netloc in ports]


def _fields(request: Request) -> Sequence[tuple[str, str]]:
    """What is signed besides the address: nothing of GET, the fields of a form; other bodies only by their hash."""
    if request.method.upper() == "GET":
        if request.body:
            raise _refused("twilio.body", _MISMATCH)
        return ()
    told = parse_qs(request.query).get("bodySHA256", [""])[0]
    if request.header("content-type").partition(";")[0].strip().lower() != "application/json":
        return pairs(request)
    made = hashlib.sha256(request.body).hexdigest()
    if not hmac.compare_digest(made.encode(), told.lower().encode("utf-8", "surrogateescape")):
        raise _refused("twilio.body", _MISMATCH)
    return ()


def _refused(cause: str, hint: Text) -> Refused:
    return Refused(cause, hint=hint, status=401)
