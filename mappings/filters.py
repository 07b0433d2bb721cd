"""All filters (``value | name``) and tests (``value is name``) of the language; its docs are made from here."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.documented import Filter
from mappings.lists import LISTS
from mappings.lookups import LOOKUPS
from mappings.money import MONEY
from mappings.names import NAMES
from mappings.patterns import PATTERNS
from mappings.phones import PHONES
from mappings.texts import TEXTS
from mappings.times import TIME_TESTS, TIMES

__all__ = ["FILTERS", "TESTS", "Filter"]

FILTERS: Mapping[str, Filter] = {**TEXTS, **LISTS, **PATTERNS, **PHONES, **NAMES, **TIMES, **MONEY, **LOOKUPS}
TESTS: Mapping[str, Filter] = {
    "defined": Filter(
        call=lambda value: value is not None,
        signature="is defined",
        about=("The name or the field is there, even if empty", "Имя или поле есть, даже если оно пустое"),
        example="{{ event.client.nickname is defined }}",
        gives=False,
    ),
    "none": Filter(
        call=lambda value: value is None,
        signature="is none",
        about=("There is nothing", "Ничего нет"),
        example="{{ none is none }}",
        gives=True,
    ),
    "empty": Filter(
        call=lambda value: value in (None, "", [], {}),
        signature="is empty",
        about=("Nothing, an empty text or list; not 0", "Ничего, пустой текст или список; не 0"),
        example="{{ '' is empty }}",
        gives=True,
    ),
    **TIME_TESTS,
}
