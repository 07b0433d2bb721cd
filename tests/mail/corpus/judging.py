"""What became of the corpus, held against what had to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.mail.corpus.case import Case

_TOLD = {"message": "client", "repeat": "client", "note": "system", "bounce": "system"}


@dataclass(frozen=True)
class Said:
    """One message in a chat of the portal; ``files`` are the names of what hangs on it."""

    chat: str
    client: str
    author: str
    text: str
    files: tuple[str, ...]


def said(chats: Iterable[Mapping[str, Any]]) -> list[Said]:
    """All messages of the sandbox's chats (each as ``chat(number)`` tells it)."""
    return [
        Said(
            str(chat["id"]),
            str(chat["client"]["xml_id"]),
            row["author"],
            row["text"],
            tuple(file["name"] for file in row["files"]),
        )
        for chat in chats
        for row in chat["messages"]
    ]


def judged(cases: Sequence[Case], told: Sequence[Said], held: Sequence[str]) -> list[str]:
    """All that is wrong, in words; ``held`` are the texts of what is in quarantine."""
    chats: dict[str, set[str]] = defaultdict(set)
    wrong: list[str] = []
    for case in cases:
        found = [each for each in told if case.expect.shown in each.text]
        wrong += (f"{case.name}: {why}" for why in _case(case, told, held))
        chats[case.expect.thread] |= {each.chat for each in found if each.author == _TOLD.get(case.expect.outcome)}
    wrong += (f"{thread!r} is in {len(where)} chats" for thread, where in chats.items() if len(where) > 1)
    shared = Counter(chat for where in chats.values() for chat in where)
    wrong += (f"chat {chat} has {count} threads" for chat, count in shared.items() if count > 1)
    expected = sum(case.expect.pieces for case in cases if case.expect.outcome == "message")
    came = sum(each.author == "client" for each in told)
    return wrong if came == expected else [*wrong, f"{came} messages, {expected} expected"]


def table(cases: Sequence[Case], wrong: Sequence[str]) -> str:
    """Kinds and outcomes, and how many of each are right."""
    bad = {why.partition(":")[0] for why in wrong}
    outcomes = ("message", "note", "bounce", "ignored", "quarantine", "repeat")
    rows = [f"{'kind':14}" + "".join(f"{outcome:>12}" for outcome in outcomes) + f"{'right':>12}"]
    for kind in dict.fromkeys(case.kind for case in cases):
        some = [case for case in cases if case.kind == kind]
        counts = Counter(case.expect.outcome for case in some)
        right = sum(case.name not in bad for case in some)
        cells = "".join(f"{counts[outcome] or '':>12}" for outcome in outcomes)
        rows.append(f"{kind:14}{cells}{f'{right} of {len(some)}':>12}")
    return "\n".join(rows)


def _case(case: Case, told: Sequence[Said], held: Sequence[str]) -> Iterator[str]:
    expect = case.expect
    found = [each for each in told if expect.shown in each.text]
    author = _TOLD.get(expect.outcome)
    if author is None:
        yield from (f"is told in chat {each.chat}: {each.text!r}" for each in found)
        if expect.outcome == "quarantine" and sum(expect.shown in text for text in held) != 1:
            yield "is not in quarantine once"
        return
    if len(found) != 1 or found[0].author != author:
        yield f"is there {len(found)} times: {[(each.author, each.chat) for each in found]}"
        return
    (one,) = found
    if not one.client.endswith(expect.client):
        yield f"is of {one.client}, not {expect.client}"
    yield from (f"shows {part!r}" for part in expect.hidden if part in one.text)
    if author != "client":
        return
    files = (
        one.files
        if expect.pieces == 1
        else tuple(name for each in told if each.chat == one.chat for name in each.files)
    )
    if files[:-1] != expect.files or not files[-1].endswith(".eml"):
        yield f"has files {files}, not {expect.files} and the whole letter"
