"""A warehouse's file led to Bitrix24: what a run would do and what it does, checked in the portal and at the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from connector.demo.house import DemoHouse, until
from connector.demo.people import ADDRESS
from connector.demo.script import Row, check, timed
from connector.demo.warehouse import SOURCE, Warehouse
from connector.journal.sync_model import Run
from connector.speech import Text

SECONDS = 20.0
LETTER, ANSWER = "Where is my parcel?", "It is on its way."
NUMBERS = ("S-1001", "S-1002", "S-1003")


@dataclass(kw_only=True)
class Stock:
    """The warehouse, and the client whose shipments lie there."""

    house: DemoHouse
    warehouse: Warehouse

    def run(self, **wanted: int) -> Run:
        """A whole run with these counts."""
        run = self.warehouse.run()
        check(run.state == "done", f"the run is {run.state}: {run.hint.en if run.hint else ''}")
        counts = {name: run.counts[name] for name in wanted}
        check(counts == wanted, f"the run counts {counts} instead of {wanted}")
        return run

    def change(self, old: str, new: str) -> None:
        """The warehouse drops its file with other words in it."""
        text = self.warehouse.text
        check(old in text, f"{old!r} is not in the file")
        self.warehouse.drop(text.replace(old, new))

    def stages(self) -> dict[str, str]:
        """Where the shipments stand in the portal, by number."""
        return {number: found.stage for number, found in self.warehouse.shipments().items()}

    def stands(self, number: str, wanted: str) -> None:
        """Check the stage of one."""
        stage = self.stages().get(number, "nowhere")
        check(stage == wanted, f"{number} stands at {stage} instead of {wanted}")

    def notes(self) -> list[str]:
        """What the operator reads in the client's chat and nobody else, once the letter has come there."""
        chats = [row["id"] for row in self.house.sandbox.chats() if row["name"] == LETTER]
        return [row["text"] for row in self.house.sandbox.messages(chats[0], "system")] if chats else []


def play_warehouse(house: DemoHouse) -> Iterator[Row]:
    """Every step, one row each."""
    stock = Stock(house=house, warehouse=Warehouse(house.connector, house.sandbox, house.folder))
    for step, act in _STEPS:
        yield timed(SOURCE, step, partial(act, stock))


def _foreseen(stock: Stock) -> None:
    found = stock.warehouse.foresee()
    check(set(found.fates) == set(NUMBERS), f"it speaks of {list(found.fates)}")
    check(found.counts["created"] == len(NUMBERS), f"it would create {found.counts['created']}")
    check(bool(found.notes), "it does not say that it would make the smart process")
    check(stock.warehouse.shipments() == {} and not stock.warehouse.rows(), "a dry run wrote something")


def _runs(stock: Stock) -> None:
    run = stock.run(created=len(NUMBERS), parked=0)
    check(run.counts["requests"] > 0, "it asked nothing of the portal")
    check(stock.stages() == dict(zip(NUMBERS, ("SENT", "PACKED", "PLACED"), strict=True)), f"they are {stock.stages()}")
    linked = [number for number, found in stock.warehouse.shipments().items() if found.contact]
    check(set(linked) == set(NUMBERS[:2]), f"linked to their buyer are {linked}")


def _again(stock: Stock) -> None:
    stock.run(changed=0, requests=0)


def _card(stock: Stock) -> None:
    stock.house.mail.write(ADDRESS, LETTER, "I wait for it.", name="Maria Orlova")
    [card, *more] = until("the shipments before the operator", stock.notes, SECONDS)
    check(not more, f"there are {len(more) + 1} notes")
    lines = card.splitlines()
    check("S-1001" in lines[-2] and "S-1002" in lines[-1] and "S-1003" not in card, f"the card says {card!r}")
    check("80112345" in lines[-2], f"the track is not in {lines[-2]!r}")
    chat = next(row for row in stock.house.sandbox.chats() if row["name"] == LETTER)
    stock.house.sandbox.say(chat["external"], ANSWER)


def _moves(stock: Stock) -> None:
    stock.change("S-1002,packed", "S-1002,sent")
    stock.run(changed=1, updated=1)
    stock.stands("S-1002", "SENT")


def _parks(stock: Stock) -> None:
    stock.change("14.03.2026", "31.02.2026")
    stock.run(changed=1, parked=1)
    row = stock.warehouse.rows()["S-1002"]
    check(row.state == "parked" and row.hint is not None, f"the row is {row.state} and says {row.hint}")
    stock.stands("S-1002", "SENT")
    stock.change("31.02.2026", "14.03.2026")
    stock.change("S-1002,sent", "S-1002,delivered")
    stock.run(updated=1, parked=0)
    stock.stands("S-1002", "SUCCESS")


def _vanishes(stock: Stock) -> None:
    line = next(line for line in stock.warehouse.text.splitlines() if line.startswith("S-1003"))
    stock.change(f"{line}\n", "")
    stock.run(gone=1, updated=1)
    stock.stands("S-1003", "LOST")


def _unseen(stock: Stock) -> None:
    [letter] = until("the answer at the client", lambda: stock.house.mail.inbox(ADDRESS), SECONDS)
    check(ANSWER in letter.text and "S-1001" not in letter.text, f"the client reads {letter.text!r}")


_STEPS: tuple[tuple[Text, Callable[[Stock], None]], ...] = (
    (Text("dry run: what would be done", "пробный запуск: что будет"), _foreseen),
    (Text("a run makes process, shipments", "запуск: смарт-процесс, отгрузки"), _runs),
    (Text("a run with nothing new: 0 requests", "нового нет: 0 запросов"), _again),
    (Text("client writes: operator sees them", "клиент пишет: карточка оператору"), _card),
    (Text("a row changes: another stage", "строка изменилась: другая стадия"), _moves),
    (Text("a broken row: parked, then mended", "битая строка: отложена, исправлена"), _parks),
    (Text("a row vanishes: its stage says so", "строка пропала: стадия «Потеряна»"), _vanishes),
    (Text("client sees only the answer", "клиент видит только ответ"), _unseen),
)
