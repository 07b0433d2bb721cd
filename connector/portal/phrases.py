"""What ``connector check`` says of a portal. Limits have their own: ``limits_check``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from connector.speech import Text

INSTALLED = Text("The application is installed", "Приложение установлено")
NOT_INSTALLED = Text(
    "Install the application in Bitrix24 (its paths are shown by `connector portal install`) and open it once.",
    "Установите приложение в Битрикс24 (адреса покажет `connector portal install`) и откройте его один раз.",
)
STATE = Text("The portal is stopped: {state} ({reason})", "Портал остановлен: {state} ({reason})")
DARK = Text("The portal does not answer: {reason}", "Портал не отвечает: {reason}")
STATE_HINTS: Mapping[str, Text] = MappingProxyType(
    {
        "needs_reauth": Text(
            "Open the application in Bitrix24 as an administrator (a webhook: make a new one); that starts it again.",
            "Откройте приложение в Битрикс24 под администратором (вебхук — создайте новый): работа возобновится.",
        ),
        "uninstalled": Text(
            "Install the application in Bitrix24 again; what was kept comes back with it.",
            "Установите приложение в Битрикс24 заново; всё сохранённое вернётся вместе с ним.",
        ),
        "suspended": Text(
            "Pay for Bitrix24 or its Market subscription, then open the application once; else it is looked at hourly.",
            "Оплатите Битрикс24 или подписку Маркета и один раз откройте приложение; иначе проверка раз в час.",
        ),
        "blocked": Text(
            "Bitrix24 blocked requests after an overload. Nothing is sent for 15 minutes, then one look; if it goes "
            "on, write to Bitrix24 support.",
            "Битрикс24 заблокировал запросы из-за перегрузки. 15 минут ничего не отправляется, затем одна проверка; "
            "если не прошло, напишите в поддержку Битрикс24.",
        ),
        "unreachable": Text(
            "Look whether the address opens from this machine (DNS, TLS, firewall); the portal is tried every minute.",
            "Проверьте, открывается ли адрес с этой машины (DNS, TLS, файрвол); попытка — каждую минуту.",
        ),
    }
)
MEMBER = Text("The portal is known as {member}", "Портал известен как {member}")
MEMBER_HINT = Text(
    "The portal's id (member_id) is not known, so its events cannot be recognised: open the application once.",
    "Идентификатор портала (member_id) неизвестен, его события не узнать: откройте приложение один раз.",
)
TOKEN = Text("The tokens were renewed {age} ago", "Токены обновлены {age} назад")
IDLE = Text("The tokens have not been renewed for {days} days", "Токены не обновлялись {days} дней")
IDLE_HINT = Text(
    "They die after 180 days; keep the clock process running (`connector clock`).",
    "Через 180 дней они умрут; держите запущенным процесс часов (`connector clock`).",
)
WEBHOOK = Text("A webhook without an application", "Вебхук без приложения")
WEBHOOK_HINT = Text(
    "What works: reading and writing the CRM, tasks and users, batches and sync, calls where the portal lets a webhook "
    "keep them. What does not: open lines (chats), events (and so calls by a click), pages and widgets. For "
    "those add portals.<name>.app: `connector portal install` shows how.",
    "Работает: чтение и запись CRM, задачи, пользователи, пакеты, синхронизация и звонки, если портал принимает их от "
    "вебхука. Не работает: открытые линии (чаты), события, а значит и звонки по клику, страницы и виджеты в портале. "
    "Для них добавьте portals.<имя>.app: как — покажет `connector portal install`.",
)
REST = Text("REST answers", "REST отвечает")
ADMIN = Text("The token belongs to an administrator", "Токен принадлежит администратору")
ADMIN_HINT = Text(
    "Without administrator's rights handlers and lines cannot all be managed; open the application as one.",
    "Без прав администратора обработчиками и линиями не управлять полностью; откройте приложение под администратором.",
)
LICENCE = Text("The plan is {licence}", "Тариф: {licence}")
EXPIRED_HINT = Text(
    "The application's subscription has expired, Bitrix24 sends it no events: renew it in the Market.",
    "Подписка на приложение истекла, события Битрикс24 не шлёт: продлите её в Маркете.",
)
GRACE_HINT = Text(
    "It expired {days} days ago and works for a grace period only: renew it in the Market.",
    "Срок истёк {days} дн. назад, идёт льготный период: продлите подписку в Маркете.",
)
ENDS_HINT = Text(
    "The application is paid for {days} more days: renew it in the Market.",
    "Приложение оплачено ещё на {days} дн.: продлите подписку в Маркете.",
)
FINISHED = Text("The installation is finished", "Установка завершена")
FINISHED_HINT = Text(
    "Bitrix24 waits for the end of the installation and sends no events: open the application as an administrator, "
    "its page finishes it (scripts of api.bitrix24.com must load).",
    "Битрикс24 ждёт завершения установки и не шлёт событий: откройте приложение под администратором, страница её "
    "завершит (скрипты api.bitrix24.com должны загрузиться).",
)
CLOCK = Text("The clocks agree", "Часы совпадают")
CLOCK_UNREAD = Text(
    "The portal's time could not be read; compare the clock of this machine by hand.",
    "Время портала не прочиталось; сверьте часы этой машины вручную.",
)
SKEW = Text("The clocks differ by {seconds} s", "Часы расходятся на {seconds} с")
SKEW_HINT = Text("Turn on time synchronisation (NTP) on this machine.", "Включите синхронизацию времени (NTP).")
SCOPES = Text("The permissions are granted", "Разрешения выданы")
SCOPES_HINT = Text(
    "Add these permissions in the application's card and reinstall it: {names}.",
    "Добавьте в карточке приложения разрешения и переустановите его: {names}.",
)
WEBHOOK_SCOPES_HINT = Text(
    "Add these permissions to the incoming webhook in Bitrix24: {names}.",
    "Добавьте входящему вебхуку в Битрикс24 разрешения: {names}.",
)
EVENTS = Text("The event handlers are bound", "Обработчики событий привязаны")
EVENTS_HINT = Text(
    "Not bound: {names}. Run `connector portal rebind`.", "Не привязаны: {names}. Выполните `connector portal rebind`."
)
DOUBLED_HINT = Text(
    "Bound more than once: {names}. Run `connector portal rebind`.",
    "Привязаны больше одного раза: {names}. Выполните `connector portal rebind`.",
)
LACKING = Text("The portal has all events", "В портале есть все события")
LACKING_HINT = Text(
    "It lacks {names} (an older version, or no permission). What they would tell is noticed later or by hand.",
    "В нём нет {names} (старая версия или нет разрешения). О том, что они сообщают, узнаем позже или вручную.",
)
STALE = Text("Events go to {url} as well", "События идут ещё и на {url}")
STALE_HINT = Text(
    "It is not the address of this connector. If nobody of yours listens there, take it off: "
    "`connector portal unbind {portal} {url}`.",
    "Это не адрес этого коннектора. Если там никто из ваших не слушает, отвяжите его: "
    "`connector portal unbind {portal} {url}`.",
)
CONNECTORS = Text("The connectors are registered", "Коннекторы зарегистрированы")
CONNECTORS_HINT = Text(
    "Not registered: {names}. Run `connector portal rebind`.",
    "Не зарегистрированы: {names}. Выполните `connector portal rebind`.",
)
LINE = Text("Account {account} is connected to open line {line}", "Аккаунт {account} подключён к открытой линии {line}")
LINE_HINT = Text(
    "Open Contact Center in Bitrix24, choose the channel and connect this line.",
    "Откройте Контакт-центр в Битрикс24, выберите канал и подключите эту линию.",
)
NO_LINE_HINT = Text(
    "No line yet: set `line:` of the account in connector.yaml or connect one in Contact Center.",
    "Линия не выбрана: укажите `line:` аккаунта в connector.yaml или подключите линию в Контакт-центре.",
)

# As ``gate`` keeps them.
_STOPPED_SINCE = re.compile(r"(?P<why>.*) \(since (?P<since>[\d-]+ [\d:]+) UTC\)", re.DOTALL)
_DARK_SINCE = re.compile(r"unanswered since (?P<since>\S+) (?P<why>.*)", re.DOTALL)
_FOR = Text("{why}, for {age}", "{why}, уже {age}")


def reason_in_words(kept: str, now: datetime) -> Text:
    """The kept reason of a portal's state for a sentence: what was said, and for how long; ``-`` for none."""
    found = _STOPPED_SINCE.fullmatch(kept) or _DARK_SINCE.fullmatch(kept)
    if found is None:
        return Text(kept or "-", kept or "-")
    since = datetime.fromisoformat(found["since"])
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return _FOR.with_(why=found["why"].removesuffix(": "), age=age(max(0.0, (now - since).total_seconds())))


def age(seconds: float) -> Text:
    """A span of time for a sentence: ``40 s``, ``12 min``, ``5 h``, ``3 days``."""
    for size, en, ru in ((86400, "days", "дн."), (3600, "h", "ч"), (60, "min", "мин")):
        if seconds >= 2 * size:
            return Text(f"{round(seconds / size)} {en}", f"{round(seconds / size)} {ru}")
    return Text(f"{round(seconds)} s", f"{round(seconds)} с")
