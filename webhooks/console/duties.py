"""What each role may do, in words. Each line stands for the route beside it: words and table cannot part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connector.journal.users import ROLES, Role
from connector.speech import Text
from webhooks.console.access import allowed

TITLES: Mapping[Role, Text] = MappingProxyType(
    {
        "viewer": Text("viewer", "наблюдатель"),
        "operator": Text("operator", "оператор"),
        "integrator": Text("integrator", "интегратор"),
        "admin": Text("administrator", "администратор"),
    }
)

# What a role adds to those before it.
GISTS: Mapping[Role, Text] = MappingProxyType(
    {
        "viewer": Text("sees figures and states, nobody's messages", "видит цифры и состояния, но не переписку"),
        "operator": Text(
            "also reads messages, repairs and replays, reads the audit",
            "также читает сообщения, исправляет и повторяет, смотрит аудит",
        ),
        "integrator": Text("also connects portals and channels", "также подключает порталы и каналы"),
        "admin": Text("also decides who may come in", "также решает, кому можно входить"),
    }
)

DUTIES: tuple[tuple[str, Text], ...] = (
    (
        "ops.overview",
        Text("see how portals, accounts and lanes stand", "видеть состояние порталов, аккаунтов и очередей"),
    ),
    ("ops.trace", Text("read the story of a message, with its text", "смотреть путь сообщения и его текст")),
    ("ops.parked", Text("repair, replay and discard what is parked", "исправлять, повторять и отбрасывать отложенное")),
    (
        "ops.source_deed",
        Text(
            "begin, pause and cancel sync jobs, try their rows again",
            "запускать, приостанавливать и отменять синхронизацию, повторять её записи",
        ),
    ),
    ("ops.mend", Text("check a portal and bind it anew", "проверять портал и привязывать его заново")),
    ("ops.audit", Text("read who did what", "смотреть, кто что сделал")),
    (
        "ops.connect",
        Text(
            "connect portals and channels, send test messages",
            "подключать порталы и каналы, отправлять проверочные сообщения",
        ),
    ),
    ("ops.source_rules", Text("edit the rules of sync jobs", "править правила синхронизации")),
    (
        "ops.users",
        Text("add users, change roles, end sessions", "добавлять пользователей, менять роли, завершать сеансы"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One line of the list."""

    words: Text
    may: bool


def duties(role: Role) -> list[Duty]:
    """All of them; ``may`` says which are of this role."""
    return [Duty(words=words, may=allowed(endpoint, role)) for endpoint, words in DUTIES]


def choices() -> list[tuple[Role, Text, Text]]:
    """``(role, title, gist)``, the least first."""
    return [(role, TITLES[role], GISTS[role]) for role in ROLES]
