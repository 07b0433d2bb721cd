"""Names of attachments, honest and hostile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.mail.corpus.case import Case
from tests.mail.corpus.desk import Desk, case, changed
from tests.mail.corpus.mime import multipart, part, written

_PDF = "application/pdf"
# what stands in Content-Disposition, and the name under which the file is to be had
_NAMES: Sequence[tuple[str | bytes, str]] = [
    ('attachment; filename="=?utf-8?B?0LTQvtCz0L7QstC+0YAucGRm?="', "договор.pdf"),
    ("attachment; filename*=utf-8''%D0%B4%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80.pdf", "договор.pdf"),
    ("attachment; filename*=windows-1251''%E4%EE%E3%EE%E2%EE%F0.pdf", "договор.pdf"),
    ("attachment; filename*0*=utf-8''%D0%B4%D0%BE; filename*1*=%D0%B3%D0%BE; filename*2=v.pdf", "догоv.pdf"),
    ("attachment; filename=\"x.pdf\"; filename*=utf-8''%D0%B0%D0%BA%D1%82.pdf", "акт.pdf"),
    ('attachment; filename="=?koi8-r?Q?=C1=CB=D4.pdf?="', "акт.pdf"),
    ('attachment; filename="акт.pdf"'.encode(), "акт.pdf"),
    ('attachment; filename="акт.pdf"'.encode("cp1251"), "акт.pdf"),
    ("attachment; filename=act of check.pdf", "act of check.pdf"),
    ('attachment; filename="../../../etc/cron.d/act.pdf"', "act.pdf"),
    ('attachment; filename="..\\\\..\\\\windows\\\\act.pdf"', "act.pdf"),
    ('attachment; filename="C:\\\\fakepath\\\\act.pdf"', "act.pdf"),
    ('attachment; filename="/etc/passwd"', "passwd.pdf"),
    ('attachment; filename="CON.pdf"', "_CON.pdf"),
    ('attachment; filename="nul"', "_nul.pdf"),
    ('attachment; filename="act.pdf\r\n\tX-Evil: 1"', "act.pdf X-Evil_ 1.pdf"),
    ('attachment; filename="act\u202efdp.exe"'.encode(), "act fdp.exe"),
    ('attachment; filename="<script>.pdf"', "_script_.pdf"),
    ('attachment; filename=""', "file.pdf"),
    ('attachment; filename="."', "file.pdf"),
    ('attachment; filename=".htaccess"', "htaccess.pdf"),
    (f'attachment; filename="{"a" * 46}.pdf"', "a" * 46 + ".pdf"),
    ("attachment", "file.pdf"),
    ("", "file.pdf"),
]


def names(desk: Desk) -> Iterator[Case]:
    """A letter with a file of each name."""
    for told, name in _NAMES:
        draft = desk.draft("script")
        headers = [("Content-Disposition", told)] if told else []
        content = multipart("mixed", [written(draft.said), part(_PDF, b"%PDF-1.4", headers=headers)])
        yield case("name", draft, changed(draft, content=content), name=str(told)[:60], files=(name,))
