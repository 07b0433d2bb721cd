"""Five hundred letters of our own making, the same in every run, and what each of them has to become.

``letters()`` gives them in an order of arrival. A letter may be brought at any other moment too, as long as the letters
of one ``Case.story`` keep theirs (that is how the tests shuffle them: ``shuffled(cases, seed)``).

For a test that carries them through real servers::

    cases = letters()
    for kind, key, link in links("support"):     # letters of ours that are answered or came back: known beforehand
        journal.remember(kind, key, link)
    for case in cases:                          # IMAP APPEND, SMTP, LMTP: as it likes
        append(case.folder, case.raw)

The mailbox is ``ADDRESS`` with ``ALIASES``; folders are those of ``FOLDERS``; ``mark`` may be anything. Ids of letters
of ours are told by the conversation that they are in, so nothing has to be sent before.
"""

from __future__ import annotations

from tests.mail.corpus.case import ADDRESS, ALIASES, FOLDERS, Case, Expect
from tests.mail.corpus.shelves import letters, links, shuffled

__all__ = ["ADDRESS", "ALIASES", "FOLDERS", "Case", "Expect", "letters", "links", "shuffled"]
