"""What no single field can know: names, addresses, and who refers to whom."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel

from connector.settings.mistakes import MASK, Path, Report, did_you_mean
from connector.speech import Text

NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")

_ADDRESS = Text("an address like https://acme.bitrix24.ru", "адрес вида https://acme.bitrix24.ru")
_HTTPS = Text("https:// (http:// only for this computer)", "https:// (http:// только для этого же компьютера)")
_HTTPS_HINT = Text("secrets travel over this address: use https", "по этому адресу идут секреты: нужен https")
_WEBHOOK = Text("https://<portal>/rest/<user>/<code>/", "https://<портал>/rest/<пользователь>/<код>/")


def expect_mapping(values: Mapping[str, Any], key: str, report: Report) -> dict[str, Any]:
    """``values[key]`` when it is a mapping; nothing, with a mistake noted once, when it is something else."""
    found = values.get(key)
    if isinstance(found, dict):
        return found
    if found is not None and not report.told((key,)):
        hint = Text("indent its entries below it", "запишите его содержимое ниже с отступом")
        report.add((key,), Text("a mapping (name: …)", "отображение (имя: …)"), hint, value=found)
    return {}


def check_name(name: str, path: Path, report: Report) -> None:
    """Names are part of addresses and of ids in the portal, so they are short and plain."""
    if NAME.fullmatch(name):
        return
    report.add(
        path,
        Text(
            "a name of small Latin letters, digits, - and _, 31 at most, beginning with a letter",
            "имя из строчных латинских букв, цифр, - и _, не длиннее 31, с буквы",
        ),
        Text("rename it; never rename it again once it has talked", "переименуйте; после начала работы имя не меняют"),
        found=name[:60] if name.isprintable() else "…",
    )


def loopback(host: str) -> bool:
    """Whether ``host`` is this computer by name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split(url: str) -> SplitResult | None:
    """The parts of an http(s) address with a host and a sound port and no user in it, else ``None``."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    clean = "@" not in parts.netloc and url.isprintable() and not any(character.isspace() for character in url)
    return parts if sound and clean else None


def wrong_address(url: str) -> tuple[Text, Text] | None:
    """``(expected, hint)`` when ``url`` cannot be used, ``None`` when it can."""
    parts = split(url)
    if parts is None and "@" in url:
        return _ADDRESS, Text("take the user and the password out of it", "уберите из него имя и пароль")
    if parts is None:
        return _ADDRESS, Text("write the whole address with https://", "запишите адрес целиком, начиная с https://")
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        return _HTTPS, _HTTPS_HINT
    return None


def _check_address(url: str, path: Path, report: Report) -> SplitResult | None:
    if report.told(path):
        return None
    wrong = wrong_address(url)
    if wrong is None:
        return split(url)
    report.add(path, *wrong, value=url)
    return None


def check_portal(given: Any, path: Path, report: Report) -> None:
    """Checks the addresses and the credentials of a portal as they are written."""
    if not isinstance(given, dict):
        return
    url, auth_url, webhook = (given.get(key) for key in ("url", "auth_url", "webhook"))
    parts = _check_address(url, (*path, "url"), report) if isinstance(url, str) else None
    if parts is not None and (parts.path.strip("/") or parts.query or parts.fragment):
        hint = Text(
            "leave only the host; an incoming webhook's address belongs under webhook:",
            "оставьте только хост; адрес входящего вебхука пишется в webhook:",
        )
        report.add((*path, "url"), _ADDRESS, hint, value=url)
    if isinstance(auth_url, str) and auth_url:
        _check_address(auth_url, (*path, "auth_url"), report)
    if isinstance(webhook, str):
        _check_webhook(webhook, parts, (*path, "webhook"), report)
    if given.get("app") is None and webhook is None:
        report.add(
            path,
            Text("app: (an OAuth application) or webhook:", "app: (OAuth-приложение) или webhook:"),
            Text(
                "add app: {client_id, client_secret}; a webhook alone cannot carry Open Lines chats",
                "добавьте app: {client_id, client_secret}; один вебхук не умеет открытые линии",
            ),
            found="",
        )


def host_only(url: str) -> str:
    """Scheme and host of a checked address, in small letters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _check_webhook(url: str, portal: SplitResult | None, path: Path, report: Report) -> None:
    if report.told(path):
        return
    parts = split(url)
    copy = Text("copy it from the portal: Developer resources", "скопируйте его в портале: «Разработчикам»")
    if parts is None or not re.fullmatch(r"/rest/\d+/[^/]+/?", parts.path):
        report.add(path, _WEBHOOK, copy, found=MASK)
    elif wrong_address(url) is not None:
        report.add(path, _HTTPS, _HTTPS_HINT, found=MASK)
    elif portal is not None and parts.netloc.lower() != portal.netloc.lower():
        expected = Text(f"a webhook of {portal.netloc}", f"вебхук портала {portal.netloc}")
        report.add(path, expected, copy, found=f"{parts.netloc}/{MASK}")


