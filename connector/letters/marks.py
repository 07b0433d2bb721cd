"""Signs of the private area by which the reader of HTML tells the cutter of quotes what a stretch is."""

from __future__ import annotations

import re

QUOTE = "\ue010"  # a container that mail programs use for nothing but quotes begins
PERHAPS = "\ue011"  # a plain blockquote begins
CLOSE = "\ue012"  # … ends, either kind
REST = "\ue013"  # what follows to the end is the earlier letter
SIGNED, UNSIGNED = "\ue014", "\ue015"  # a signature's container begins, ends
IMAGE = "\ue016"  # an inline image between two of them: its cid
RULED = "\ue018"  # a line of Outlook, under which an earlier letter may follow
CELL = "\ue017"  # a table's cell ends
OF_LINES = frozenset({QUOTE, PERHAPS, CLOSE, REST, RULED, SIGNED, UNSIGNED})

_ALL = re.compile("[\ue010-\ue018]")
_IMAGES = re.compile(f"{IMAGE}([^{IMAGE}\\n]*){IMAGE}")
_EMPTY_CELLS = re.compile(f"^[{CELL} ]*{CELL}[{CELL} ]*\n", re.MULTILINE)
_CELLS = re.compile(f" *{CELL}[{CELL} ]*")


def spaced(text: str) -> str:
    """``text`` with its cells apart by one space; lines of nothing but ends of cells are gone."""
    return _CELLS.sub(" ", _EMPTY_CELLS.sub("", text))


def without(text: str) -> str:
    """``text`` with none of the marks; a stranger's letter may bring its own."""
    return _ALL.sub("", text)


def images(text: str) -> tuple[str, frozenset[str]]:
    """``(text without its image marks, the cids they told)``."""
    return _IMAGES.sub("", text), frozenset(_IMAGES.findall(text))
