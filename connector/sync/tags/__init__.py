"""Two-way tags: those of a source's records and those of Bitrix24 (facts/bitrix24-telephony-crm.md §2.9).

What both sides are to have is decided without any I/O (merging); the rest finds the rows, reads, writes and remembers.
"""

from connector.sync.tags.merging import Known, Sides, merge
from connector.sync.tags.outcome import TagChange, TagsOutcome
from connector.sync.tags.tools import Tools, WriteBack
from connector.sync.tags.working import step, work

__all__ = ["Known", "Sides", "TagChange", "TagsOutcome", "Tools", "WriteBack", "merge", "step", "work"]
