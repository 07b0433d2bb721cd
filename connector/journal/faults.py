"""What the journal raises."""

from __future__ import annotations

from connector.errors import ConnectorError, PermanentError, SettingsError, TransientError
from connector.speech import Text

_AWAY = Text(
    "The database cannot be reached or does not answer in time. Check that it runs, that DATABASE_URL is right and "
    "that its disk is not full; the connector goes on by itself.",
    "База данных недоступна или не отвечает вовремя. Проверьте, что она запущена, что DATABASE_URL верен и что диск "
    "не заполнен; коннектор продолжит работу сам.",
)
_LOST = Text(
    "Another process has taken this destination over; this one stops and loses nothing.",
    "Это направление принял другой процесс; этот останавливается, ничего не потеряно.",
)
_UNWRITABLE = Text(
    "The database refuses this record. Look at the trace; it can be replayed after the mend.",
    "База данных не принимает эту запись. Посмотрите след; после исправления её можно повторить.",
)
_UNKNOWN = Text(
    "There is nothing such in the journal, or it is in another state: {ids}. See `connector journal list`.",
    "Такого в журнале нет, или оно в другом состоянии: {ids}. Посмотрите `connector journal list`.",
)
UNREADABLE = Text(
    "This version of the connector cannot read the kept event. Install the version that wrote it or a newer one, "
    "then replay.",
    "Эта версия коннектора не может прочитать сохранённое событие. Поставьте версию, которая его записала, или более "
    "новую, затем повторите.",
)


class JournalAway(TransientError):
    """The database cannot be reached, or is locked for more than a few seconds."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("journal.away", hint=_AWAY, detail=detail[:300], retry_after=1.0)


class LeaseLost(ConnectorError):
    """The fence moved: another holder has the destination. Nothing of the transaction was written."""

    def __init__(self, destination: str) -> None:
        super().__init__("journal.lease_lost", hint=_LOST, detail=destination)


class WrongKey(SettingsError):
    """What was sealed cannot be opened with the keys at hand."""

    def __init__(self) -> None:
        super().__init__(
            "CONNECTOR_SECRET_KEY: no key of the list opens what was sealed before. Put the former key back as a "
            "further entry of the comma separated list. / Ни один ключ из списка не открывает запечатанное ранее. "
            "Верните прежний ключ в список через запятую."
        )


def unwritable(error: Exception) -> PermanentError:
    """The database refuses one row for what is in it. The text of the refusal stays out: it may quote the row."""
    return PermanentError("journal.unwritable", hint=_UNWRITABLE, detail=type(error).__name__)


def unknown(ids: list[str]) -> PermanentError:
    """A person named what is not there, or is in another state."""
    listed = ", ".join(ids[:20]) + (" …" if len(ids) > 20 else "")
    return PermanentError("journal.unknown", hint=_UNKNOWN.with_(ids=listed), detail=listed)
