"""One list of what is right and wrong, for the command line and for the pages."""

from __future__ import annotations

from connector.checkup.accounts import account_findings, connect_account, hook_url, line_of
from connector.checkup.portals import examined, lines_of
from connector.checkup.public import UNTOLD, public_findings
from connector.checkup.sources import source_findings
from connector.checkup.webhooks import warn_of_webhooks
from connector.repair import House

__all__ = [
    "UNTOLD",
    "House",
    "account_findings",
    "connect_account",
    "examined",
    "hook_url",
    "line_of",
    "lines_of",
    "public_findings",
    "source_findings",
    "warn_of_webhooks",
]
