"""How each step of the way is judged: green by proof alone, else what to do now."""

from __future__ import annotations

from typing import Literal, NamedTuple

from connector.checkup.facts import PLACEHOLDER, Facts
from connector.domain.provider import Finding
from connector.portal.phrases import STATE_HINTS, WEBHOOK_HINT
from connector.speech import Text


class Verdict(NamedTuple):
    """``wait``: nothing is wrong, it has only not happened yet."""

    state: Literal["ok", "bad", "wait"]
    told: Text
    mend: str = ""


_LOOKING = Text("Looking…", "Проверяю…")
_REACHED = Text("{url} is reachable.", "{url} доступен.")
_HTTPS = Text(
    "{url} is not https. Set CONNECTOR_PUBLIC_URL to the https:// address by which the internet reaches this machine.",
    "{url} — не https. Задайте в CONNECTOR_PUBLIC_URL адрес https://, по которому эту машину видно из интернета.",
)
_MAKE_CARD = Text(
    "Make a local application in {url} with these values, save it, and open it once as an administrator: that installs "
    "it. Green as soon as Bitrix24 comes here.",
    "Создайте в {url} локальное приложение с этими значениями, сохраните и один раз откройте под администратором — оно "
    "установится. Станет зелёным, как только Битрикс24 обратится сюда.",
)
_CARD = Text("Bitrix24 came to the address of the card.", "Битрикс24 обратился по адресу из карточки.")
_NO_KEYS = Text(
    "Copy client_id from the saved card into connector.yaml, and client_secret into B24_CLIENT_SECRET; start again.",
    "Скопируйте client_id из сохранённой карточки в connector.yaml, а client_secret — в B24_CLIENT_SECRET; "
    "перезапустите.",
)
_UNSET = Text("Not set: {names}. Set them and start again.", "Не заданы: {names}. Задайте их и перезапустите.")
_KEYS = Text("{client_id} and its secret are in the settings.", "{client_id} и его секрет есть в настройках.")
_OPEN_APP = Text(
    "Open the application in {url} once, as an administrator: that installs it. Seen here at once.",
    "Один раз откройте приложение в {url} под администратором — оно установится. Здесь это видно сразу.",
)
_INSTALLED = Text(
    "Installed; REST answers and all rights are granted.", "Установлено; REST отвечает, все права выданы."
)
_NO_ACCOUNT = Text(
    "Add an account under accounts: in connector.yaml and start again (docs/providers.md).",
    "Добавьте аккаунт в accounts: в connector.yaml и перезапустите (docs/providers.md).",
)
_CONNECTED = Text("{provider} answers, and delivers here.", "{provider} отвечает и доставляет сюда.")
_HEARD = Text("{provider} has delivered to us.", "{provider} уже доставлял сюда.")
_BY_HAND = Text(
    "Give the address for webhooks to {provider}. Green when the first message comes.",
    "Укажите адрес для вебхуков в «{provider}». Станет зелёным с первым сообщением.",
)
_CHOOSE_LINE = Text(
    "In the Contact Center of Bitrix24 open the tile of {provider} and choose this account, or write line: into "
    "connector.yaml.",
    "В Контакт-центре Битрикс24 откройте плитку «{provider}» и выберите этот аккаунт или запишите line: в "
    "connector.yaml.",
)
_LINE = Text("Open line {line} is connected.", "Открытая линия {line} подключена.")
_SEND_TEST = Text(
    "Send a test message; it travels as a client's would.",
    "Отправьте проверочное сообщение: оно пройдёт путь сообщения клиента.",
)
_TRAVELS = Text("On its way.", "В пути.")
_PARKED = Text("It is parked.", "Оно отложено.")
_ARRIVED = Text(
    "Bitrix24 has it: chat {chat}, session {session}, in {seconds} s.",
    "Битрикс24 принял: чат {chat}, сессия {session}, за {seconds} с.",
)
_MESSAGES_TRAVEL = Text("Messages of clients reach Bitrix24.", "Сообщения клиентов доходят до Битрикс24.")
_WAIT_ANSWER = Text(
    "Answer the test client in Bitrix24. Green when the answer comes back.",
    "Ответьте проверочному клиенту в Битрикс24. Станет зелёным, когда ответ вернётся.",
)
_ANSWERED = Text("An operator's answer came back.", "Ответ оператора вернулся.")


