"""Questions to a portal: what all looks need goes together, nothing twice, refusals go to those who asked."""

from __future__ import annotations

from typing import Any, cast

import pytest

from connector.errors import PermanentError, TransientError
from connector.portal import Outcome, Portal
from connector.rulebook.known import Ask, Look, Unseen, together
from connector.speech import Text

DENIED = PermanentError("bitrix24.access_denied", hint=Text("a", "б"))
LATER = TransientError("bitrix24.operating_limit", hint=Text("a", "б"))


class FakePortal:
    """Answers ``<method>!``, and rows to questions about one."""

    def __init__(self, **outcomes: Outcome) -> None:
        self.outcomes, self.batches, self.calls = outcomes, list[list[Any]](), list[str]()

    def batch(self, commands: Any, **_: Any) -> dict[str, Outcome]:
        self.batches.append(list(commands.values()))
        return {key: self._outcome(*command) for key, command in commands.items()}

    def call(self, method: str, params: Any, **_: Any) -> str:
        self.calls.append(method)
        return f"{method}!"

    def _outcome(self, method: str, params: Any) -> Outcome:
        ids = params.get("FILTER", {}).get("ID", [])
        answer: Any = [{"ID": str(number)} for number in ids if number != 99] if ids else f"{method}!"
        return self.outcomes.get(method, Outcome(state="ok", result=answer))


def run(portal: FakePortal, *looks: Look[Any]) -> list[Any]:
    return together(cast(Portal, portal), looks)


def asks(*methods: str) -> Look[list[Any]]:
    answers = []
    for method in methods:
        answers.append((yield Ask(method=method)))
    return answers


def about(number: int) -> Look[Any]:
    row = yield Ask(method="user.get", one=number)
    return row


def test_looks_go_in_step_and_ask_nothing_twice() -> None:
    portal = FakePortal()
    assert run(portal, asks("a", "b"), asks("a"), asks(), asks("b", "a")) == [["a!", "b!"], ["a!"], [], ["b!", "a!"]]
    assert [sorted(method for method, _ in batch) for batch in portal.batches] == [["a", "b"]]


def test_questions_about_single_rows_share_a_command() -> None:
    portal = FakePortal()
    found = run(portal, *(about(number) for number in (*range(1, 60), 1, 99)))
    assert [row and row["ID"] for row in found] == [*map(str, range(1, 60)), "1", None]
    [batch] = portal.batches
    assert [len(params["FILTER"]["ID"]) for _, params in batch] == [50, 10]


def test_more_than_a_batch_takes_are_several() -> None:
    portal = FakePortal()
    run(portal, *(asks(f"m{number}") for number in range(120)))
    assert [len(batch) for batch in portal.batches] == [50, 50, 20]


def test_a_refusal_goes_to_whoever_asked_and_is_unseen_else() -> None:
    def catching() -> Look[str]:
        try:
            yield Ask(method="b")
        except PermanentError as error:
            return error.cause
        return ""

    portal = FakePortal(b=Outcome(state="failed", error=DENIED))
    assert run(portal, asks("a", "b"), catching(), asks("a")) == [
        Unseen(method="b", error=DENIED),
        "bitrix24.access_denied",
        ["a!"],
    ]


def test_what_passes_is_raised_and_what_was_not_run_is_called() -> None:
    with pytest.raises(TransientError):
        run(FakePortal(b=Outcome(state="failed", error=LATER)), asks("b"))
    portal = FakePortal(b=Outcome(state="not_run"))
    assert run(portal, asks("b")) == [["b!"]]
    assert portal.calls == ["b"]
