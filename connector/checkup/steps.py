"""The way from nothing to a talking channel, as a list: what each step needs, what proves it, what to do now.

Pure: judged over facts that somebody else observed (``observed``). The wizard of the console and ``connector init``
show the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from connector.checkup import mail_verdicts, phone_verdicts
from connector.checkup.facts import Facts
from connector.checkup.verdicts import (
    Verdict,
    account,
    answer,
    card,
    installation,
    keys,
    line,
    public,
    test_message,
)
from connector.speech import Text

State = Literal["ok", "bad", "wait", "later"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """``ok`` is proven, ``bad`` is wrong, ``wait`` is what is to be done now, ``later`` needs an earlier one.

    ``told`` is the proof, or what to do; ``mend`` the command that does it, if there is one.
    """

    code: str
    title: Text
    state: State
    told: Text
    mend: str = ""


class _Rule(NamedTuple):
    code: str
    title: Text
    after: tuple[str, ...]
    judge: Callable[[Facts], Verdict]


_BASIS = (
    _Rule("public", Text("Public address", "Внешний адрес"), (), public),
    _Rule("card", Text("Application in Bitrix24", "Приложение в Битрикс24"), ("public",), card),
    _Rule("keys", Text("Keys and secrets", "Ключи и секреты"), (), keys),
    _Rule(
        "installation", Text("Installation and rights", "Установка и права"), ("public", "card", "keys"), installation
    ),
)
_TALK = (
    _Rule("account", Text("Account at the provider", "Аккаунт у провайдера"), ("keys",), account),
    _Rule("line", Text("Open line", "Открытая линия"), ("installation", "account"), line),
    _Rule("test", Text("Test message", "Проверочное сообщение"), ("line",), test_message),
    _Rule("answer", Text("Operator's answer", "Ответ оператора"), ("test",), answer),
)
_LETTERS = (_Rule("account", Text("Mailbox", "Почтовый ящик"), ("keys",), mail_verdicts.mailbox), *_TALK[1:])
_CALLS = (
    _Rule("account", Text("Telephone system", "Телефонная станция"), ("keys",), phone_verdicts.pbx),
    _Rule("lines", Text("Lines in Bitrix24", "Линии в Битрикс24"), ("installation",), phone_verdicts.lines),
    _Rule("call", Text("First call", "Первый звонок"), ("account", "lines"), phone_verdicts.call),
)


def steps(facts: Facts) -> Sequence[Step]:
    """All of them, in order: to a talking channel, or to the first call of a telephone system."""
    found: dict[str, Step] = {}
    for rule in (*_BASIS, *_way(facts)):
        verdict = rule.judge(facts)
        ready = all(found[code].state == "ok" for code in rule.after)
        state: State = "later" if verdict.state == "wait" and not ready else verdict.state
        found[rule.code] = Step(
            code=rule.code, title=rule.title, state=state, told=verdict.told, mend="" if state == "ok" else verdict.mend
        )
    return tuple(found.values())


def _way(facts: Facts) -> Sequence[_Rule]:
    if facts.phone is not None:
        return _CALLS
    return _LETTERS if facts.box is not None else _TALK


def next_step(found: Sequence[Step]) -> Step | None:
    """What to do now: the first that is not proven; ``None`` when all are."""
    return next((step for step in found if step.state != "ok"), None)
