"""A rule file in somebody's hands: tried together with all others before it is written, and written whole or not."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from connector.errors import PermanentError
from connector.rulebook.folder import PACKAGED, contents
from connector.rulebook.kinds import KINDS
from connector.speech import Text
from mappings.engine import MappingSet
from mappings.loading import load

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]{0,80}\.ya?ml")

_NO_FOLDER = Text(
    "There is no folder of rules that can be written to. Say in connector.yaml where it is (mappings: ./mappings) and "
    "give this user the right to write there.",
    "Нет папки правил, в которую можно писать. Укажите её в connector.yaml (mappings: ./mappings) и дайте этому "
    "пользователю право на запись.",
)
_NO_NAME = Text("{name} is no name of a rule file.", "{name} — не имя файла правил.")
_CHANGED = Text(
    "{name} was changed by somebody else meanwhile. Copy your text, open the page anew and put it in again.",
    "{name} за это время изменил кто-то другой. Скопируйте свой текст, откройте страницу заново и внесите правку.",
)
_FAILED = Text("{name} cannot be written: {why}.", "{name} не записывается: {why}.")


def files_on(kind: str, found: MappingSet) -> list[str]:
    """The files with rules for ``kind``, in the order of the set; own names, also of those that come with the product
    (an edited one becomes the integrator's own).
    """
    files = dict.fromkeys(rule.file for rule in found.on(kind))
    return list(dict.fromkeys(name.removeprefix(PACKAGED) for name in files))


def text_of(folder: Path | None, name: str) -> str:
    """The file's text: the integrator's own, else the packaged one, else nothing. Raises ``BrokenError``."""
    held = contents(folder)
    content = held.get(name, held.get(PACKAGED + name, b""))
    return content.decode("utf-8-sig", errors="replace")


def stamp(text: str) -> str:
    """What tells one text from another."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def drafted(folder: Path | None, name: str, text: str) -> MappingSet:
    """All files with this one as it is edited, compiled. Raises ``BrokenError`` with all that is wrong, and
    ``PermanentError`` for a name that is none.
    """
    held: Mapping[str, bytes] = {**contents(folder), _checked(name): text.encode(errors="replace")}
    return load(held, KINDS)


def writable(folder: Path | None) -> bool:
    """Whether rules can be written there."""
    if folder is None:
        return False
    place = next((each for each in (folder, *folder.parents) if each.is_dir()), None)
    return place is not None and os.access(place, os.W_OK)


def written(folder: Path | None, name: str, text: str, *, was: str) -> None:
    """The file is there as it is edited, at once and whole; ``was`` is the stamp of the text that it was edited from.

    Raises ``BrokenError`` as :func:`drafted`, ``PermanentError`` when it changed meanwhile or cannot be written.
    """
    drafted(folder, name, text)
    if folder is None or not writable(folder):
        raise PermanentError("mapping.no_folder", hint=_NO_FOLDER)
    if stamp(text_of(folder, name)) != was:
        raise PermanentError("mapping.changed", hint=_CHANGED.with_(name=name))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / name, text.encode(errors="replace"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise PermanentError("mapping.not_written", hint=_FAILED.with_(name=name, why=why)) from None


def _replace(path: Path, content: bytes) -> None:
    """A reader sees the former file or the new one; its rights stay."""
    descriptor, beside = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(beside).replace(path)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        raise


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise PermanentError("mapping.no_name", hint=_NO_NAME.with_(name=name[:60]))
    return name
