"""Which files there are: below one folder, by a pattern, without those that are somebody's half work."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from connector.errors import PermanentError
from connector.providers.table.formats import SUFFIXES
from connector.speech import Text

MOST = 10_000  # files: each stands in the bookmark
_WILD = re.compile(r"[*?\[]")
_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]")
_HALF = (".tmp", ".part", ".lock", ".filepart", ".crdownload")
_OWN = (".", "~$")  # hidden files, and what Excel and LibreOffice lay beside an opened one

_LEADS_OUT = Text(
    "{name} is a link that leads out of the folder, and is not read: put the file itself there",
    "{name} — ссылка за пределы папки, файл не читается: положите туда сам файл",
)
_TOO_MANY = Text(
    "More than {most} files match the location: make its pattern narrower, or move files that were read elsewhere",
    "Под адрес подходит больше {most} файлов: сузьте шаблон или перенесите прочитанные файлы",
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file. ``name`` is how it is called below the folder, ``path`` where it really lies; ``size`` in bytes,
    ``modified`` in seconds since 1970, by the clock of its machine. ``tag`` is a mark that the server itself gives.
    """

    name: str
    path: str
    size: int = 0
    modified: float | None = None
    tag: str = ""

    @property
    def fingerprint(self) -> str:
        """Another one: another content."""
        return self.tag or f"{self.size}-{self.modified or 0:.6f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The files that match, all names that were seen beside them, and what a person should know."""

    files: tuple[Found, ...]
    names: frozenset[str] = frozenset()
    notes: tuple[Text, ...] = ()


class Storage(Protocol):
    """Where files lie. Everything raises ``TransientError`` when it is away, ``PermanentError`` when it refuses us."""

    def look(self, seen: Mapping[str, str]) -> Listing:
        """What is there now; ``seen`` are the fingerprints by name that are known already."""

    def find(self, name: str) -> Found | None:
        """One file as it is now; ``None``: it is gone."""

    def bring(self, found: Found, target: Path) -> None:
        """Copy it to ``target``. Raises :class:`Changed` when it is not, or no longer, the file that was found."""

    def close(self) -> None: ...


class Changed(Exception):
    """The file is another one by now, or gone."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What stands in a folder; a ``link`` has size, time and kind of what it leads to."""

    name: str
    folder: bool = False
    link: bool = False
    size: int = 0
    modified: float | None = None
    tag: str = ""


class Shelf(Protocol):
    """A tree of folders, as :func:`looked` walks it; paths are absolute with ``/``."""

    def entries(self, folder: str) -> Iterable[Entry]: ...

    def entry(self, path: str) -> Entry | None:
        """What stands there; ``None``: nothing."""

    def is_folder(self, path: str) -> bool: ...

    def real(self, path: str) -> str:
        """Without links and dots."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which files of ``root`` are meant; ``depth`` are the folders below it that may hold some."""

    root: str
    pattern: re.Pattern[str]
    depth: int
    loose: bool = field(default=False)

    def meant(self, name: str) -> bool:
        """Whether the file of that name (below the root) is meant."""
        short = posixpath.basename(name)
        if not self.pattern.fullmatch(name) or short.startswith(_OWN) or short.lower().endswith(_HALF):
            return False
        return not self.loose or short.lower().endswith(SUFFIXES)


def wanted(path: str, shelf: Shelf) -> Wanted:
    """What a path with wildcards, of a folder, or of one file means; of a folder: all files of a known format."""
    parts = path.split("/")
    plain = next((number for number, part in enumerate(parts) if _WILD.search(part)), len(parts))
    root = "/".join(parts[:plain]) or "/"
    if plain < len(parts):
        rest = "/".join(parts[plain:])
        depth = 99 if "**" in rest else rest.count("/")
        return Wanted(root=root, pattern=_compiled(rest), depth=depth)
    if shelf.is_folder(path):
        return Wanted(root=path.rstrip("/") or "/", pattern=_compiled("*"), depth=0, loose=True)
    folder, name = posixpath.split(path)
    return Wanted(root=folder or "/", pattern=re.compile(re.escape(name)), depth=0)


def looked(shelf: Shelf, meant: Wanted) -> Listing:
    """The files below the root that are meant. Raises ``PermanentError`` when there are too many."""
    base = shelf.real(meant.root)
    files, names, notes = list[Found](), set[str](), list[Text]()
    for name, path, entry in _walk(shelf, meant.root, "", meant.depth):
        names.add(name)
        if entry.folder or not meant.meant(name):
            continue
        found = _inside(shelf, base, name, path, entry)
        if found is None:
            notes.append(_LEADS_OUT.with_(name=name))
            continue
        files.append(found)
        if len(files) > MOST:
            raise PermanentError("table.too_many", hint=_TOO_MANY.with_(most=MOST))
    return Listing(files=tuple(files), names=frozenset(names), notes=tuple(notes))


def found_again(shelf: Shelf, meant: Wanted, name: str) -> Found | None:
    """The file of that name as it is now; ``None``: it is gone, or leads out of the folder by now."""
    path = f"{meant.root.rstrip('/')}/{name}"
    entry = shelf.entry(path)
    if entry is None or entry.folder:
        return None
    return _inside(shelf, shelf.real(meant.root), name, path, entry)


def _inside(shelf: Shelf, base: str, name: str, path: str, entry: Entry) -> Found | None:
    if entry.link:
        path = shelf.real(path)
        if not path.startswith(base.rstrip("/") + "/"):
            return None
    return Found(name=name, path=path, size=entry.size, modified=entry.modified, tag=entry.tag)


def being_written(name: str, names: frozenset[str]) -> str:
    """The companion that says so (``orders.csv.part``, ``orders.lock``); empty: there is none."""
    stems = (name, posixpath.splitext(name)[0])
    return next((stem + end for stem in stems for end in _HALF if stem + end in names), "")


def in_order(file: Found) -> tuple[int, list[tuple[int, str]]]:
    """Sorts as files were made: by their second, then by name, numbers in it as numbers."""
    parts = re.split(r"(\d+)", file.name)
    return int(file.modified or 0), [(int(part), "") if part.isdecimal() else (-1, part) for part in parts if part]


def _walk(shelf: Shelf, folder: str, above: str, depth: int) -> Iterator[tuple[str, str, Entry]]:
    for entry in sorted(shelf.entries(folder), key=lambda each: each.name):
        name, path = above + entry.name, f"{folder.rstrip('/')}/{entry.name}"
        yield name, path, entry
        if entry.folder and not entry.link and depth and not entry.name.startswith("."):
            yield from _walk(shelf, path, f"{name}/", depth - 1)


def _compiled(pattern: str) -> re.Pattern[str]:
    meanings = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    made, at = "", 0
    for sign in _PARTS.finditer(pattern):
        made += re.escape(pattern[at : sign.start()])
        made += (
            meanings.get(sign[0])
            or "[" + ("^" if sign[0][1] == "!" else "") + re.escape(sign[0].strip("[]!")).replace(r"\-", "-") + "]"
        )
        at = sign.end()
    return re.compile(made + re.escape(pattern[at:]), re.DOTALL)
