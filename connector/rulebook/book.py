"""Which mapping set is in use: one for all processes, taken from the journal, changed without a restart.

The folder is where sets come from: when its files change and are sound, they become a version and are put to use. A
person may go back to a former version; that stays until the files change again. A broken folder never replaces what
works.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import structlog

from connector.errors import ConnectorError, PermanentError
from connector.journal import Journal, JournalAway
from connector.rulebook.folder import contents, packaged
from connector.rulebook.kinds import KINDS
from connector.speech import Text
from mappings.engine import MappingSet
from mappings.faults import BrokenError
from mappings.loading import load

log = structlog.get_logger()

_LOOK_SECONDS = 2.0
_COMPILED = 4  # versions of which a process keeps the rules ready: hundreds of them take a second to compile
_BROKEN = Text(
    "The mapping has {count} faults, the first: {first}. See all with `connector mappings check`; until then version "
    "{version} stays in use.",
    "В маппинге ошибок: {count}, первая: {first}. Все покажет `connector mappings check`; до исправления работает "
    "версия {version}.",
)


class Rulebook:
    """The set in use, at most two seconds old. ``folder`` holds the integrator's files; ``None``: packaged ones only.

    For all threads of a process; a forked child may go on using it.
    """

    def __init__(self, journal: Journal, folder: Path | None, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._journal, self._folder, self._ticks = journal, folder, ticks
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._set: MappingSet | None = None
        self._bad = self._offered = ""
        self._compiled = lru_cache(_COMPILED)(self._compile)
        self._judged: tuple[str, BrokenError | None] = "", None

    def current(self) -> MappingSet:
        """The set in use. While the journal is away the last one known; before the first is published, the folder's if
        it is sound, else what comes with the product.
        """
        with self._lock:
            now = self._ticks()
            if self._set is None or self._looked is None or now - self._looked >= _LOOK_SECONDS:
                self._looked = now
                self._set = self._look(self._set)
            return self._set

    def folder_set(self) -> MappingSet:
        """The files of the folder as a set, whatever is in use. Raises ``BrokenError`` with all faults."""
        return load(contents(self._folder), KINDS)

    def watch(self) -> str:
        """:meth:`publish` what changed in the folder since this process last looked; the version, or empty.

        Machines with different folders do not take turns: each offers its own once, and again when it changes.
        """
        offered = self._stamp()
        if offered == self._offered:
            return ""
        self._offered = offered
        found = self._sound()
        return self._use(found) if found.version != self._journal.mapping_of_folder() else ""

    def publish(self) -> str:
        """Put the folder's files to use now; the version, empty when it is in use already.

        Raises ``PermanentError`` (``mapping.broken``) when they are broken: what was in use stays.
        """
        found = self._sound()
        return self._use(found) if found.version != self._journal.mapping_now() else ""

    def _stamp(self) -> str:
        try:
            return _digest(contents(self._folder))
        except BrokenError as unreadable:
            return str(unreadable)

    def _sound(self) -> MappingSet:
        try:
            return self.folder_set()
        except BrokenError as error:
            raise self._broken(error) from None

    def _use(self, found: MappingSet) -> str:
        self._journal.use_mapping(found.version, texts(found.files), origin="folder", who="connector")
        self._looked = None
        log.info("mapping.published", version=found.version)
        return found.version

    def roll_back(self, begins: str, *, who: str, why: str) -> MappingSet:
        """Put a former version to use until the files change. Raises ``PermanentError`` for one that is not kept, or
        that this version of the product can no longer read.
        """
        found = self.version(begins)
        self._journal.use_mapping(found.version, texts(found.files), origin="person", who=who, why=why)
        self._looked = None
        return found

    def version(self, begins: str) -> MappingSet:
        """A kept set by the beginning of its version. Raises ``PermanentError``."""
        version = self._journal.mapping_version(begins)
        try:
            return self._compiled(version)
        except BrokenError as error:
            raise self._broken(error) from None

    def fault(self) -> PermanentError | None:
        """What is wrong with the files of the folder as they are now (``mapping.broken``); ``None``: they are sound.
        They are compiled only when they have changed since the last look.
        """
        files = self._stamp()
        known, error = self._judged
        if files != known:
            error = self._wrong()
            self._judged = files, error
        return self._broken(error) if error else None

    def _wrong(self) -> BrokenError | None:
        try:
            self.folder_set()
        except BrokenError as error:
            return error
        return None

    def _compile(self, version: str) -> MappingSet:
        return load(self._journal.mapping_files(version), KINDS)

    def _broken(self, error: BrokenError) -> PermanentError:
        first = Text(error.faults[0].words("en"), error.faults[0].words("ru"))
        version = self._set.version if self._set else self._journal.mapping_now()
        hint = _BROKEN.with_(count=len(error.faults) + error.more, first=first, version=version or "–")
        return PermanentError("mapping.broken", hint=hint, detail=str(error)[:2000])

    def _look(self, known: MappingSet | None) -> MappingSet:
        try:
            version = self._journal.mapping_now()
            if known is not None and version in (known.version, self._bad, ""):
                return known
            return self._load(version, known)
        except JournalAway:
            return known or self._first()

    def _load(self, version: str, known: MappingSet | None) -> MappingSet:
        if not version:
            return self._first()
        try:
            return self._compiled(version)
        except (BrokenError, ConnectorError) as error:
            # Written by a newer product: what is known here goes on.
            self._bad = version
            log.error("mapping.unreadable", version=version, why=str(error)[:500])
            return known or self._first()

    def _first(self) -> MappingSet:
        try:
            return self.folder_set()
        except BrokenError as error:
            log.error("mapping.broken", why=str(error)[:500])
            return load(packaged(), KINDS)


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return whole.hexdigest()


def texts(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """Contents of a sound set as text."""
    return {name: text if isinstance(text, str) else text.decode("utf-8-sig") for name, text in files.items()}