def public(facts: Facts) -> Verdict:
    """https with a certificate that everybody trusts, and our own voice behind it; or events of the portal came."""
    if not facts.public_url.startswith("https://") and not facts.local:
        return Verdict("bad", _HTTPS.with_(url=facts.public_url))
    if wrong := facts.wrong("public."):
        return _bad(wrong)
    doubts = [finding for finding in facts.found("public.") if finding.state == "warn"]
    unreached = [finding for finding in doubts if finding.code not in ("public.tls", "public.proxies")]
    if facts.right("public.health") and not unreached:
        return Verdict("ok", _REACHED.with_(url=facts.public_url))
    if facts.installed:
        return Verdict("ok", _CARD)
    return Verdict("wait", unreached[0].hint or _LOOKING) if unreached else Verdict("wait", _LOOKING)


def card(facts: Facts) -> Verdict:
    """Only a card with the right addresses brings Bitrix24 here."""
    if facts.webhook_only:
        return Verdict("bad", WEBHOOK_HINT)
    if facts.installed or facts.stuck:
        return Verdict("ok", _CARD)
    return Verdict("wait", _MAKE_CARD.with_(url=facts.portal_url), f"connector portal install {facts.portal}")


def keys(facts: Facts) -> Verdict:
    """They are in the settings; whether they fit is told by the installation."""
    if facts.unset:
        return Verdict("bad", _UNSET.with_(names=", ".join(facts.unset)))
    if facts.client_id in ("", PLACEHOLDER):
        return Verdict("bad", _NO_KEYS)
    return Verdict("ok", _KEYS.with_(client_id=facts.client_id))


def installation(facts: Facts) -> Verdict:
    """Arrived, taken, and the portal answers with every right we need."""
    if not facts.installed:
        stuck = facts.stuck
        return Verdict("bad", stuck) if stuck else Verdict("wait", _OPEN_APP.with_(url=facts.portal_url))
    if facts.installed != "active":
        hint = STATE_HINTS.get(facts.installed, Text(facts.reason, facts.reason))
        return Verdict("bad", hint, f"connector portal check {facts.portal}")
    needed = ("portal.rest", "portal.scopes", "portal.install_finish", "portal.handlers", "portal.installed")
    if wrong := facts.wrong(*needed, "portal.unseen"):
        return _bad(wrong)
    if facts.right("portal.rest") and facts.right("portal.scopes"):
        return Verdict("ok", _INSTALLED)
    return Verdict("wait", _LOOKING)


def account(facts: Facts) -> Verdict:
    """The provider answers and knows our address; one that cannot be asked has delivered something."""
    if (lacks := missing(facts)) is not None:
        return lacks
    named = {"provider": facts.provider}
    if wrong := facts.wrong("account."):
        hint = wrong.hint or wrong.what
        return Verdict("bad", hint, wrong.mend or f"connector account connect {facts.account}")
    if facts.found("account.hook"):
        return Verdict("ok", _HEARD.with_(**named)) if facts.heard else Verdict("wait", _BY_HAND.with_(**named))
    if facts.found("account."):
        return Verdict("ok", _CONNECTED.with_(**named))
    return Verdict("wait", _LOOKING)


def missing(facts: Facts) -> Verdict | None:
    """What the settings lack of an account."""
    if not facts.account:
        return Verdict("bad", _NO_ACCOUNT)
    return Verdict("wait", _UNSET.with_(names=", ".join(facts.unset))) if facts.unset else None


def line(facts: Facts) -> Verdict:
    """The portal itself says that the connector is active on the line."""
    if not facts.line:
        return Verdict("wait", _CHOOSE_LINE.with_(provider=facts.provider))
    if wrong := facts.wrong("portal.connectors", "portal.line"):
        return _bad(wrong)
    if facts.right("portal.line"):
        return Verdict("ok", _LINE.with_(line=facts.line))
    return Verdict("wait", _LOOKING)


def test_message(facts: Facts) -> Verdict:
    """A message has travelled: the last test, or that of a client."""
    tried = facts.rehearsal
    if tried is not None and tried.state == "done":
        seconds = f"{tried.seconds or 0.0:.1f}"
        where = {"chat": tried.chat_id, "session": tried.session_id}
        return Verdict("ok", _ARRIVED.with_(**where, seconds=Text(seconds, seconds.replace(".", ","))))
    if tried is not None and tried.state == "parked":
        return Verdict("bad", tried.hint or _PARKED, f"connector journal trace {tried.trace}")
    if tried is not None and tried.state == "waiting":
        return Verdict("wait", tried.hint or _TRAVELS)
    return Verdict("ok", _MESSAGES_TRAVEL) if facts.travelled else Verdict("wait", _SEND_TEST)


def answer(facts: Facts) -> Verdict:
    """What an operator wrote has come back to us."""
    if facts.replied or (facts.rehearsal is not None and facts.rehearsal.answered):
        return Verdict("ok", _ANSWERED)
    return Verdict("wait", _WAIT_ANSWER)


def _bad(finding: Finding) -> Verdict:
    return Verdict("bad", finding.hint or finding.what, finding.mend)
