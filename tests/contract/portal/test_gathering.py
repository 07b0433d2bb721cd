"""Many reads as few: each has the answer that it would have had alone, whatever the portal takes for the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.portal.batch import Outcome
from connector.portal.bulk.gathering import Gathering, Read
from connector.speech import Text
from tests.contract.portal.conftest import House

WORDS = Text("So it is.", "Так и есть.")
REFUSED = PermanentError("bitrix24.bad_argument", hint=WORDS)
MISSING = PermanentError("bitrix24.not_found", hint=WORDS)
HIDDEN = PermanentError("bitrix24.access_denied", hint=WORDS)
LOST = TransientError("bitrix24.lost", hint=WORDS, maybe_done=True)

KEEN: Callable[[Any], str] = str


def caseless(value: Any) -> str:
    """As most of MySQL's collations do: case and blanks at the end mean nothing."""
    return str(value).rstrip(" ").casefold()


def lenient(value: Any) -> str:
    """Neither accents nor case, and a number is a number."""
    text = unicodedata.normalize("NFKD", str(value)).casefold().strip()
    text = "".join(char for char in text if not unicodedata.combining(char))
    return text.lstrip("0").removesuffix(".0") or text


@dataclass
class Fake:
    """A portal's list of rows and how it compares; ``lost`` answers are lost, the next ones first."""

    rows: list[dict[str, Any]]
    same: Callable[[Any], str] = caseless
    lost: list[str] = field(default_factory=list)
    commands: list[Read] = field(default_factory=list)

    def write(self, commands: Iterable[tuple[Any, str, Mapping[str, Any]]]) -> Iterator[tuple[Any, Outcome]]:
        for key, method, params in commands:
            self.commands.append((method, params))
            trouble = self.lost.pop() if self.lost else ""
            if trouble == "gone":
                raise Stopped("bitrix24.gone", hint=WORDS, state="uninstalled")
            lost = {"lost": Outcome(state="failed", error=LOST), "skipped": Outcome(state="not_run")}
            yield key, lost.get(trouble) or self.answer(method, params)

    def answer(self, method: str, params: Mapping[str, Any]) -> Outcome:
        """What the command finds, like ``crm.item.list`` and ``crm.item.get``."""
        if params.get("entityTypeId") == 999:
            return Outcome(state="failed", error=MISSING)
        if method == "crm.item.get":
            found = [row for row in self.rows if str(row["id"]) == str(params["id"])]
            if found and found[0].get("hidden"):
                return Outcome(state="failed", error=HIDDEN)
            return Outcome(state="ok", result={"item": found[0]}) if found else Outcome(state="failed", error=MISSING)
        try:
            rows = [row for row in self.rows if self._fits(row, params["filter"])]
        except PermanentError as error:
            return Outcome(state="failed", error=error)
        chosen = set(params["select"])
        items = [row if "*" in chosen else {key: row[key] for key in row if key in chosen} for row in rows]
        return Outcome(state="ok", result={"items": items[:50]}, total=len(rows), next=50 if len(rows) > 50 else None)

    def _fits(self, row: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
        for name, wanted in filters.items():
            values = {self.same(one) for one in (wanted if isinstance(wanted, list) else [wanted])}
            if self.same("BAD") in values:
                raise REFUSED
            have = row.get(name[1:])
            if not values & {self.same(one) for one in (have if isinstance(have, list) else [have])} or have is None:
                return False
        return not row.get("hidden")


def listed(value: Any, *, kind: int = 1036, name: str = "code", **more: Any) -> Read:
    """As plans look for rows."""
    params = {"entityTypeId": kind, "filter": {"=kept": "Y", f"={name}": value}, "select": ["id"]}
    return "crm.item.list", {**params, "order": {"id": "ASC"}, "useOriginalUfNames": "Y", **more}


def got(number: Any, kind: int = 1036) -> Read:
    return "crm.item.get", {"entityTypeId": kind, "id": number, "useOriginalUfNames": "Y"}


def told(answer: Any) -> Any:
    """An answer without the field that it was told apart by, and an error by its cause."""
    if isinstance(answer, ConnectorError):
        return answer.cause
    if isinstance(answer, Mapping) and "items" in answer:
        return [row["id"] for row in answer["items"]]
    return answer


def alone(fake: Fake, read: Read) -> Any:
    outcome = fake.answer(*read)
    return told(outcome.error or outcome.result)


VALUES = st.sampled_from([
    "a", "A", "a ", " a", "b", "ё", "е", "Ё", "й", "и", "ß", "ss", "5", "05", "5.0", 5, 5.0, "None", "none", "Y", "",
    " ", 0, "0", "x\0y", "\ud800", "BAD", "$result[a]", "long" * 600, "nan", "1e1", "10", True, "True", "1", None,
])  # fmt: skip
HAVE = st.one_of(VALUES, st.lists(VALUES, max_size=3))
ROWS = st.lists(st.tuples(HAVE, st.integers(1, 60), st.booleans()), max_size=12)
READS = st.one_of(
    VALUES.map(listed),
    st.integers(1, 14).map(got),
    st.integers(1, 3).map(lambda number: got(str(number))),
    VALUES.map(lambda value: listed(value, kind=999)),
    VALUES.map(lambda value: listed(value, order={"id": "DESC"})),
    VALUES.map(lambda value: listed(value, name="id")),
    st.integers(1, 9).map(lambda number: got(number, 999)),
)


@given(
    rows=ROWS, reads=st.lists(READS, max_size=25), same=st.sampled_from([KEEN, caseless, lenient]),
    lost=st.lists(st.sampled_from(["", "", "lost", "skipped"]), max_size=2),
)  # fmt: skip
def test_each_read_has_the_answer_it_would_have_had_alone(
    rows: list[tuple[Any, int, bool]], reads: list[Read], same: Callable[[Any], str], lost: list[str]
):
    every: list[dict[str, Any]] = []
    for value, count, hidden in rows:
        copies = count if count > 55 else 1
        first = len(every) + 1
        every += [{"id": first + at, "code": value, "kept": "Y", "hidden": hidden} for at in range(copies)]
    fake = Fake(every, same, lost)
    answers = Gathering(fake.write).answers(reads)
    assert [told(answer) for answer in answers] == [alone(fake, read) for read in reads]


def test_fifty_values_are_one_command_and_one_more_is_two():
    fake = Fake([{"id": number, "code": f"c{number}", "kept": "Y"} for number in range(1, 101)])
    for asked, commands in ((50, 1), (52, 2), (100, 2)):
        fake.commands.clear()
        answers = Gathering(fake.write).answers([listed(f"c{number}") for number in range(1, asked + 1)])
        assert [told(answer) for answer in answers] == [[number] for number in range(1, asked + 1)]
        assert len(fake.commands) == commands


def test_what_is_open_of_many_people_is_one_command():
    fake = Fake([{"id": number, "contactId": number % 40, "closed": "N"} for number in range(40, 80)])
    filters: list[dict[str, Any]] = [{"=contactId": number, "=closed": "N"} for number in range(1, 40)]
    reads = [("crm.item.list", {**listed("")[1], "filter": each}) for each in filters]
    assert [told(answer) for answer in Gathering(fake.write).answers(reads)] == [
        [40 + number] for number in range(1, 40)
    ]
    assert len(fake.commands) == 1


def test_the_same_read_of_many_is_one_command():
    fake = Fake([{"id": 1, "code": "a", "kept": "Y"}])
    assert [told(answer) for answer in Gathering(fake.write).answers([listed("a")] * 500)] == [[1]] * 500
    assert len(fake.commands) == 1


def test_one_value_that_is_refused_spoils_no_other_and_costs_few_commands():
    fake = Fake([{"id": number, "code": f"c{number}", "kept": "Y"} for number in range(1, 51)])
    reads = [listed(f"c{number}") for number in range(1, 50)] + [listed("BAD")]
    answers = Gathering(fake.write).answers(reads)
    assert [told(answer) for answer in answers] == [*([number] for number in range(1, 50)), REFUSED.cause]
    assert len(fake.commands) <= 13


def test_a_kind_that_is_not_there_is_said_once_to_all():
    fake = Fake([])
    answers = Gathering(fake.write).answers([listed(f"c{number}", kind=999) for number in range(40)])
    assert {told(answer) for answer in answers} == {MISSING.cause}
    assert len(fake.commands) == 1


def test_very_long_values_travel_in_several_commands():
    fake = Fake([])
    Gathering(fake.write).answers([listed(f"{number}" + "я" * 3000) for number in range(40)])
    assert all(len(str(params)) < 20_000 for _, params in fake.commands)


def test_an_answer_that_stays_lost_is_told_as_trouble_of_each():
    fake = Fake([{"id": 1, "code": "a", "kept": "Y"}], lost=["lost"] * 10)
    answers = Gathering(fake.write).answers([listed("a"), listed("b")])
    assert [told(answer) for answer in answers] == [LOST.cause] * 2
    fake.lost = ["skipped"] * 10
    (answer,) = Gathering(fake.write).answers([listed("a")])
    assert isinstance(answer, TransientError)


def test_a_portal_that_is_stopped_meets_all_at_once():
    with pytest.raises(Stopped):
        Gathering(Fake([], lost=["gone"]).write).answers([listed("a"), listed("b")])


def test_the_sandbox_answers_many_as_it_answers_each(house: House):
    portal = house.installed()
    house.sandbox.furnish(types=[{"entityTypeId": 1036, "title": "Отгрузки"}])
    codes = ["wms:1", "wms:01", "WMS:2", "wms:3 ", "wms:$result[x]", "ё", "е", "5", "wms:4"]
    for code in codes:
        portal.call("crm.item.add", {"entityTypeId": 1036, "fields": {"title": code, "xmlId": code}})
    asked: list[Read] = [
        (
            "crm.item.list",
            {"entityTypeId": 1036, "filter": {"=xmlId": code}, "select": ["id"], "order": {"id": "ASC"},
             "useOriginalUfNames": "Y"},
        )
        for code in [*codes, "wms:2", "wms:none", "5.0"]
    ]  # fmt: skip
    asked += [got(number) for number in range(1, 15)]
    with portal.bulk() as bulk:
        answers = bulk.gather(asked)
        each = [bulk.gather([read])[0] for read in asked]
    assert [told(answer) for answer in answers] == [told(answer) for answer in each]
