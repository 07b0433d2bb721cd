"""Which channels there are, by what was said of them: what ``CoreShowChannels`` is answered with."""

from __future__ import annotations

from connector.providers.asterisk.wire import Block

_NAMES = ("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum")
_MORE = ("ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid")


class Channels:
    """The channels of a pretend Asterisk."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}

    def note(self, block: Block) -> None:
        """One event more. Channels of one bridge share a ``Linkedid``."""
        leg = block["Uniqueid"]
        if block.event == "Hangup":
            self._known.pop(leg, None)
        elif block.event == "Newchannel" or leg in self._known:
            bridge = self._known.get(leg, {}).get("BridgeId", "")
            told = {name: block[name] for name in (*_NAMES, *_MORE)}
            self._known[leg] = {**told, "BridgeId": _bridge(block, bridge)}
            if block.event == "BridgeEnter":
                for other in self._known.values():
                    if other["BridgeId"] == block["BridgeUniqueid"]:
                        other["Linkedid"] = block["Linkedid"]

    def clear(self) -> None:
        """None is left."""
        self._known.clear()

    def shown(self) -> list[dict[str, str]]:
        """As they are listed."""
        return [dict(channel) for channel in self._known.values()]


def _bridge(block: Block, now: str) -> str:
    if block.event == "BridgeEnter":
        return block["BridgeUniqueid"]
    return "" if block.event == "BridgeLeave" else now
