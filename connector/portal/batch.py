"""``batch``: up to 50 commands in one request (facts/bitrix24-platform.md §3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connector.errors import ConnectorError, PermanentError
from connector.portal.answers import Fault, Success, error_of
from connector.portal.faults import judge
from connector.portal.joining import items_of
from connector.portal.wire import encode_params, encode_query
from connector.speech import Text

LIMIT = 50
# PHP's max_input_vars (1000 by default) silently cuts the inner query of a command (§3.3).
MOST_VARIABLES = 900
_REWRITTEN = re.compile(r"\$(result|error|total|next|time)\S*\[", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORBIDDEN = frozenset({"batch", "download", "upload"})

Commands = Mapping[str, tuple[str, Mapping[str, Any]]]


class Ref(str):
    """A reference of ours to an earlier command, ``Ref("$result[deal][ID]")``: the one text that may be rewritten.

    Use ``halt``: an unresolved reference yields its deepest parent, not an error.
    """


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one command. ``not_run`` left no trace: it was not executed."""

    state: Literal["ok", "failed", "not_run"]
    result: Any = None
    error: ConnectorError | None = None
    total: int | None = None
    next: int | None = None


def must_go_alone(params: Mapping[str, Any]) -> bool:
    """Whether these parameters would be rewritten or cut inside a batch, so the call must be single (trap 19)."""
    if any(_REWRITTEN.search(text) for text in _texts(params)):
        return True
    return len(encode_params(params)) > MOST_VARIABLES


def body_of(commands: Commands, *, halt: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters of ``batch`` and the map from wire keys to the caller's keys.

    Keys that are names stay (references use them); others are renamed, because numeric keys reshape the answer.
    Raises ``PermanentError`` for more than 50 commands, nested ``batch`` / ``download`` / ``upload`` and texts that
    the server would rewrite.
    """
    if len(commands) > LIMIT:
        raise PermanentError("portal.batch_too_long", hint=_TOO_LONG, detail=f"{len(commands)} commands")
    cmd: dict[str, str] = {}
    keys: dict[str, str] = {}
    for index, (key, (method, params)) in enumerate(commands.items()):
        if method.lower() in _FORBIDDEN:
            raise PermanentError("portal.batch_nested", hint=_NESTED, detail=method)
        if must_go_alone(params):
            raise PermanentError("portal.batch_rewrites", hint=_REWRITES, detail=method)
        wire = key if _KEY.fullmatch(key) else _spare(index, commands)
        keys[wire] = key
        query = encode_query(params)
        cmd[wire] = f"{method}?{query}" if query else method
    return {"cmd": cmd, "halt": 1 if halt else 0}, keys


def outcomes_of(success: Success, commands: Commands, keys: Mapping[str, str]) -> dict[str, Outcome]:
    """The outcome of each command, in the order given.

    Raises ``TransientError`` (``maybe_done``) when the answer has no sections: it proves nothing (§7 (16)).
    """
    sections = success.result
    if not isinstance(sections, dict) or "result" not in sections:
        raise judge(Fault(shape="opaque", status=200, words="batch answer without sections"), method="batch")
    done, failed = section(sections.get("result")), section(sections.get("result_error"))
    totals, nexts = section(sections.get("result_total")), section(sections.get("result_next"))
    outcomes: dict[str, Outcome] = {}
    for wire, key in keys.items():
        if wire in failed:
            outcomes[key] = Outcome(state="failed", error=_failure(failed[wire], commands[key][0]))
        elif wire in done:
            outcomes[key] = _done(done[wire], commands[key][0], totals.get(wire), nexts.get(wire))
        else:
            outcomes[key] = Outcome(state="not_run")
    return outcomes


def section(value: Any) -> dict[str, Any]:
    """A section as a map: PHP writes an empty map as ``[]`` and a map with keys 0..n as a list (§1.4)."""
    if isinstance(value, dict):
        return value
    return {str(index): item for index, item in enumerate(value)} if isinstance(value, list) else {}


def load_of(commands: Commands) -> dict[str, float]:
    """What a batch of these runs, as ``ports.Budget`` counts it."""
    load: dict[str, float] = {}
    for method, params in commands.values():
        load[method.lower()] = load.get(method.lower(), 0.0) + items_of(method, params)
    return load


def by_method(commands: Commands, keys: Mapping[str, str]) -> dict[str, list[str]]:
    """The wire keys of each method (in lower case), in the order sent."""
    wires: dict[str, list[str]] = {}
    for wire, key in keys.items():
        wires.setdefault(commands[key][0].lower(), []).append(wire)
    return wires


def together(times: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The ``time`` blocks of one method's commands as one: seconds add up, ``operating`` is a sum already (trap 8)."""
    seconds = [time.get("processing", time.get("duration")) for time in times]
    known = [float(second) for second in seconds if isinstance(second, int | float)]
    whole = {key: value for key, value in times[-1].items() if key not in ("processing", "duration")}
    return {**whole, "processing": sum(known)} if known else whole


def nested_error(result: Any, method: str) -> ConnectorError | None:
    """``imconnector.register`` reports its errors inside ``result`` at 200 (facts/bitrix24-openlines.md §1.1)."""
    if isinstance(result, dict) and result.get("result") is False:
        fault = error_of(result, 200)
        return judge(fault, method=method) if fault else None
    return None


def _spare(index: int, taken: Commands) -> str:
    name = f"c_{index}"
    while name in taken:
        name += "_"
    return name


def _done(result: Any, method: str, total: Any, following: Any) -> Outcome:
    error = nested_error(result, method)
    if error is not None:
        return Outcome(state="failed", error=error)
    return Outcome(state="ok", result=result, total=_int(total), next=_int(following))


def _failure(entry: Any, method: str) -> ConnectorError:
    body = entry if isinstance(entry, Mapping) else {"error": str(entry)}
    fault = error_of(body, 400) or Fault(shape="error", status=400, words=str(entry)[:200])
    return judge(fault, method=method)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Ref):
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield str(key)
            yield from _texts(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _texts(child)


def _int(value: Any) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdecimal() else None


_TOO_LONG = Text(
    "A batch takes 50 commands at most; split the work.", "В пакете не больше 50 команд; разделите работу."
)
_NESTED = Text(
    "batch, download and upload cannot ride inside a batch; call them alone.",
    "batch, download и upload нельзя вложить в пакет; вызывайте их отдельно.",
)
_REWRITES = Text(
    "This text would be rewritten or cut inside a batch; the call must go alone.",
    "Этот текст внутри пакета был бы переписан или обрезан; вызов должен идти отдельно.",
)
