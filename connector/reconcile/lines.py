"""Whether a line shows the operator's name to the client."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from connector.errors import PermanentError
from connector.portal import Portal

log = structlog.get_logger()


class Lines:
    """Asks the portal about each line once, and only when a reply of it is to be kept."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._signed: dict[str, bool] = {}

    def signed(self, line: str) -> bool:
        """Unless ``OPERATOR_DATA`` is ``hide``, an event's text begins with the operator's name (§1.1, §7.2 rule 8).

        A line that may not be read counts as one that shows names. Raises like :meth:`Portal.call` otherwise.
        """
        if line not in self._signed:
            self._signed[line] = self._ask(line)
        return self._signed[line]

    def _ask(self, line: str) -> bool:
        try:
            config = self._portal.call("imopenlines.config.get", {"CONFIG_ID": line, "WITH_QUEUE": "N"}, live=False)
        except PermanentError as error:
            log.info("line.not_read", portal=self._portal.name, line=line, cause=error.cause)
            return True
        return not isinstance(config, Mapping) or config.get("OPERATOR_DATA") != "hide"
