"""Looking at Asterisk's side: the login, what the manager user may do, what else the account needs."""

from __future__ import annotations

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.asterisk.session import opened
from connector.providers.asterisk.settings import AsteriskSettings
from connector.speech import Text

_LOGIN = Text("Asterisk's manager lets the connector in", "AMI Asterisk пускает коннектор")
_DIAL = Text("The manager user may place calls", "Пользователю AMI можно звонить")
_NO_DIAL = Text(
    "Calls by a click will be refused: add `originate` to write= of manager user {user}",
    "Звонки по клику будут отклоняться: добавьте `originate` в write= пользователя AMI {user}",
)
_LIST = Text("The manager user may list channels", "Пользователю AMI можно перечислять каналы")
_NO_LIST = Text(
    "After a lost connection nobody can tell which calls are over: add `reporting` to write= of manager user {user}",
    "После обрыва связи не узнать, какие звонки закончились: добавьте `reporting` в write= пользователя AMI {user}",
)
_OPEN_LINE = Text(
    "The way to Asterisk is encrypted or on this machine", "Путь до Asterisk зашифрован или внутри машины"
)
_USE_TLS = Text(
    "Names and numbers of clients pass in clear: set tlsenable=yes in manager.conf and tls: true here",
    "Имена и номера клиентов идут открытым текстом: включите tlsenable=yes в manager.conf и tls: true здесь",
)
_RECORDINGS = Text("It is known where recordings lie", "Известно, где лежат записи")
_NO_RECORDINGS = Text(
    "Recordings will not be attached: say in `recordings` of the account where they lie",
    "Записи не будут прикрепляться: укажите в `recordings` аккаунта, где они лежат",
)


def check(settings: AsteriskSettings, hook_url: str, http: Http) -> list[Finding]:
    """Log in and look at what is allowed. Raises nothing: a failure is a finding."""
    try:
        with opened(settings, events="off") as session:
            allowed = session.ask("ListCommands")
    except ConnectorError as error:
        return [Finding(_LOGIN, "bad", error.hint, code="asterisk.login")]
    return [
        Finding(_LOGIN, "ok", code="asterisk.login"),
        # ListCommands names the actions that this very user may do, each as a key of its own.
        _judged(_DIAL, bool(allowed["Originate"]), _NO_DIAL.with_(user=settings.username), "asterisk.originate"),
        _judged(_LIST, bool(allowed["CoreShowChannels"]), _NO_LIST.with_(user=settings.username), "asterisk.reporting"),
        _judged(_OPEN_LINE, settings.tls or settings.on_this_machine, _USE_TLS, "asterisk.tls"),
        _judged(_RECORDINGS, settings.recordings is not None, _NO_RECORDINGS, "asterisk.recordings"),
    ]


def _judged(what: Text, right: bool, hint: Text, code: str) -> Finding:
    return Finding(what, "ok", code=code) if right else Finding(what, "warn", hint, code=code)
