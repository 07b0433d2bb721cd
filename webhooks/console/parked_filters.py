"""What a person filters the parked ones by: from the address of a page to the journal's sieve, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from connector.errors import Refused
from connector.journal.people import Deed
from connector.journal.sieve import Bound, Of, Sieve
from connector.speech import Text
from webhooks.console.reading import Reader
from webhooks.console.typed import cleaned, whole

MOST = 100  # ticked ones at a time
_NARROW = ("cause", "destination", "account", "kind")
_LONGEST = 200

_PREVIEW = Text(
    "Look at the preview first: open Parked and choose what is to be done",
    "Сначала посмотрите, что произойдёт: откройте «Отложено» и выберите действие",
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The filter of a page; ``query`` is what its links carry on, texts as they were typed."""

    sieve: Sieve
    query: Mapping[str, Any]

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered at all."""
        return any(name != "of" for name in self.query)

    def of(self, of: Of) -> Asked:
        """The same filter for the other kind of parked things; what does not narrow these is left out."""
        query = {name: value for name, value in self.query.items() if name not in ("of", *_foreign(of))}
        sieve = replace(self.sieve, of=of)
        if of == "envelopes":
            sieve = replace(sieve, destination="", kind="")
        return Asked(sieve=sieve, query={**query, "of": of})

    def fits(self, of: Of) -> bool:
        """Whether the filter leaves anything of that kind."""
        return not any(name in self.query for name in _foreign(of))


def asked(form: MultiDict[str, str], read: Reader) -> Asked:
    """The filter in the arguments of a page or in a form. Raises ``Refused`` 400 for names that are none."""
    of: Of = "envelopes" if form.get("of") == "envelopes" else "deliveries"
    kept = {name: cleaned(form.get(name, ""), _LONGEST) for name in (*_NARROW, "since", "until", "q")}
    since, until = read.typed(kept["since"]), read.typed(kept["until"])
    kept |= {name: "" for name, at in (("since", since), ("until", until)) if at is None}
    narrow: dict[str, Any] = {name: kept[name] for name in _NARROW}
    query = {name: value for name, value in {"of": of, **kept}.items() if value}
    sieve = Sieve(of=of, since=since, until=until, text=kept["q"], names=_names(form, of), **narrow)
    return Asked(sieve=sieve, query=query)


def bounded(form: MultiDict[str, str], sieve: Sieve) -> Sieve:
    """``sieve`` with the bound of the preview that the form comes from. Raises ``Refused`` 400 without one."""
    given, at = form.get("key", ""), _float(form.get("at", ""))
    key = whole(given) if sieve.of == "deliveries" else cleaned(given, 64) or None
    if at is None or key is None:
        raise Refused("console.preview", hint=_PREVIEW, status=400)
    return replace(sieve, bound=Bound(key=key, at=at))


def deed(form: MultiDict[str, str]) -> Deed:
    """What is to be done. Raises ``Refused`` 400 for anything else."""
    wanted = form.get("deed", "")
    if wanted == "replay":
        return "replay"
    if wanted == "discard":
        return "discard"
    raise Refused("console.preview", hint=_PREVIEW, status=400)


def _foreign(of: Of) -> tuple[str, ...]:
    return ("destination", "kind") if of == "envelopes" else ()


def _names(form: MultiDict[str, str], of: Of) -> tuple[int | str, ...]:
    """The ticked ones. Raises ``Refused`` 400 when what is named is no name: "none of these" must not mean "all"."""
    given = [name for name in form.getlist("name")[:MOST] if 0 < len(name) <= 64]
    if of == "envelopes":
        named: list[int | str] = [cleaned(name, 64) for name in given]
    else:
        named = [number for name in given if (number := whole(name)) is not None]
    if "name" in form and not any(named):
        raise Refused("console.preview", hint=_PREVIEW, status=400)
    return tuple(dict.fromkeys(named))


def _float(text: str) -> float | None:
    try:
        value = float(text[:40])
    except ValueError:
        return None
    return value if math.isfinite(value) else None
