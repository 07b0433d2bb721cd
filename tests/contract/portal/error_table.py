"""``errors.yaml`` as rows: every error that Bitrix24 is known to answer, and what we make of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

Where = Literal["single", "raw", "command", "v3", "renewal", "adoption"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """``code`` and ``words`` as the wire has them; ``statuses`` are all that were seen.

    ``where`` it is heard: a ``single`` call, a ``command`` of a batch, a token ``renewal``, the ``adoption`` of a
    grant, a ``v3`` object, or ``raw`` (``words`` is the whole body). ``cure`` is what is tried once before the verdict.
    """

    where: Where
    code: str
    statuses: tuple[int, ...]
    act: Literal["wait", "park", "stop", "refuse"]
    cause: str
    words: str = ""
    state: str = ""
    maybe_done: bool = False
    cure: Literal["", "renew", "repeat"] = ""
    differs: str = ""

    @property
    def name(self) -> str:
        """What a test is called."""
        return f"{self.where}-{self.code or 'empty'}-{self.cause}"


def _rows() -> tuple[Row, ...]:
    told: dict[Where, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("errors.yaml").read_text())
    return tuple(
        Row(where=where, **fields | {"statuses": tuple(fields["statuses"])})
        for where, group in told.items()
        for fields in group
    )


ROWS = _rows()
