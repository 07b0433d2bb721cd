"""What letters that leave by Postmark need beside the usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connector.letters.writing import Paper
from connector.providers.postman import Postman
from connector.providers.smtp import Refusal

# Without it Postmark gives the letter an id of its own, and no answer finds its conversation by ours.
_KEEP = b"X-PM-KeepID: true\r\n"


class KeepingPostman(Postman):
    """Letters keep the ids that we gave them."""

    def deliver(self, paper: Paper, bcc: Sequence[str] = ()) -> tuple[Refusal, ...]:
        """As :meth:`Postman.deliver`."""
        return super().deliver(replace(paper, raw=_KEEP + paper.raw), bcc)
