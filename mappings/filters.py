"""All filters (``value | name(…)``) and tests (``value is name(…)``) of the language; its documentation is made from here."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.documented import Filter
from mappings.texts import TEXTS

FILTERS: Mapping[str, Filter] = {**TEXTS}
TESTS: Mapping[str, Filter] = {
    "defined": Filter(
        call=lambda value: value is not None,
        signature="is defined",
        about=("The name or the field is there, even if empty", "Имя или поле есть, даже если пустое"),
        example="{{ event is defined }}",
        gives=True,
    ),
}
