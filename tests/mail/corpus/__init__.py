"""Five hundred letters of our own making, the same in every run, and what each of them has to become.

``letters()`` gives them in an order of arrival. A letter may be brought at any other moment too, as long as the letters
of one ``Case.story`` keep their order (``shuffled(cases, seed)`` makes such orders).

For a test that carries them through real servers::

    for kind, key, link in links("support"):   # letters of ours that are answered or come back are known beforehand
        journal.remember(kind, key, link)
    for wave in waves(letters()):              # bring the second when the first is in the portal
        for case in wave:
            append(case.folder, case.raw)      # IMAP APPEND; one with NULs goes into the Maildir as a file
    told = said(sandbox.chat(row["id"]) for row in sandbox.chats())
    wrong = judged(letters(), told, held)      # held: the deliveries parked as mail.spam, as texts
    print(table(letters(), wrong))

The mailbox is ``ADDRESS`` with ``ALIASES``, its folders are ``FOLDERS``. SMTP and LMTP put headers before a letter and
may change what is broken in it; then a few cases are no longer themselves.
"""

from __future__ import annotations

from tests.mail.corpus.case import ADDRESS, ALIASES, FOLDERS, Case, Expect
from tests.mail.corpus.judging import Said, judged, said, table
from tests.mail.corpus.shelves import letters, links, shuffled, waves

__all__ = [
    "ADDRESS",
    "ALIASES",
    "FOLDERS",
    "Case",
    "Expect",
    "Said",
    "judged",
    "letters",
    "links",
    "said",
    "shuffled",
    "table",
    "waves",
]
