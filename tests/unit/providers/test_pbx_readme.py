"""What the README of the generic PBX says, done as it says."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from connector.domain.request import Reply, Request
from connector.domain.telephony import Found
from connector.errors import Refused
from connector.providers import pbx
from connector.providers.pbx import inbound, wire
from connector.providers.pbx.settings import WebhookPbxSettings

FOLDER = Path(pbx.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
BASH = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
JSON = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SETTINGS = WebhookPbxSettings(account="office", provider="pbx", portal="main", secret=SECRET)
FOUND = Found(phone="+79001112233", name="Anna K.", extension="101", entity="CONTACT", entity_id=42)


class Door:
    """A connector's hook for one account, on a port of this machine."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                now = datetime.now(UTC)
                request = Request(method="POST", path=self.path, headers=headers, body=body, received_at=now)
                reply = door.answer(request)
                self.send_response(reply.status)
                self.send_header("content-type", reply.content_type)
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/office"

    def answer(self, request: Request) -> Reply:
        try:
            inbound.verify(request, SETTINGS)
        except Refused as refused:
            return Reply(status=refused.status, body=refused.cause.encode())
        self.seen.append(request)
        asked = inbound.asks(request, SETTINGS)
        return inbound.tells(FOUND if asked == FOUND.phone else None, SETTINGS) if asked else Reply()


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    thread = threading.Thread(target=door.server.serve_forever, daemon=True)
    thread.start()
    yield door
    door.server.shutdown()
    door.server.server_close()
    thread.join()


def run(script: str, folder: Path, door: Door, secret: str = SECRET) -> subprocess.CompletedProcess[str]:
    (folder / "call.sh").write_text(BASH[0], encoding="utf-8")
    written = script.replace("https://connector.example.com/hooks/office", door.url).replace("whsec_…", secret)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOOK": door.url, "SECRET": secret}
    return subprocess.run(
        ["bash", "-euc", written], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_first_call_of_the_readme_is_understood_whole(door: Door, tmp_path: Path):
    done = run(BASH[1], tmp_path, door)
    assert done.returncode == 0, done.stdout + done.stderr
    events = [event for request in door.seen for event in inbound.parse(request, SETTINGS)]
    assert [event.kind for event in events] == [
        "call.started",
        "call.ringing",
        "call.answered",
        "call.ended",
        "call.recorded",
    ]
    assert {getattr(event, "call", "") for event in events} == {"c-1001"}
    assert len({inbound.dedupe_key(request, SETTINGS) for request in door.seen}) == 5


def test_the_question_of_the_readme_gets_the_answer_of_the_readme(door: Door, tmp_path: Path):
    done = run(BASH[2], tmp_path, door)
    assert json.loads(done.stdout) == json.loads(next(text for text in JSON if "known" in text))


def test_the_script_fails_aloud_with_another_secret(door: Door, tmp_path: Path):
    done = run(BASH[2], tmp_path, door, "whsec_b2xkLXNlY3JldC1vZi10aGUtcmVjb3JkaW5ncy0w")
    assert done.returncode != 0
    assert "pbx.signature" in done.stdout
    assert door.seen == []


def test_the_published_schema_is_the_one_we_read_by():
    assert json.loads((FOLDER / "schema.json").read_text(encoding="utf-8")) == wire.schema()


def test_every_recorded_body_that_means_something_is_as_published():
    checker = jsonschema.Draft202012Validator(wire.schema())
    kinds = set()
    for path in (FOLDER / "fixtures").glob("*.events.json"):
        body = json.loads(path.with_name(path.name.replace(".events.json", ".http")).read_bytes().partition(b"\n\n")[2])
        if body.get("type") in wire.TYPES:
            kinds.add(body["type"])
            assert list(checker.iter_errors(texts(body))) == []
    assert kinds == wire.TYPES


def texts(body: Any) -> Any:
    """A body whose whole numbers are texts: both are taken, which the schema does not say."""
    data = {name: str(told) if name in ("id", "employee", "cause") else told for name, told in body["data"].items()}
    return {**body, "data": data}


def test_the_past_of_the_readme_is_read():
    (shown,) = (json.loads(text) for text in JSON if '"calls"' in text)
    assert wire.past(shown["calls"][0]).talk == 41


@pytest.mark.parametrize("kind", sorted(wire.TYPES))
def test_every_type_is_in_the_readme(kind: str):
    assert f"`{kind}`" in README
