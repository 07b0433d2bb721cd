"""Which files are whole: quiet for a while, the same at two looks, and nobody says that they are being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.providers.table.listing import Found, Listing, being_written
from connector.speech import Text

Waiting = Mapping[str, tuple[str, float]]  # name → (fingerprint, since when it is so, in seconds since 1970)

_YOUNG = Text("{name} was left for later: it changed a moment ago", "{name} отложен: только что изменился")
_COMPANION = Text(
    "{name} was left for later: {companion} beside it says that it is being written; remove that if it is not",
    "{name} отложен: рядом лежит {companion}, значит, файл ещё пишется; если нет, уберите его",
)
_EMPTY = Text(
    "{name} was left for later: it is empty, as a file that is just begun",
    "{name} отложен: он пуст, как только что начатый",
)


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """``ready`` may be read; ``left`` are for later, and ``notes`` say why."""

    ready: tuple[Found, ...]
    left: Mapping[str, tuple[str, float]]
    notes: tuple[Text, ...]


def young(file: Found, now: datetime, settle: timedelta) -> bool:
    """Whether it changed less than ``settle`` ago; a file that tells no time is whole."""
    return bool(settle) and file.modified is not None and now.timestamp() - file.modified < settle.total_seconds()


def sort_out(
    first: Listing, second: Listing, seen: Mapping[str, str], waiting: Waiting, now: datetime, settle: timedelta
) -> Sorted:
    """What two looks say. A file that was waited for and is still the same is whole, whatever the clock of its machine
    says; one that was read already, as it is, needs no proof.
    """
    ready, left, notes = list[Found](), dict[str, tuple[str, float]](), list[Text]()
    before = {file.name: file.fingerprint for file in first.files}
    for file in second.files:
        mark = file.fingerprint
        since = waiting[file.name][1] if waiting.get(file.name, ("", 0.0))[0] == mark else now.timestamp()
        waited = now.timestamp() - since >= settle.total_seconds()
        why = None if seen.get(file.name) == mark else _why(file, second, before.get(file.name) != mark, waited)
        if why is None and seen.get(file.name) != mark and young(file, now, settle) and not waited:
            why = _YOUNG.with_(name=file.name)
        if why is None:
            ready.append(file)
        else:
            left[file.name] = (mark, since)
            notes.append(why)
    return Sorted(ready=tuple(ready), left=left, notes=tuple(notes))


def _why(file: Found, listing: Listing, moved: bool, waited: bool) -> Text | None:
    companion = being_written(file.name, listing.names)
    if companion:
        return _COMPANION.with_(name=file.name, companion=companion)
    if not file.size and file.modified is not None:
        return _EMPTY.with_(name=file.name)
    return _YOUNG.with_(name=file.name) if moved else None
