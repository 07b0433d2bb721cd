"""Filters for numbers and addresses. What is none becomes an empty text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import phonenumbers

from mappings.contexts import Context
from mappings.documented import Filter
from mappings.faults import nearest
from mappings.people import e164 as normal
from mappings.plain import ExpressionError, shown, text

_EMAIL = re.compile(r"[^@\s|<>,;:\"]{1,64}@[^@\s|<>,;:\"]{1,200}\.[^@\s|<>,;:\".\d]{2,}")
_IN_BRACKETS = re.compile(r"<([^<>]{3,254})>")
_LONGEST = 400
_REMEMBERED = 256


def e164(context: Context, country: str | None = None) -> Callable[[Any], str]:
    """Numbers as +79001234567."""
    region = _region(country or context.country)
    known = lru_cache(_REMEMBERED)(lambda number: normal(number, region))
    return lambda value: known(text(value)[:_LONGEST])


def national(context: Context, country: str | None = None) -> Callable[[Any], str]:
    """Numbers as they are dialled at home: 8 (900) 123-45-67."""
    region = _region(country or context.country)

    def written(value: Any) -> str:
        number = normal(text(value)[:_LONGEST], region)
        parsed = phonenumbers.parse(number) if number else None
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL) if parsed else ""

    return written


def email(value: Any) -> str:
    """An address in small letters, out of ``Anna <anna@acme.ru>`` too."""
    words = text(value)[:_LONGEST]
    inner = _IN_BRACKETS.search(words)
    address = (inner[1] if inner else words).strip().removeprefix("mailto:").lower()
    return address if len(address) <= 254 and _EMAIL.fullmatch(address) else ""


def _region(country: Any) -> str:
    region = text(country).strip().upper()
    if region in phonenumbers.SUPPORTED_REGIONS:
        return region
    raise ExpressionError(
        (f"Unknown country `{shown(country)}`", f"Неизвестная страна `{shown(country)}`"),
        nearest(region, phonenumbers.SUPPORTED_REGIONS)
        if len(region) == 2
        else ("Write its two letters, for example 'RU'", "Напишите две её буквы, например 'RU'"),
    )


PHONES: Mapping[str, Filter] = {
    "e164": Filter(
        call=e164,
        signature="e164(country)",
        about=(
            "A phone number as +79001234567; empty when it is none. The country is that of the settings unless given",
            "Номер телефона в виде +79001234567; пусто, если это не номер. Страна — из настроек, если не указана",
        ),
        example="{{ '8 (900) 123-45-67' | e164('RU') }}",
        gives="+79001234567",
        prepared=True,
    ),
    "national": Filter(
        call=national,
        signature="national(country)",
        about=(
            "A phone number as it is dialled at home; empty when it is none",
            "Номер телефона, как его набирают внутри страны; пусто, если это не номер",
        ),
        example="{{ '+79001234567' | national }}",
        gives="8 (900) 123-45-67",
        prepared=True,
    ),
    "email": Filter(
        call=email,
        signature="email",
        about=(
            "An e-mail address in small letters; empty when it is none",
            "Адрес почты строчными буквами; пусто, если это не адрес",
        ),
        example="{{ 'Anna <Anna@Acme.ru>' | email }}",
        gives="anna@acme.ru",
    ),
}
