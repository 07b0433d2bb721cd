"""What ``connector portal check`` says."""

from __future__ import annotations

from connector.speech import Text

INSTALLED = Text("The application is installed", "Приложение установлено")
NOT_INSTALLED = Text(
    "Install the application in Bitrix24 (its paths are shown by `connector portal install`) and open it once.",
    "Установите приложение в Битрикс24 (адреса покажет `connector portal install`) и откройте его один раз.",
)
STATE = Text("The portal is stopped: {state} ({reason})", "Портал остановлен: {state} ({reason})")
STATE_HINT = Text(
    "Mend the cause above; the portal is looked at again by itself, or at once when an administrator opens the "
    "application in Bitrix24.",
    "Устраните причину; портал проверяется сам, а сразу — когда администратор откроет приложение в Битрикс24.",
)
IDLE = Text("The tokens have not been renewed for {days} days", "Токены не обновлялись {days} дней")
IDLE_HINT = Text(
    "They die after 180 days; keep the clock process running (`connector clock`).",
    "Через 180 дней они умрут; держите запущенным процесс часов (`connector clock`).",
)
WEBHOOK = Text("A webhook without an application", "Вебхук без приложения")
WEBHOOK_HINT = Text(
    "CRM sync works; open lines, events and the settings page need an OAuth application (portals.<name>.app).",
    "Синхронизация CRM работает; открытым линиям, событиям и странице настроек нужно OAuth-приложение "
    "(portals.<имя>.app).",
)
REST = Text("REST answers", "REST отвечает")
ADMIN = Text("The token belongs to an administrator", "Токен принадлежит администратору")
ADMIN_HINT = Text(
    "Without administrator's rights handlers and lines cannot all be managed; open the application as one.",
    "Без прав администратора обработчиками и линиями не управлять полностью; откройте приложение под администратором.",
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
EVENTS = Text("The event handlers are bound", "Обработчики событий привязаны")
EVENTS_HINT = Text(
    "Not bound: {names}. Run `connector portal rebind`.", "Не привязаны: {names}. Выполните `connector portal rebind`."
)
DOUBLED_HINT = Text(
    "Bound more than once: {names}. Run `connector portal rebind`.",
    "Привязаны больше одного раза: {names}. Выполните `connector portal rebind`.",
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
