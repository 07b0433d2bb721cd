"""The public address as this machine sees it: the certificate, and our own voice behind it.

What the outside sees is proven by a test event (``arrival``); behind NAT a machine may not reach its own address.
A self-signed certificate is not accepted by Bitrix24 (facts/bitrix24-platform.md §4.9, §5.2).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connector.domain.provider import Finding
from connector.settings.checks import loopback
from connector.speech import Text

SECONDS = 5.0
UNTOLD = "X-Proxy-Untold"  # header of ``/healthz``: a proxy passed the request on, CONNECTOR_PROXIES is not set
SOON = timedelta(days=14)

_CERTIFICATE = Text(
    "The certificate of {host} is good for {days} more days", "Сертификат {host} действителен ещё {days} дн."
)
_SOON_HINT = Text(
    "Renew it and see that the renewal is automatic (certbot renew): without it Bitrix24 and messengers fall silent.",
    "Обновите его и проверьте автоматическое обновление (certbot renew): без него Битрикс24 и мессенджеры замолчат.",
)
_TRUST = Text("The certificate of {host} is trusted", "Сертификату {host} доверяют")
_TRUST_HINT = Text(
    "{why}. Bitrix24 and messengers refuse it as well: install a certificate of a public authority with its whole "
    "chain (fullchain.pem).",
    "{why}. Битрикс24 и мессенджеры его тоже не примут: поставьте сертификат публичного центра вместе со всей цепочкой "
    "(fullchain.pem).",
)
_REACHED = Text("{host} can be reached from this machine", "{host} доступен с этой машины")
_REACHED_HINT = Text(
    "{why}. Behind NAT that may be so; whether Bitrix24 reaches us is told by the test event of `connector check "
    "--portal`.",
    "{why}. За NAT такое бывает; доходит ли до нас Битрикс24, покажет пробное событие `connector check --portal`.",
)
_ANSWERS = Text("Our web process answers at {url}", "Наш веб-процесс отвечает по адресу {url}")
_STRANGER_HINT = Text(
    "Something else answered ({what}): start `connector web` and let the proxy pass everything on to it unchanged.",
    "Ответило что-то другое ({what}): запустите `connector web`, прокси должен передавать ему всё без изменений.",
)
_PROXY = Text("A proxy stands before our web process", "Перед нашим веб-процессом стоит прокси")
_PROXY_HINT = Text(
    "CONNECTOR_PROXIES is not set, so all visitors share one address and its limits. Set it to the number of proxies "
    "(mostly 1) and restart `connector web`.",
    "CONNECTOR_PROXIES не задан, поэтому у всех посетителей один адрес и общие лимиты. Задайте число прокси (обычно 1) "
    "и перезапустите `connector web`.",
)
_NOBODY_HINT = Text("Nobody listens there: start `connector run`.", "Там никто не слушает: запустите `connector run`.")


def public_findings(url: str, *, now: datetime, authorities: str = "") -> Iterator[Finding]:
    """The certificate and ``/healthz`` of ``url``. Never raises. ``authorities`` is a file of trusted certificates."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    authorities = authorities or DEFAULT_CA_BUNDLE_PATH
    if parts.scheme == "https":
        finding = _certificate(host, parts.port or 443, now, authorities)
        yield finding
        if finding.state == "bad" or finding.code == "public.reach":
            return
    yield from _voice(url, host, authorities)


def _certificate(host: str, port: int, now: datetime, authorities: str) -> Finding:
    context = ssl.create_default_context(cafile=authorities)
    try:
        with (
            socket.create_connection((host, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return _untrusted(host, error.verify_message or "verification failed")
    except ssl.SSLError as error:
        return _untrusted(host, error.reason or "TLS failed")
    except OSError as error:
        why = f"{type(error).__name__}: {error.strerror or 'no answer'}"
        return Finding(_REACHED.with_(host=host), "warn", _REACHED_HINT.with_(why=why), "public.reach")
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    what = _CERTIFICATE.with_(host=host, days=(ends - now).days)
    if ends - now < SOON:
        return Finding(what, "warn", _SOON_HINT, "public.tls", "certbot renew")
    return Finding(what, "ok", code="public.tls")


def _untrusted(host: str, why: str) -> Finding:
    return Finding(_TRUST.with_(host=host), "bad", _TRUST_HINT.with_(why=why[:200]), "public.tls")


def _voice(url: str, host: str, authorities: str) -> Iterator[Finding]:
    """``/healthz`` says ``{"status": "ok"}``; a redirect is no answer, because posts would be lost in it."""
    what = _ANSWERS.with_(url=url)
    session = requests.Session()
    session.trust_env = False
    try:
        address = f"{url.rstrip('/')}/healthz"
        answer = session.get(address, timeout=SECONDS, allow_redirects=False, verify=authorities)
        ours = answer.status_code == 200 and answer.json() == {"status": "ok"}
    except requests.JSONDecodeError:
        yield Finding(what, "bad", _STRANGER_HINT.with_(what="no JSON"), "public.health", "connector run")
        return
    except requests.RequestException as error:
        if loopback(host):
            yield Finding(what, "bad", _NOBODY_HINT, "public.health", "connector run")
        else:
            yield Finding(what, "warn", _REACHED_HINT.with_(why=type(error).__name__), "public.health")
        return
    finally:
        session.close()
    if not ours:
        hint = _STRANGER_HINT.with_(what=f"HTTP {answer.status_code}")
        yield Finding(what, "bad", hint, "public.health", "connector run")
        return
    yield Finding(what, "ok", code="public.health")
    if UNTOLD in answer.headers:
        yield Finding(_PROXY, "warn", _PROXY_HINT, "public.proxies")
