"""Filters and tests for moments, as they are documented; what they do is in clocks.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from mappings import clocks
from mappings.documented import Filter

_MOSCOW = timezone(timedelta(hours=3))

TIMES: Mapping[str, Filter] = {
    "date": Filter(
        call=clocks.written,
        signature="date(format='dd.MM.yyyy', zone)",
        about=(
            "A moment as text: dd day, MM month, MMMM its name, yyyy year, HH hour, mm minute, EEEE day of the week",
            "Момент текстом: dd — день, MM — месяц, MMMM — его название, yyyy — год, HH — час, mm — минута, "
            "EEEE — день недели",
        ),
        example="{{ '2026-03-01T22:30:00Z' | date('dd.MM.yyyy HH:mm', 'Europe/Moscow') }}",
        gives="02.03.2026 01:30",
        prepared=True,
    ),
    "parse_date": Filter(
        call=clocks.parse_date,
        signature="parse_date(format, zone)",
        about=(
            "A moment out of text; without a format ISO 8601 and the usual ones are tried; nothing when it is none",
            "Момент из текста; без формата пробуются ISO 8601 и обычные записи; пусто, если не вышло",
        ),
        example="{{ '01.03.2026 10:00' | parse_date('dd.MM.yyyy HH:mm', 'UTC') }}",
        gives=datetime(2026, 3, 1, 10, tzinfo=UTC),
        prepared=True,
    ),
    "local": Filter(
        call=clocks.local,
        signature="local(zone)",
        about=(
            "The moment by the clocks of a zone (that of the settings unless given)",
            "Момент по часам пояса (из настроек, если не указан)",
        ),
        example="{{ '2026-03-01T07:00:00Z' | local('Europe/Moscow') }}",
        gives=datetime(2026, 3, 1, 10, tzinfo=_MOSCOW),
        prepared=True,
    ),
    "hour": Filter(
        call=clocks.hour,
        signature="hour(zone)",
        about=("The hour by the clocks of a zone, 0 to 23", "Час по часам пояса, от 0 до 23"),
        example="{{ '2026-03-01T07:00:00Z' | hour('Asia/Yekaterinburg') }}",
        gives=12,
        prepared=True,
    ),
    "weekday": Filter(
        call=clocks.weekday,
        signature="weekday(zone)",
        about=("The day of the week, 1 is Monday", "День недели, 1 — понедельник"),
        example="{{ '2026-03-01T07:00:00Z' | weekday }}",
        gives=7,
        prepared=True,
    ),
    "plus": Filter(
        call=clocks.plus,
        signature="plus(days=0, hours=0, minutes=0)",
        about=("The moment so much later, or earlier with a minus", "Момент настолько позже, а с минусом — раньше"),
        example="{{ '2026-03-01T10:00:00+03:00' | plus(days=1, hours=2) }}",
        gives=datetime(2026, 3, 2, 12, tzinfo=_MOSCOW),
        prepared=True,
    ),
    "next_workday": Filter(
        call=clocks.next_workday,
        signature="next_workday(at='10:00', zone)",
        about=(
            "The next day from Monday to Friday at that time; public holidays are not known",
            "Следующий день с понедельника по пятницу в это время; праздники не учитываются",
        ),
        example="{{ '2026-02-27T21:00:00+03:00' | next_workday('09:30') }}",
        gives=datetime(2026, 3, 2, 9, 30, tzinfo=_MOSCOW),
        prepared=True,
    ),
}

TIME_TESTS: Mapping[str, Filter] = {
    "within": Filter(
        call=clocks.within,
        signature="is within(hours, zone)",
        about=(
            "The clocks of the zone show a time in these hours; they may go over midnight",
            "На часах пояса время из этого промежутка; он может идти через полночь",
        ),
        example="{{ '2026-03-01T23:15:00+03:00' is within('20:00-08:00') }}",
        gives=True,
        prepared=True,
    ),
    "workday": Filter(
        call=clocks.workday,
        signature="is workday(zone)",
        about=("It is Monday to Friday in the zone", "В этом поясе день с понедельника по пятницу"),
        example="{{ '2026-03-01T12:00:00+03:00' is workday }}",
        gives=False,
        prepared=True,
    ),
}
