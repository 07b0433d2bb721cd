"""What the sandbox's command line says, in English and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "serving": ("Sandbox portal: {url}  (stop with Ctrl+C)", "Портал-песочница: {url}  (остановить: Ctrl+C)"),
        "desk": ("Operator's desk: {url}/desk", "Рабочее место оператора: {url}/desk"),
        "app": (
            "Application: client_id {client_id}, client_secret {client_secret}, auth_url {url}/oauth-server",
            "Приложение: client_id {client_id}, client_secret {client_secret}, auth_url {url}/oauth-server",
        ),
        "webhook": ("Incoming webhook: {webhook}", "Входящий вебхук: {webhook}"),
        "busy": (
            "Port {port} cannot be used: {reason}. Choose another with --port.",
            "Порт {port} занять нельзя: {reason}. Выберите другой: --port.",
        ),
        "away": (
            "No sandbox answers at {url}. Start one: python -m connector.sandbox serve",
            "По адресу {url} песочница не отвечает. Запустите её: python -m connector.sandbox serve",
        ),
        "refused": ("The sandbox refused: {reason}", "Песочница отказала: {reason}"),
        "no_chats": ("No chats yet: nobody has written.", "Чатов пока нет: никто не написал."),
        "sent": ("Sent: message {id} in chat {chat}.", "Отправлено: сообщение {id} в чате {chat}."),
        "edited": ("Message {id} rewritten.", "Сообщение {id} изменено."),
        "deleted": ("Message {id} deleted.", "Сообщение {id} удалено."),
        "finished": ("Dialog {id} closed (status {status}).", "Диалог {id} закрыт (статус {status})."),
        "transferred": (
            "Dialog {id} handed to operator {operator}, line {line}.",
            "Диалог {id} передан: оператор {operator}, линия {line}.",
        ),
        "installed": ("The application is installed.", "Приложение установлено."),
        "unfinished": (
            "The page answered {status} but did not call BX24.installFinish: no events will be sent.",
            "Страница ответила {status}, но не вызвала BX24.installFinish: события не отправляются.",
        ),
        "uninstalled": ("The application is removed.", "Приложение удалено."),
        "no_faults": ("The portal behaves.", "Портал ведёт себя как надо."),
        "fault_added": (
            "Rule {id}: {kind} on {method}, {times} time(s).",
            "Правило {id}: {kind} для {method}, раз: {times}.",
        ),
        "faults_cleared": ("All rules are removed.", "Все правила сняты."),
        "delivered": ("delivered", "доставлено"),
        "sending": ("sending", "отправляется"),
        "was_edited": ("edited", "изменено"),
        "was_deleted": ("deleted", "удалено"),
        "open": ("open", "открыт"),
        "closed": ("closed", "закрыт"),
    }
)

# Refusals of the control API by their code.
REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "CHAT_ID": ("no single chat is named so; see chats", "ровно одного чата с таким именем нет; см. chats"),
        "CHAT_TYPE": ("the dialog is closed already", "диалог уже закрыт"),
        "ACCESS_ERROR": (
            "the connector does not work on this chat's line, so operators are blocked; see settings of the line",
            "коннектор на линии этого чата не работает, поэтому операторы заблокированы; см. настройки линии",
        ),
        "CANT_EDIT_MESSAGE": ("this message may not be changed", "это сообщение менять нельзя"),
        "MESSAGE_ID_ERROR": ("there is no such message; see show", "такого сообщения нет; см. show"),
        "MESSAGE_EMPTY": ("give a text or a file", "нужен текст или файл"),
        "OPERATOR_WRONG": (
            "no such operator, or the dialog is theirs already",
            "такого оператора нет или диалог уже его",
        ),
        "USER_ID": ("there is no such operator", "такого оператора нет"),
        "VOTE_WRONG": (
            "the rating was asked for already, or the connector takes no system messages",
            "оценку уже просили, или коннектор не принимает системные сообщения",
        ),
        "ERROR_CORE": (
            "that cannot be called: a number of digits and an active employee are needed",
            "так позвонить нельзя: нужны номер из цифр и действующий сотрудник",
        ),
        "PHONE_LINE": ("there is no such telephone line", "такой телефонной линии нет"),
        "PHONE_CALL": ("there is no such call", "такого звонка нет"),
        "QUEUE_ID_EMPTY": ("there is no such line", "такой линии нет"),
        "INSTALL_URL": (
            "the install URL is not known: pass --app-url",
            "адрес установки неизвестен: укажите --app-url",
        ),
        "UNREACHABLE": ("the application's page does not open", "страница приложения не открывается"),
    }
)


def reason(language: str, code: str, fallback: str) -> str:
    """Why the sandbox refused, by the code of its answer; ``fallback`` for codes that need no words."""
    english, russian = REASONS.get(code, (fallback, fallback))
    return russian if language.lower().startswith("ru") else english


def say(language: str, word: str, **values: object) -> str:
    """The phrase in Russian for ``ru…``, in English otherwise."""
    english, russian = WORDS[word]
    return (russian if language.lower().startswith("ru") else english).format(**values)
