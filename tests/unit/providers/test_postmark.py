from __future__ import annotations

import json
from typing import Any

from connector.domain.request import Reply, Request
from connector.letters.writing import Paper
from connector.providers.postmark import setup
from connector.providers.postmark.outbound import KeepingPostman
from tests.contract.providers.recorded import Wire
from tests.mail.next_hop import next_hop
from tests.unit.providers.couriers import PASSWORD, settings

HOOK = "https://connector.example/hooks/support"


class Server:
    """The Servers API of Postmark."""

    def __init__(self) -> None:
        self.about: dict[str, Any] = {"Name": "ACME", "InboundHookUrl": "", "RawEmailEnabled": False}

    def handle(self, request: Request) -> Reply:
        if request.header("x-postmark-server-token") != "server-token-1":
            return Reply(status=401, body=b'{"ErrorCode": 10}', content_type="application/json")
        if request.method == "PUT":
            self.about |= json.loads(request.body)
        return Reply(body=json.dumps(self.about).encode(), content_type="application/json")


def test_connecting_puts_our_address_and_asks_for_whole_letters():
    server, known = Server(), settings("postmark", server_token="server-token-1")
    wire = Wire(server.handle)
    assert [finding.state for finding in setup.check(known, HOOK, wire)] == ["bad", "bad"]
    found = setup.connect(known, HOOK, wire)
    assert [finding.state for finding in found] == ["ok", "ok"]
    assert PASSWORD in server.about["InboundHookUrl"]
    assert PASSWORD not in "".join(finding.what.en + finding.what.ru for finding in found)
    server.about["RawEmailEnabled"] = False
    assert [finding.state for finding in setup.check(known, HOOK, wire)] == ["ok", "bad"]


def test_a_wrong_token_is_told_and_without_one_nobody_is_asked():
    wire = Wire(Server().handle)
    (wrong,) = setup.connect(settings("postmark", server_token="other"), HOOK, wire)
    assert (wrong.state, wrong.code) == ("bad", "postmark.api")
    asked = len(wire.seen)
    (unseen,) = setup.check(settings("postmark"), HOOK, wire)
    assert (unseen.state, len(wire.seen)) == ("warn", asked)


def test_a_letter_keeps_its_id_at_postmark():
    with next_hop() as server:
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        postman = KeepingPostman(settings("postmark", smtp=smtp), Wire(Server().handle))
        raw = b"Message-ID: <a@acme.ru>\r\nSubject: x\r\n\r\nx\r\n"
        postman.deliver(Paper(message_id="a@acme.ru", raw=raw, writer="support@acme.ru", to="c@client.example"))
    (letter,) = server.letters
    assert (letter.message["X-PM-KeepID"], letter.message["Message-ID"]) == ("true", "<a@acme.ru>")
    assert letter.message.get_content().strip() == "x"
