from __future__ import annotations

from typing import Any

import pytest

from connector.domain.effects import Acknowledge, Delete, Edit, Send
from connector.domain.letters import Heading
from connector.domain.provider import Outgoing, Upload
from connector.domain.values import Receipt
from connector.errors import PermanentError
from connector.providers import posting
from connector.providers.postal import SmtpSettings


def smtp(host: str = "mail.acme.ru", copy: str = "auto") -> SmtpSettings:
    return SmtpSettings.model_validate({"host": host, "copy": copy})


@pytest.mark.parametrize(
    ("host", "copy", "folders", "kept"),
    [
        ("smtp.yandex.ru", "auto", True, "server"),
        ("smtp.gmail.com", "auto", True, "server"),
        ("SMTP.Office365.com", "auto", True, "server"),
        ("smtp.mail.ru", "auto", True, "append"),
        ("notgmail.com", "auto", True, "append"),
        ("smtp.gmail.com", "append", True, "append"),
        ("mail.acme.ru", "bcc", True, "bcc"),
        ("mail.acme.ru", "none", True, "none"),
        ("smtp.mailgun.org", "auto", False, "none"),
        ("smtp.mailgun.org", "append", False, "none"),
        ("smtp.mailgun.org", "bcc", False, "bcc"),
    ],
)
def test_who_keeps_what_we_sent(host: str, copy: str, folders: bool, kept: str):
    assert posting.copy_of(smtp(host, copy), folders=folders) == kept


def file(name: str, size: int) -> Upload:
    return Upload(name=name, mime="x/y", kind="document", size=size, url="", read=lambda: b"")


def test_files_find_room_by_what_they_take_in_a_letter():
    files = [file("a", 100_000), file("b", 100_000), file("c", 1000)]
    within, beside = posting.parted(files, 260_000)
    assert ([one.name for one in within], [one.name for one in beside]) == (["a", "c"], ["b"])
    within, beside = posting.parted(files, 300_000)
    assert ([one.name for one in within], beside) == (["a", "b", "c"], [])
    assert posting.parted(files, -1) == ([], files)


@pytest.mark.parametrize(
    "command",
    [
        Edit(account="a", conversation="c", message_ids=("m",), text="new"),
        Delete(account="a", conversation="c", message_ids=("m",)),
        Send(account="a", conversation="c", text="no heading"),
        Send(
            account="a", conversation="c", text="[b] [/b]", heading=Heading(to="a@b.test", subject="", message_id="x@y")
        ),
    ],
)
def test_what_a_letter_cannot_do_is_said(command: Any):
    with pytest.raises(PermanentError) as caught:
        posting.send(Outgoing(command=command), _Settings(), None)
    assert caught.value.cause in ("mail.unchangeable", "mail.no_heading", "mail.empty")


class _Settings:
    smtp = smtp()


def test_a_press_needs_no_answer():
    press = Acknowledge(account="a", conversation="c", press_id="p")
    assert posting.send(Outgoing(command=press), _Settings(), None) == Receipt()
