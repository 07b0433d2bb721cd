"""What is said of the shape of smart processes: what one lacks, and what a person has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from connector.speech import Text

if TYPE_CHECKING:
    from connector.sync.standing import Standing
    from mappings.processes import Process

FOREIGN = Text(
    "Smart process {type} of portal {portal} is “{title}”, which is not the process {process} of your mapping. Give "
    "{process} another even number in {file}; if it is that one, call it “{wanted}” in Bitrix24 until the next run.",
    "Смарт-процесс {type} на портале {portal} — это «{title}», а не процесс {process} из маппинга. Укажите для "
    "{process} другое чётное число в {file}; если это всё же он, назовите его в Битрикс24 «{wanted}» до следующего "
    "запуска.",
)
NO_PLAN = Text(
    "The plan of portal {portal} has no room for one more smart process, so {process} cannot be made. Delete one that "
    "nobody needs or change the plan, then run again.",
    "Тариф портала {portal} не позволяет завести ещё один смарт-процесс, поэтому {process} создать нельзя. Удалите "
    "ненужный или смените тариф и запустите снова.",
)
NOT_ALLOWED = Text(
    "The authorization of portal {portal} may not set up the CRM, and process {process} lacks: {what}. Let a CRM "
    "administrator open the application (or make the webhook, with crm and userfieldconfig), then run again. By hand: "
    "make the smart process with the number {type} and these stages; fields made by hand get names of their own, so "
    "write the whole names (UF_CRM_…) in the rules.",
    "Авторизация портала {portal} не может настраивать CRM, а процессу {process} не хватает: {what}. Пусть приложение "
    "откроет администратор CRM (или создаст вебхук с правами crm и userfieldconfig), затем запустите снова. Вручную: "
    "создайте смарт-процесс с номером {type} и эти стадии; у полей, созданных вручную, имена свои, поэтому укажите в "
    "правилах полные имена (UF_CRM_…).",
)
OTHER_KIND = Text(
    "Field {field} of process {process} is of type {has} on the portal, which cannot be changed. Write `type: {has}`, "
    "or name another field.",
    "Поле {field} процесса {process} на портале имеет тип {has}, и изменить его нельзя. Укажите `type: {has}` или "
    "назовите другое поле.",
)
LATE_FIELD = Text(
    "Bitrix24 took the new fields {fields}, yet they are not there. Look at the smart process in Bitrix24, then run "
    "again.",
    "Битрикс24 принял новые поля {fields}, но их там нет. Проверьте смарт-процесс в Битрикс24 и запустите снова.",
)
BUSY = Text(
    "Process {name} is being shaped by another run; this one goes on in a moment.",
    "Процесс {name} сейчас настраивает другой запуск; этот продолжится через несколько секунд.",
)
_TYPE = Text("smart process “{title}” ({type})", "смарт-процесс «{title}» ({type})")
_FLAGS = Text("stages or clients switched on", "включить стадии или клиентов")
_PARENT = Text("the link to deals", "связь со сделками")
_FIELD = Text("field {name} “{title}” ({type}{many})", "поле {name} «{title}» ({type}{many})")
_MANY = Text(", several values", ", несколько значений")
_OPTIONS = Text("options of field {name}: {options}", "варианты поля {name}: {options}")
_STAGE = Text("stage {name} “{title}”", "стадия {name} «{title}»")


def listed(process: Process, standing: Standing) -> tuple[Text, ...]:
    """What is lacking, one thing each."""
    return tuple(_lacking(process, standing))


def joined(words: Sequence[Text]) -> Text:
    """All of them in one line."""
    return Text("; ".join(word.en for word in words), "; ".join(word.ru for word in words))


def _lacking(process: Process, standing: Standing) -> Iterator[Text]:
    if not standing.number and standing.title == "" and not standing.stages:
        yield _TYPE.with_(title=Text(*process.title), type=process.type_id)
    elif standing.flags:
        yield _FLAGS
    if standing.parents is not None or (not standing.number and "deal" in process.links):
        yield _PARENT
    for field in standing.fields:
        many = _MANY if field.multiple else ""
        yield _FIELD.with_(name=field.name, title=Text(*field.title), type=field.type, many=many)
    for name, options in standing.options.items():
        yield _OPTIONS.with_(name=name, options=", ".join(option.id for option in options))
    for stage in standing.lacking:
        yield _STAGE.with_(name=stage.id, title=Text(*stage.title))
