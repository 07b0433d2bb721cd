"""What was observed of one portal and one account, before anybody judges it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.checkup.rehearsal import Rehearsal
from connector.domain.provider import Finding
from connector.listening.mailboxes import Mailbox
from connector.speech import Text
from connector.telephony.health import Pbx

NOBODY = Text("", "")
PLACEHOLDER = "local.0000000000000.00000000"  # the client_id that `connector init` writes before there is one


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Empty values are what is not there.

    ``local``: portal and connector share this computer, so plain http is enough. ``unset`` are variables that the
    settings name and the environment lacks. ``installed`` is the installation's state, ``stuck`` why one that arrived
    was not taken. ``findings`` are what the network said; ``looked`` is false while it was not asked to the end.
    ``travelled`` and ``replied`` are when a client's message and an operator's answer last went all the way. ``phone``
    is what is known of a telephone system (with it the way is another one), ``called`` whether a call went all the way;
    ``box`` is what is known of a mailbox.
    """

    public_url: str
    local: bool = False
    portal: str = ""
    portal_url: str = ""
    webhook_only: bool = False
    client_id: str = ""
    unset: tuple[str, ...] = ()
    installed: str = ""
    reason: str = ""
    stuck: Text | None = None
    account: str = ""
    provider: Text = NOBODY
    heard: datetime | None = None
    line: str = ""
    rehearsal: Rehearsal | None = None
    travelled: datetime | None = None
    replied: datetime | None = None
    phone: Pbx | None = None
    box: Mailbox | None = None
    called: bool = False
    findings: tuple[Finding, ...] = ()
    looked: bool = False

    def found(self, *codes: str) -> list[Finding]:
        """The findings of these codes, or whose code begins with one that ends with a dot."""
        return [
            finding
            for finding in self.findings
            if any(finding.code.startswith(code) if code.endswith(".") else finding.code == code for code in codes)
        ]

    def wrong(self, *codes: str) -> Finding | None:
        """The first of them that is bad."""
        return next((finding for finding in self.found(*codes) if finding.state == "bad"), None)

    def right(self, code: str) -> bool:
        """Whether there are findings of this code and none is bad."""
        return bool(self.found(code)) and self.wrong(code) is None
