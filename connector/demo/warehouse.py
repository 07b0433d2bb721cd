"""The shop's warehouse: a file of shipments that it drops, the rules for them, and the runs that lead them to Bitrix24.

What the page and the story do here is what ``connector sync run`` does; a run that has to wait is gone on with by the
processes, as any other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from connector.bootstrap import Connector
from connector.errors import ConnectorError
from connector.handlers.processes import PROCESS, process_key
from connector.journal.sync_model import MirrorRow, Run
from connector.repair import Deed
from connector.sandbox import SandboxServer
from connector.speech import Text
from connector.sync import deeds
from connector.sync.engine import portion
from connector.sync.opening import settings_of
from connector.sync.planning import Forecast, forecast
from connector.sync.shape_words import joined

SOURCE, PORTAL, TYPE = "my-warehouse", "main", 1036
FILES = Path(__file__).parent / "warehouse_files"
NAME, SYSTEM = "shipments.csv", "wms"
DEED = Deed(who="demo", why="the demo's warehouse")
PATIENCE, GLANCE = 20.0, 0.05
SHOWN = 50
RULES = {
    "shipment": Text("Shipment", "Отгрузка"),
    "shipments": Text("Shipments", "Отгрузки"),
    "warehouse": Text("Warehouse", "Склад"),
    "gone": Text("The warehouse no longer has this shipment", "На складе этой отгрузки больше нет"),
}
FORESEEN = Text(
    "A run would read {read}: create {created}, change {updated}, park {parked}, take for gone {gone}. Nothing was "
    "written. Requests: {requests}.",
    "Запуск прочитал бы {read}: создал {created}, изменил {updated}, отложил {parked}, счёл пропавшими {gone}. Пока "
    "ничего не записано. Запросов: {requests}.",
)
MADE = Text("Bitrix24 has not, so it would be made: {what}.", "В Битрикс24 этого нет, будет создано: {what}.")
SAME = Text(
    "Run {run}: nothing has changed. Requests to Bitrix24: {requests}.",
    "Запуск {run}: ничего не изменилось. Запросов к Битрикс24: {requests}.",
)
RAN = Text(
    "Run {run}: read {read}, new {created}, changed {updated}, gone {gone}, parked {parked}. Requests to Bitrix24: "
    "{requests}.",
    "Запуск {run}: прочитано {read}, новых {created}, изменено {updated}, пропало {gone}, отложено {parked}. Запросов "
    "к Битрикс24: {requests}.",
)
GOES_ON = Text("Run {run} is under way…", "Запуск {run} выполняется…")
PARKED = Text("parked: {why}", "отложена: {why}")
WAITS = Text("waits", "ждёт")
_TOGETHER = 50  # calls of a request


def lay_out(folder: Path, language: str) -> dict[str, Any]:
    """Write the file and the rules below ``folder``; returns their part of ``connector.yaml``."""
    drop, rules = folder / "warehouse", folder / "mappings"
    for place in (drop, rules):
        place.mkdir(exist_ok=True)
    (drop / NAME).write_bytes((FILES / NAME).read_bytes())
    words = {name: text.say(language) for name, text in RULES.items()}
    written = Template((FILES / "shipments.yaml").read_text(encoding="utf-8")).substitute(words)
    (rules / "shipments.yaml").write_text(written, encoding="utf-8")
    source = {
        "provider": "table",
        "portal": PORTAL,
        "mapping": "shipments",
        "location": str(drop / NAME),
        "id": "number",
        "holds": "all",
        "settle": "0s",
        "types": {"due": "date"},
        "dates": ["%d.%m.%Y"],
    }
    return {"mappings": str(rules), "sources": {SOURCE: source}}


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """A shipment as the portal has it: ``stage`` as ``SENT``, ``says`` what people call it, ``contact`` 0 for none."""

    stage: str
    says: str
    contact: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the page shows: what the last deed did, and each row with its stage or why it has none."""

    told: tuple[Text, ...] = ()
    rows: tuple[tuple[str, Text, bool], ...] = ()

    def say(self, language: str) -> dict[str, Any]:
        """``{told: […], rows: [{number, state, parked}]}``."""
        rows = [{"number": name, "state": state.say(language), "parked": bad} for name, state, bad in self.rows]
        return {"told": [text.say(language) for text in self.told], "rows": rows}


