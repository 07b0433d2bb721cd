"""Finding what a portal never told us: lost replies, lost delivery statuses, lost handlers.

Bitrix24 posts each event once (facts/bitrix24-platform.md §5.5). Whatever was not heard is read back.
"""

from connector.reconcile.handlers import check_handlers
from connector.reconcile.house import House
from connector.reconcile.mark import Mark, mark_of
from connector.reconcile.rounds import SECONDS, Report, due, reconcile

__all__ = ["SECONDS", "House", "Mark", "Report", "check_handlers", "due", "mark_of", "reconcile"]
