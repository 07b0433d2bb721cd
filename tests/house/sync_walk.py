"""The walk of docs/sync.md with real parts: OpenSSH's server, the sandbox, a whole house, the command line."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
import yaml
from click.testing import CliRunner
from standardwebhooks import Webhook

from connector import registry
from connector.bootstrap import Connector, build
from connector.cli import cli
from connector.cli.shape import Tools
from connector.settings import load
from tests import services
from tests.house.conftest import ROOT
from tests.house.pages import FENCE, text
from tests.integration.promises.one_process import OneProcess, Web, one_process
from tests.integration.sources.sshd import Sshd, sshd

TYPE = 1036
RULES = ROOT / "docs/examples/shipments/shipments.yaml"
STOCK_SECRET = "whsec_" + base64.b64encode(bytes(range(200, 232))).decode()
PHONE = "+7 900 111-22-33"
_ANY = re.compile(r"…|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass(kw_only=True)
class Walk:
    """A stranger with the page in hand. ``language`` is theirs, ``server`` keeps the files."""

    page: str
    language: str
    house: OneProcess
    connector: Connector
    server: Sshd

    def put(self, content: str, name: str = "shipments.csv") -> None:
        """The warehouse writes its file."""
        folder = self.server.folder / "out"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")

    def types(self, line: str) -> str:
        """What a command of the page answers; it must end well or say what is wrong."""
        told = CliRunner().invoke(
            cli, [*line.split()[1:], "--lang", self.language], obj=Tools(connector=lambda: self.connector)
        )
        assert told.exit_code in (0, 1), told.output
        return told.output

    def sees(self, line: str) -> None:
        """The command is on the page and answers what the page shows under it."""
        assert_shown(shown_under(self.page, line), self.types(line))

    def rules(self) -> None:
        """``cp docs/examples/shipments/shipments.yaml mappings/``."""
        folder = self.connector.settings.mappings
        assert folder is not None
        folder.mkdir(exist_ok=True)
        shutil.copy(RULES, folder)
        self.connector.rulebook.publish()

    def posts(self) -> str:
        """Another system runs the script of the page; what it is answered."""
        port = services.free_port()
        web = Web(self.connector, port)
        web.start()
        (script,) = (body for kind, body in FENCE.findall(text(self.page)) if kind == "sh" and "curl" in body)
        script = script.replace("https://bridge.example.com", f"http://127.0.0.1:{port}").replace("curl", "curl -sS")
        env = {**os.environ, "STOCK_SECRET": STOCK_SECRET}
        try:
            return subprocess.run(["bash", "-euc", script], env=env, capture_output=True, text=True, timeout=30).stdout
        finally:
            web.stop()

    def crm(self, method: str, **params: Any) -> Any:
        """What people do in Bitrix24."""
        return self.connector.portals["main"].call(method, params)

    def items(self) -> dict[str, Mapping[str, Any]]:
        """The shipments by their numbers."""
        found = self.crm("crm.item.list", entityTypeId=TYPE, useOriginalUfNames="Y")["items"]
        return {item["xmlId"].removeprefix("wms:"): item for item in found}

    def stages(self) -> dict[str, str]:
        """Their stages, without what Bitrix24 puts before."""
        return {number: item["stageId"].partition(":")[2] for number, item in self.items().items()}

    def timeline(self, number: str) -> list[str]:
        """What stands in the timeline of a shipment, the oldest first."""
        where = {"ENTITY_ID": self.items()[number]["id"], "ENTITY_TYPE": f"dynamic_{TYPE}"}
        found = self.crm("crm.timeline.comment.list", filter=where, order={"ID": "ASC"})
        return [row["COMMENT"] for row in found]

    def client_writes(self, said: str) -> list[Mapping[str, Any]]:
        """A client with the number of S-1001 writes; the messages of the operator's chat then."""
        secret, now = self.house.stage.standins["site"].secret, self.connector.clock()
        client = {"id": "client-7", "first_name": "Анна", "phone": PHONE}
        data = {"conversation": "chat-7", "client": client, "message": {"id": "m1", "text": said}}
        body = json.dumps({"type": "message.created", "timestamp": now.isoformat(), "data": data})
        signed = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp()))}
        signed["webhook-signature"] = Webhook(secret).sign("msg_1", now, body)
        address = f"{self.connector.settings.public_url}/hooks/site"
        headers = {"content-type": "application/json", **signed}
        assert requests.post(address, data=body, headers=headers, timeout=15).ok
        self.house.pump()
        return list(self.house.rows("chat-7", account="site").values())


@contextmanager
def walk(page: str, language: str, folder: Path, redis: services.Redis) -> Iterator[Walk]:
    """A house that is set up as the page has it, its source pointed at a server of our own."""
    with sshd() as server, one_process(folder, redis, f"sqlite:///{folder / 'journal.db'}") as house:
        told = next(piece for piece in yaml_pieces(page) if "shipments" in piece.get("sources", {}))
        reached = {
            "location": server.url("out/*.csv"),
            "private_key": str(server.key),
            "host_key": re.findall(r"SHA256:\S+", server.host_key)[0],
            "settle": "0s",
        }
        config = Path(house.env["CONNECTOR_CONFIG"])
        whole = yaml.safe_load(config.read_text())
        stock = next(piece for piece in yaml_pieces(page) if "stock" in piece.get("sources", {}))
        whole["sources"] = {"shipments": {**told["sources"]["shipments"], **reached}, **stock["sources"]}
        whole["portals"]["main"]["language"] = "ru"
        config.write_text(yaml.safe_dump(whole).replace("${STOCK_SECRET}", STOCK_SECRET))
        settings = load(config, house.env, registry.models(), sources=registry.sources())
        connector = build(settings, clock=house.clock)
        try:
            ours = replace(house, connector=connector)
            yield Walk(page=page, language=language, house=ours, connector=connector, server=server)
        finally:
            connector.journal.close()


def yaml_pieces(page: str) -> list[Any]:
    """The YAML of the page."""
    return [yaml.safe_load(body) for kind, body in FENCE.findall(text(page)) if kind == "yaml"]


def shown_under(page: str, line: str) -> list[str]:
    """The lines of the first output that the page shows below a command."""
    pieces = FENCE.findall(text(page))
    at = next(place for place, (kind, body) in enumerate(pieces) if kind == "sh" and line in body.splitlines())
    return next(body for kind, body in pieces[at + 1 :] if not kind).splitlines()


def assert_shown(shown: list[str], told: str) -> None:
    """Each line is told, in this order; ``…`` and times stand for anything, blanks count as one."""
    lines = [" ".join(line.split()) for line in told.splitlines()]
    for line in shown:
        wanted = ".+?".join(re.escape(part) for part in _ANY.split(" ".join(line.split())))
        place = next((at for at, said in enumerate(lines) if re.fullmatch(wanted, said)), None)
        assert place is not None, f"{line}\nis not in\n{told}"
        lines = lines[place + 1 :]
