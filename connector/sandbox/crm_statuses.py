"""The dictionaries a new portal has: stages, sources, types (facts/bitrix24-telephony-crm.md §2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Said = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Status:
    """One entry: its STATUS_ID, its name in English and Russian, ``semantics`` S won, F lost, empty in progress."""

    id: str
    name: Said
    semantics: str = ""


def _entries(text: str) -> tuple[Status, ...]:
    """``ID|English|Russian`` lines; a fourth part is the semantics."""
    rows = (line.strip().split("|") for line in text.strip().splitlines())
    return tuple(Status(id=row[0], name=(row[1], row[2]), semantics="".join(row[3:])) for row in rows)


LEAD_STAGES = _entries("""
    NEW|Unassigned|Не обработан
    IN_PROCESS|In progress|В работе
    PROCESSED|Processed|Обработан
    CONVERTED|Good lead|Качественный лид|S
    JUNK|Junk lead|Некачественный лид|F
""")
DEAL_STAGES = _entries("""
    NEW|New|Новая
    PREPARATION|Document preparation|Подготовка документов
    PREPAYMENT_INVOICE|Prepayment invoice|Счёт на предоплату
    EXECUTING|In progress|В работе
    FINAL_INVOICE|Final invoice|Финальный счёт
    WON|Deal won|Сделка успешна|S
    LOSE|Deal lost|Сделка провалена|F
    APOLOGY|Analyse failure|Анализ причины провала|F
""")
ITEM_STAGES = _entries("""
    NEW|Start|Начало
    PREPARATION|Preparation|Подготовка
    CLIENT|Approval|Согласование
    SUCCESS|Success|Успех|S
    FAIL|Failure|Провал|F
""")
DICTIONARIES: Mapping[str, tuple[Status, ...]] = MappingProxyType(
    {
        "STATUS": LEAD_STAGES,
        "DEAL_STAGE": DEAL_STAGES,
        "SOURCE": _entries("""
            CALL|Call|Звонок
            EMAIL|E-mail|Электронная почта
            WEB|Website|Веб-сайт
            ADVERTISING|Advertising|Реклама
            PARTNER|Existing client|Существующий клиент
            RECOMMENDATION|By recommendation|По рекомендации
            TRADE_SHOW|Trade show|Выставка
            WEBFORM|CRM form|CRM-форма
            CALLBACK|Callback|Обратный звонок
            RC_GENERATOR|Sales boost|Генератор продаж
            STORE|Online store|Интернет-магазин
            OTHER|Other|Другое
        """),
        "CONTACT_TYPE": _entries("""
            CLIENT|Clients|Клиенты
            SUPPLIER|Suppliers|Поставщики
            PARTNER|Partners|Партнёры
            OTHER|Other|Другое
        """),
        "COMPANY_TYPE": _entries("""
            CUSTOMER|Client|Клиент
            SUPPLIER|Supplier|Поставщик
            COMPETITOR|Competitor|Конкурент
            PARTNER|Partner|Партнёр
            OTHER|Other|Другое
        """),
        "DEAL_TYPE": _entries("""
            SALE|Sale|Продажа
            COMPLEX|Integrated sale|Комплексная продажа
            GOODS|Sale of goods|Продажа товара
            SERVICES|Services|Услуги
            SERVICE|Support|Сервисное обслуживание
        """),
        "INDUSTRY": _entries("""
            IT|Information technology|Информационные технологии
            TELECOM|Telecommunication|Телекоммуникации и связь
            MANUFACTURING|Manufacturing|Производство
            BANKING|Banking services|Банковские услуги
            OTHER|Other|Другое
        """),
        "EMPLOYEES": _entries("""
            EMPLOYEES_1|less than 50|менее 50
            EMPLOYEES_2|50 to 250|50-250
            EMPLOYEES_3|250 to 500|250-500
            EMPLOYEES_4|over 500|более 500
        """),
        "HONORIFIC": _entries("""
            HNR_RU_1|Mr.|г-н
            HNR_RU_2|Mrs.|г-жа
        """),
        "QUOTE_STATUS": _entries("""
            DRAFT|New|Новое
            SENT|Sent to client|Отправлено клиенту
            APPROVED|Accepted|Принято|S
            DECLAINED|Declined|Отклонено|F
        """),
        "CALL_LIST": _entries("""
            IN_WORK|In progress|В работе
            SUCCESS|Success|Успешно
        """),
    }
)
