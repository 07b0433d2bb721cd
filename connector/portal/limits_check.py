"""How much of the portal's limits is used, and by what (facts/bitrix24-platform.md §3.1, §3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.domain.provider import Finding
from connector.portal.phrases import age
from connector.speech import Text

TOP = 5
FULL, HOT = 0.9, 0.8  # the share of the bucket, of a method's operating seconds, that is worth a word

_SOURCES: Mapping[str, Text] = {
    "set": Text("set in connector.yaml", "заданы в connector.yaml"),
    "learned": Text("told by the portal", "сообщены порталом"),
    "default": Text("assumed", "по умолчанию"),
}
_BUCKET = Text(
    "Requests: {used} of {burst} used, {rate} a second come back ({source})",
    "Запросы: занято {used} из {burst}, в секунду освобождается {rate} ({source})",
)
_NO_BUCKET = Text("Requests are not limited ({source})", "Запросы не ограничены ({source})")
_BUCKET_HINT = Text(
    "The allowance is nearly used up, bulk work waits. If it stays so, a sync is too eager (`sources: every:`), or the "
    "plan is larger than known: set `portals.<name>.budget`.",
    "Лимит почти выбран, массовая работа ждёт. Если так всё время — синхронизация слишком часта (`sources: every:`) "
    "или тариф больше известного: укажите `portals.<имя>.budget`.",
)
_QUIET = Text("No method has used up operating time", "Операционное время методов не расходуется")
_METHOD = Text(
    "{method}: {seconds} of {limit} s of operating time used, back in {reset}",
    "{method}: израсходовано {seconds} из {limit} с операционного времени, вернётся через {reset}",
)
_WAITS = Text("{method} waits {blocked} for its operating time", "{method} ждёт операционного времени ещё {blocked}")
_METHOD_HINT = Text(
    "Only this method waits, everything else goes on; nothing to do. If it is so every day, spread the sync over the "
    "day or ask for fewer rows.",
    "Ждёт только этот метод, остальное работает; делать ничего не нужно. Если так каждый день, разнесите синхронизацию "
    "по времени или запрашивайте меньше строк.",
)


def bucket(level: Mapping[str, float], source: str) -> Finding:
    """``level`` as ``Budget.level`` says; ``source`` is ``set``, ``learned`` or ``default``. Burst 0: no limit."""
    words, burst = _SOURCES.get(source, _SOURCES["default"]), level["burst"]
    if burst <= 0:
        return Finding(_NO_BUCKET.with_(source=words), "ok", code="portal.budget")
    numbers = {"used": f"{level['used']:.0f}", "burst": f"{burst:.0f}", "rate": f"{level['per_second']:g}"}
    what = _BUCKET.with_(source=words, **numbers)
    full = level["used"] >= FULL * burst
    return Finding(what, "warn" if full else "ok", _BUCKET_HINT if full else None, "portal.budget")


def operating(methods: Mapping[str, Mapping[str, float]]) -> Iterator[Finding]:
    """``methods`` as ``Budget.operating`` says: those that wait, then those that used most."""
    spent = {method: row for method, row in methods.items() if row["seconds"] > 0 or row["blocked"] > 0}
    if not spent:
        yield Finding(_QUIET, "ok", code="portal.operating")
        return
    order = sorted(spent.items(), key=lambda item: (-item[1]["blocked"], -item[1]["seconds"], item[0]))
    waiting = sum(1 for row in spent.values() if row["blocked"] > 0)
    for method, row in order[: max(TOP, waiting)]:
        yield _operating(method, row)


def _operating(method: str, row: Mapping[str, float]) -> Finding:
    if row["blocked"] > 0:
        what = _WAITS.with_(method=method, blocked=age(row["blocked"]))
        return Finding(what, "warn", _METHOD_HINT, "portal.operating")
    numbers = {"seconds": f"{row['seconds']:.0f}", "limit": f"{row['limit']:.0f}"}
    what = _METHOD.with_(method=method, reset=age(row["reset"]), **numbers)
    hot = row["seconds"] >= HOT * row["limit"]
    return Finding(what, "warn" if hot else "ok", _METHOD_HINT if hot else None, "portal.operating")
