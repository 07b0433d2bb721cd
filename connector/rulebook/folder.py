"""The files of a mapping set: those that come with the product, and the integrator's own beside connector.yaml."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from mappings.documents import MAX_BYTES
from mappings.faults import BrokenError, Fault

PACKAGED = "defaults/"
_KINDS = (".yaml", ".yml", ".csv")
_MOST = 500  # files; whoever has more has pointed at the wrong folder


def contents(folder: Path | None) -> dict[str, bytes]:
    """Everything by name: packaged files as ``defaults/<name>``, the folder's own as ``<name>``; no deeper folders.

    A file is read one byte beyond what is allowed and no further, so that its fault can be told. A folder that is not
    there has no files. Raises ``BrokenError`` for a file that cannot be read.
    """
    return {**packaged(), **(_own(folder) if folder is not None else {})}


def packaged() -> dict[str, bytes]:
    """The files that come with the product."""
    found = files("mappings").joinpath("defaults").iterdir()
    return {PACKAGED + file.name: file.read_bytes() for file in found if file.name.endswith(_KINDS)}


def packaged_examples() -> dict[str, bytes]:
    """The golden examples that come with the product."""
    found = files("mappings").joinpath("tests").iterdir()
    return {f"tests/{file.name}": file.read_bytes() for file in found if file.name.endswith(_KINDS)}


def _own(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    found = sorted(path for path in folder.iterdir() if path.suffix in _KINDS and path.is_file())
    return {path.name: _read(path) for path in found[:_MOST]}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        said = f"It cannot be read: {why}", f"Файл не читается: {why}"
        mend = "Give this user the right to read it", "Дайте этому пользователю право его читать"
        raise BrokenError([Fault(file=path.name, line=1, column=1, path="", said=said, mend=mend)]) from None
