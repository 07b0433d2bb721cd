"""How a call ended, in Bitrix24's terms (facts/bitrix24-telephony-crm.md §1.4, §1.8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from connector.domain.calls import Cause
from connector.handlers.calls.story import Story, moment

SUCCESS, MISSED = "200", "304"
_OUTGOING: Mapping[str, str] = MappingProxyType(
    {
        "": MISSED,
        "missed": MISSED,
        "busy": "486",
        "refused": "603",
        "cancelled": "603-S",
        "unreachable": "480",
        "invalid": "404",
        "forbidden": "403",
        "no_money": "402",
        "lost": MISSED,
        "failed": "OTHER",
    }
)
# A client who gave up, or was put to a machine, was missed all the same: only 304 makes Bitrix24 count them (§1.8).
_INCOMING: Mapping[str, str] = MappingProxyType({"busy": "486", "refused": "603", "forbidden": "403"})
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "voicemail": "Voicemail",
        "after_hours": "After hours",
        "cancelled": "Cancelled by the caller",
        "lost": "The end of the call was not seen",
        "unreachable": "Unreachable",
        "no_money": "No funds",
        "busy": "Busy",
        "refused": "Declined",
        "invalid": "No such number",
        "forbidden": "Forbidden",
        "failed": "Failed",
    }
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``status`` is a code of §1.4; ``talk`` and ``wait`` are seconds; ``missed``: a client reached nobody."""

    status: str
    reason: str
    talk: int
    wait: int
    missed: bool
    cause: Cause


def outcome(story: Story, *, open_hours: bool = True) -> Outcome:
    """What became of a call that is over. ``open_hours``: it began within the working hours."""
    talk, cause = _talk(story), _cause(story)
    if story.direction == "incoming" and not talk and not open_hours and not story.rang and cause in ("", "cancelled"):
        cause = "after_hours"
    if talk:
        status, reason = SUCCESS, _REASONS["lost"] if cause == "lost" else ""
    else:
        table = _INCOMING if story.direction == "incoming" else _OUTGOING
        status, reason = table.get(cause, MISSED), _REASONS.get(cause, "")
    detail = story.end["detail"] if story.end and not talk else ""
    until = story.talked_from if talk and story.talked_from else story.over
    return Outcome(
        status=status,
        reason=f"{reason}: {detail}" if reason and detail else reason or detail,
        talk=talk,
        wait=_seconds(story.began, until),
        missed=story.direction == "incoming" and not talk,
        cause=cast(Cause, cause),  # stories are JSON: what they keep came from events with these words
    )


def _talk(story: Story) -> int:
    """Seconds of talk; a talk shorter than a second is one, since Bitrix24 takes 0 for a missed call (§1.4)."""
    end = story.end
    if end and end["talk"] is not None:
        return int(end["talk"])
    if _machine(story) or not (story.talked_from and story.talker()):
        return 0
    return max(1, _seconds(story.talked_from, story.over))


def _machine(story: Story) -> bool:
    return bool(story.end and story.end["cause"] == "voicemail")


def _cause(story: Story) -> str:
    """What the PBX says of the whole, else what the people who rang did when all did the same, else of the legs."""
    if story.end and story.end["cause"]:
        return str(story.end["cause"])
    if story.direction == "incoming":
        did = {who: cause for who, (_, cause) in story.left.items() if who}
        causes = set(did.values())
        if len(causes) == 1 and causes <= {"busy", "refused"} and did.keys() >= story.rang.keys():
            return causes.pop()
        machine = [cause for _, _, cause in story.legs.values() if cause in ("voicemail", "after_hours")]
        return machine[0] if machine else ""
    of_legs = Counter(cause for _, _, cause in story.legs.values() if cause)
    said = [cause for cause, _ in of_legs.most_common(1)] or [story.left.get("", ["", ""])[1]]
    return said[0]


def _seconds(since: str, until: str) -> int:
    if not since or not until:
        return 0
    return max(0, round((moment(until) - moment(since)).total_seconds()))