@dataclass
class Warehouse:
    """``folder`` is the demo's. One deed at a time."""

    house: Connector
    sandbox: SandboxServer
    folder: Path
    _told: tuple[Text, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def text(self) -> str:
        """The file as it lies there."""
        return (self.folder / "warehouse" / NAME).read_text(encoding="utf-8")

    def drop(self, text: str) -> None:
        """The warehouse writes its file anew: whole, or not at all."""
        file = self.folder / "warehouse" / NAME
        part = file.with_suffix(".part")
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(file)

    def foresee(self) -> Forecast:
        """What a run would do now. Raises what reading raises."""
        return forecast(
            self.house, settings_of(self.house, SOURCE), full=False, allow_gone=False, told=lambda found: None
        )

    def run(self) -> Run:
        """A run, until it is over or has to wait for later. Raises ``PermanentError`` while another goes on."""
        now: Run = deeds.begin(self.house, SOURCE, DEED)
        deadline = time.monotonic() + PATIENCE
        while now.open and time.monotonic() < deadline:
            went = portion(self.house, SOURCE, stop=lambda: False)
            now = self.house.journal.run_of(now.id) or now
            if went.state == "later":
                break
            if went.state == "held":
                time.sleep(GLANCE)
        return now

    def rows(self) -> Mapping[str, MirrorRow]:
        """What is known of the warehouse's rows, by number."""
        return {row.record: row for row in self.house.journal.mirror_rows(SOURCE, limit=SHOWN)}

    def shipments(self) -> Mapping[str, Shipment]:
        """What is in the portal, by number."""
        process = self.house.journal.recall(PROCESS, process_key(PORTAL, TYPE))
        if process is None:
            return {}
        titles = process["titles"]
        return {
            str(item["xmlId"]).removeprefix(f"{SYSTEM}:"): Shipment(
                stage=str(item["stageId"]).rpartition(":")[2],
                says=str(titles.get(item["stageId"], item["stageId"])),
                contact=int(item.get("contactId") or 0),
            )
            for item in self.sandbox.items(TYPE)
        }

    def press(self, deed: str, text: str) -> bool:
        """The page's buttons: drop ``text``, then ``try`` (a dry run) or ``run``; false while another deed goes on.

        Raises ``KeyError`` for another deed.
        """
        act = _DEEDS[deed]
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self.drop(text)
            self._told = tuple(act(self))
        except ConnectorError as error:
            self._told = (error.hint,)
        finally:
            self._lock.release()
        return True

    def look(self) -> Look:
        """What the page shows now."""
        last = next(iter(self.house.journal.runs_of(SOURCE, limit=1)), None)
        told = self._told or (tuple(_ran(last)) if last else ())
        shipments = self.shipments()
        rows = ((name, *_stands(row, shipments.get(name))) for name, row in self.rows().items())
        return Look(told=told, rows=tuple(rows))

    def _try(self) -> Iterator[Text]:
        found = self.foresee()
        requests = -(-(found.reads + found.writes) // _TOGETHER)
        names = ("read", "created", "updated", "parked", "gone")
        yield FORESEEN.with_(**{name: found.counts[name] for name in names}, requests=requests)
        yield from _parked(found)
        first = self.house.journal.recall(PROCESS, process_key(PORTAL, TYPE)) is None and found.counts["read"]
        yield from (MADE.with_(what=joined(found.notes)),) if first else found.notes

    def _run(self) -> Iterator[Text]:
        """Told by :meth:`look`: it may go on without us."""
        self.run()
        yield from ()


_DEEDS: Mapping[str, Callable[[Warehouse], Iterator[Text]]] = {"try": Warehouse._try, "run": Warehouse._run}


def _parked(found: Forecast) -> Iterator[Text]:
    for sample in found.samples.get("parked", []):
        if sample.why is not None:
            yield Text("{record}: {why}", "{record}: {why}").with_(record=sample.record or sample.where, why=sample.why)


def _ran(run: Run) -> Iterator[Text]:
    """A run in words, while it goes on and afterwards."""
    counts = run.counts
    if run.open:
        yield GOES_ON.with_(run=run.id)
    else:
        words = RAN if counts["changed"] or counts["gone"] or counts["parked"] else SAME
        yield words.with_(run=run.id, **{name: counts[name] for name in counts if name != "changed"})
    if run.hint is not None and (run.attempts or not run.open):
        yield run.hint
    yield from run.notes


def _stands(row: MirrorRow, shipment: Shipment | None) -> tuple[Text, bool]:
    """How a row stands, and whether it is parked."""
    if row.state == "parked":
        return PARKED.with_(why=row.hint or ""), True
    stage = shipment.says if shipment else ""
    return (Text(stage, stage) if stage and row.state == "done" else WAITS), False
