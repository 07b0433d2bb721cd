"""How a site gets the chat, told by ``connector check``."""

from __future__ import annotations

from connector.domain.provider import Finding, Http
from connector.providers.webchat.settings import WebchatSettings
from connector.speech import Text

_SCRIPT = Text(
    'Put this before </body> of the site: <script async src="{url}/widget.js"></script>',
    'Вставьте на сайт перед </body>: <script async src="{url}/widget.js"></script>',
)
_PAGE = Text("The chat as a page of its own: {url}", "Чат отдельной страницей: {url}")
_SITES = Text("Sites that may show the chat: {sites}", "Сайты, которым можно показывать чат: {sites}")
_NO_SITES = Text("No site may show the chat yet", "Пока ни один сайт не может показывать чат")
_ADD_SITES = Text(
    "Add `origins` to the account in connector.yaml, for instance [https://shop.example].",
    "Добавьте `origins` в аккаунт в connector.yaml, например [https://shop.example].",
)
_ROTATION = Text("Secrets in use: {count}", "Секретов в работе: {count}")
_FINISH = Text(
    "Visitors keep old passes for as long as they like: once the former secret goes, they begin a new conversation.",
    "Старые пропуска живут у посетителей сколько угодно: без прежнего секрета они начнут переписку заново.",
)


def check(settings: WebchatSettings, hook_url: str, http: Http) -> list[Finding]:
    """What to put where. Asks nobody and raises nothing."""
    url = hook_url.replace("/hooks/", "/chat/", 1)
    sites = _SITES.with_(sites=", ".join(settings.origins))
    found = [
        Finding(_SCRIPT.with_(url=url), "ok", code="webchat.script"),
        Finding(_PAGE.with_(url=url), "ok", code="webchat.page"),
        Finding(sites, "ok", code="webchat.origins")
        if settings.origins
        else Finding(_NO_SITES, "warn", _ADD_SITES, "webchat.origins"),
    ]
    if len(settings.secret) > 1:
        found.append(Finding(_ROTATION.with_(count=len(settings.secret)), "warn", _FINISH, "webchat.secrets"))
    return found
