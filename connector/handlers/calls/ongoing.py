"""One call at work: what its account, its line and the rules say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from connector.domain.calls import AboutCall
from connector.domain.telephony import LineSettings, PbxSettings
from connector.handlers.calls.numbers import dialled, line_in, line_settings
from connector.handlers.calls.story import Story, moment
from connector.handlers.rules import Rules

CALL, OPEN = "event.call", "call.open"  # links by <account>.<call>: the story; that it is not finished yet
STALE = 60.0  # seconds; a piece that waited longer pops no card up any more


@dataclass(frozen=True, kw_only=True)
class Ongoing:
    """A call with its story so far."""

    account: str
    call: str
    story: Story
    rules: Rules
    pbx: PbxSettings = field(repr=False)

    @property
    def portal(self) -> str:
        """The portal that it belongs to."""
        return self.rules.accounts[self.account].portal

    @property
    def key(self) -> str:
        """The key of its links, and its EXTERNAL_CALL_ID."""
        return f"{self.account}.{self.call}"

    @property
    def phone(self) -> str:
        """The other side's number: E.164, else the digits as they are (an extension, 112); empty when hidden."""
        return dialled(self.story.word("client"), self.rules)

    @property
    def line(self) -> str:
        """Our own number, as the settings write it; the account's name when the PBX tells none."""
        return self._known_line or self.story.word("line") or self.account

    @property
    def line_settings(self) -> LineSettings:
        """What the settings say of this line."""
        return line_settings(self.pbx, self.story.word("line"), self.rules)

    @property
    def ours(self) -> bool:
        """Whether it is a call of this account, and not one between colleagues that nobody wants kept."""
        if self.story.direction in ("", "internal"):
            return self.pbx.internal and bool(self.story.direction)
        return not self.pbx.only_lines or bool(self._known_line)

    @property
    def pops(self) -> bool:
        """Whether its card may still pop up."""
        return self.rules.late <= STALE and not self.story.past

    @property
    def began(self) -> datetime:
        """When it began; a PBX whose clock is ahead of ours does not move it into the future."""
        told = moment(self.story.began)
        return min(told, self.rules.at) if self.rules.at else told

    @property
    def clicked_by(self) -> datetime:
        """When a click that it carries out must have come: a call that is told live begins now, by any clock."""
        return self.rules.at if self.rules.at and not self.story.past else self.began

    @property
    def own_number(self) -> bool:
        """Whether the other side is the company itself (trap 9)."""
        own = self.rules.mappings.config.own_phones
        return self.phone in own or self.phone in {dialled(line, self.rules) for line in self.pbx.lines}

    @property
    def may_be_told_better(self) -> bool:
        """Whether a part of it was not seen, and the PBX can be asked how it was, and has not told yet."""
        telephony, story = self.rules.accounts[self.account].provider.telephony, self.story
        asked = telephony is not None and telephony.history is not None and self.pbx.remembers
        unseen = bool(story.unseen) or any(end["cause"] == "lost" for end in story.endings)
        return asked and (unseen or not story.direction) and not any(end["past"] for end in story.ends)

    @property
    def _known_line(self) -> str:
        return line_in(self.pbx.lines, self.story.word("line"), self.rules)


def ongoing(event: AboutCall, story: Story, rules: Rules) -> Ongoing:
    """The call that ``event`` is about."""
    pbx = rules.accounts[event.account].pbx
    assert pbx is not None
    return Ongoing(account=event.account, call=event.call, story=story, rules=rules, pbx=pbx)