def check_twins(portals: Mapping[str, tuple[str, str]], report: Report) -> None:
    """One application of one Bitrix24 is one portal here: its tokens are kept once. ``portals``: url and client_id."""
    first: dict[tuple[str, str], str] = {}
    for name, what in portals.items():
        other = first.setdefault(what, name)
        if other != name:
            report.add(
                ("portals", name, "url"),
                Text(
                    "another address or another application than any other portal's",
                    "адрес или приложение, которых нет у других порталов",
                ),
                Text(f'it is the portal "{other}" already', f"это уже портал «{other}»"),
                value=what[0],
            )


def expect_provider(
    given: Any, path: Path, report: Report, models: Mapping[str, type[BaseModel]]
) -> type[BaseModel] | None:
    """The settings model of the account's provider, or ``None`` with the mistake noted."""
    if not isinstance(given, dict):
        hint = Text(
            "write provider:, portal: and the provider's keys", "запишите provider:, portal: и ключи провайдера"
        )
        report.add(path, Text("a mapping (key: value)", "отображение (ключ: значение)"), hint, value=given)
        return None
    slug = given.get("provider")
    if isinstance(slug, str) and slug in models:
        return models[slug]
    place = (*path, "provider")
    if not report.told(place):
        expected = Text("the name of a provider", "имя провайдера")
        report.add(place, expected, did_you_mean(str(slug or ""), models), value=slug)
    return None


def check_channel(
    accounts: Mapping[str, Any], portals: Mapping[str, Any], talking: Collection[str], report: Report
) -> None:
    """Open lines take an application: a webhook alone would carry no message (facts/bitrix24-openlines.md §0.1)."""
    for name, account in accounts.items():
        portal = portals.get(account.portal)
        if portal is None or portal.app is not None or account.provider not in talking:
            continue
        report.add(
            ("accounts", name, "portal"),
            Text(
                "a portal with app: (an OAuth application), because this provider carries messages",
                "портал с app: (OAuth-приложением): этот провайдер передаёт сообщения",
            ),
            Text(
                f"a webhook cannot use open lines: add app: to portals.{account.portal} (docs/setup.md, step 4), or "
                "take the account out",
                f"вебхуку открытые линии недоступны: добавьте app: в portals.{account.portal} (docs/setup.md, шаг 4) "
                "или уберите аккаунт",
            ),
            found=f"{account.portal} (webhook)",
        )


def _check_portal_name(given: Mapping[str, Any], path: Path, report: Report, portals: Collection[str]) -> None:
    portal = given.get("portal")
    if isinstance(portal, str) and portal not in portals and not report.told((*path, "portal")):
        expected = Text("a portal of this file", "портал из этого файла")
        report.add((*path, "portal"), expected, did_you_mean(portal, portals), value=portal)


def check_source(
    given: Mapping[str, Any], path: Path, report: Report, portals: Collection[str], accounts: Collection[str]
) -> None:
    """The source's portal exists, its name is no account's and its times can be told."""
    _check_portal_name(given, path, report, portals)
    if path[-1] in accounts:
        hint = Text(
            "rename the source: both share the address /hooks/<name>", "переименуйте источник: адрес /hooks/<имя> общий"
        )
        report.add(path, Text("a name that no account has", "имя, которого нет у аккаунтов"), hint, found=str(path[-1]))
    if given.get("every") is not None and given.get("cron"):
        expected = Text("every: or cron:, not both", "every: или cron:, что-то одно")
        report.add((*path, "cron"), expected, Text("delete one of them", "удалите одно из них"), value=given["cron"])


def check_account(given: Mapping[str, Any], path: Path, report: Report, portals: Collection[str]) -> None:
    """The account's portal exists, its line is a line's number and its address is safe."""
    line, url = given.get("line"), given.get("api_url")
    _check_portal_name(given, path, report, portals)
    wrong_line = isinstance(line, bool) or (isinstance(line, int) and line < 1)
    if wrong_line and not report.told((*path, "line")):
        hint = Text(
            "look at the number of the line in the portal: Contact Center",
            "посмотрите номер линии в портале: «Контакт-центр»",
        )
        report.add((*path, "line"), Text("the number of an open line", "номер открытой линии"), hint, value=line)
    if isinstance(url, str) and url:
        _check_address(url, (*path, "api_url"), report)
