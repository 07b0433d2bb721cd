"""Access groups: people of a source, and where they belong in Bitrix24 (facts/bitrix24-telephony-crm.md §3).

Who should be where is decided without any I/O (people, matching, wishing, difference, brake, planning); the rest asks
the portal, carries out and remembers. We only ever take away what we gave.
"""

from connector.sync.access.explaining import Explanation, explain
from connector.sync.access.looking import rows_of
from connector.sync.access.outcome import AccessOutcome, Braked, Change, Unmatched
from connector.sync.access.working import work

__all__ = ["AccessOutcome", "Braked", "Change", "Explanation", "Unmatched", "explain", "rows_of", "work"]
