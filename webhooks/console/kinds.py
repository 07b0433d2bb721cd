"""What happened, and how it stands, in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from connector.domain.mailing import QUARANTINE
from connector.speech import Text

KINDS: Mapping[str, Text] = MappingProxyType(
    {
        "message.received": Text("message from a client", "сообщение клиента"),
        "message.edited": Text("client edited a message", "клиент изменил сообщение"),
        "message.deleted": Text("client deleted a message", "клиент удалил сообщение"),
        "button.pressed": Text("client pressed a button", "клиент нажал кнопку"),
        "conversation.blocked": Text("client blocked the bot", "клиент заблокировал бота"),
        "conversation.unblocked": Text("client unblocked the bot", "клиент разблокировал бота"),
        "reply.written": Text("operator's reply", "ответ оператора"),
        "reply.edited": Text("operator edited a reply", "оператор изменил ответ"),
        "reply.deleted": Text("operator deleted a reply", "оператор удалил ответ"),
        "reply.delivered": Text("reply delivered to the client", "ответ доставлен клиенту"),
        "reply.refused": Text("reply refused by the channel", "канал не принял ответ"),
        "dialog.started": Text("dialog started", "диалог начат"),
        "dialog.finished": Text("dialog finished", "диалог завершён"),
        "call.started": Text("call began", "звонок начался"),
        "call.ringing": Text("call rings", "звонок поступает"),
        "call.answered": Text("call answered", "на звонок ответили"),
        "call.held": Text("call on hold", "звонок на удержании"),
        "call.transferred": Text("call transferred", "звонок переведён"),
        "call.leg_ended": Text("part of a call ended", "часть звонка завершена"),
        "call.ended": Text("call ended", "звонок завершён"),
        "call.recorded": Text("recording told of", "есть запись звонка"),
        "call.transcribed": Text("transcript told of", "есть расшифровка звонка"),
        "call.unwatched": Text("part of a call was not seen", "часть звонка не видели"),
        "call.settled": Text("call to be finished", "звонок пора закрыть"),
        "call.recording_due": Text("recording to be attached", "запись к звонку"),
        "call.transcript_due": Text("transcript to be attached", "расшифровка к звонку"),
        "call.finished": Text("call finished", "звонок закрыт"),
        "call.requested": Text("call asked for", "запрошен звонок"),
        "call.prepared": Text("call to be placed", "звонок к набору"),
        "call.refused": Text("call refused by the PBX", "АТС отказала в звонке"),
        "client.reached": Text("client reached", "с клиентом связались"),
        "callback.changed": Text("list of calls to return", "список: кому перезвонить"),
        "letter.received": Text("letter from a client", "письмо клиента"),
        "letter.bounced": Text("letter did not arrive", "письмо не дошло"),
        "machine.answered": Text("automatic answer", "автоответ"),
        "letter.wanted": Text("automatic letter", "автоматическое письмо"),
        "event.mapped": Text("rules for the CRM", "правила для CRM"),
        "record.changed": Text("record of a source", "запись источника"),
        "app.installed": Text("application installed", "приложение установлено"),
        "app.uninstalled": Text("application removed", "приложение удалено"),
        "handlers.checked": Text("handlers checked", "обработчики проверены"),
        "line.connected": Text("line connected", "линия подключена"),
        "line.disconnected": Text("line disconnected", "линия отключена"),
    }
)

# How an envelope or a delivery stands: the mark of its pill (none: neither good nor bad) and the word.
STANDS: Mapping[str, tuple[str, Text]] = MappingProxyType(
    {
        "done": ("good", Text("delivered", "доставлено")),
        "waiting": ("", Text("waits", "ждёт")),
        "parked": ("warn", Text("parked", "отложено")),
        "quarantine": ("", Text("in quarantine", "в карантине")),
        "discarded": ("", Text("discarded", "отброшено")),
        "unread": ("warn", Text("could not be read", "не прочитано")),
        "ignored": ("", Text("needs no action", "действий не требует")),
        "nothing": ("", Text("nowhere to go", "никуда не направлено")),
    }
)
_WORST = ("parked", "waiting", "quarantine", "done", "discarded")


def kind_of(kind: str) -> Text:
    """The words for a kind of event; the kind itself when it has none."""
    return KINDS.get(kind) or Text(kind, kind)


def state_of(state: str, cause: str) -> str:
    """A key of :data:`STANDS` for a delivery of the journal: a letter in quarantine is parked, and no failure."""
    return "quarantine" if (state, cause) == ("parked", QUARANTINE) else state


def stands(envelope: str, deliveries: Iterable[str]) -> str:
    """A key of :data:`STANDS` for an envelope in that state with deliveries that stand so: what most needs a look."""
    if envelope == "parked":
        return "unread"
    there = set(deliveries)
    worst = next((state for state in _WORST if state in there), "")
    return worst or ("ignored" if envelope == "ignored" else "nothing")
