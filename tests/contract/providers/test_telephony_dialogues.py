"""Calls as a whole: what the requests of one recorded call tell together."""

from __future__ import annotations

import pytest

from connector.domain.calls import AboutCall, CallEnded, CallRinging, CallStarted, LegEnded
from connector.handlers.calls.outcome import outcome
from connector.handlers.calls.story import together
from connector.registry import providers
from tests.contract.providers.pbxs import calls, recorded, telephony, telephony_fixtures
from tests.contract.providers.recorded import account, fixtures

#: What a dialogue of this name is about: direction, whether they talked, whether a client was missed.
STORIES = {
    "dialogue_answered": ("incoming", True, False),
    "dialogue_transfer": ("incoming", True, False),
    "dialogue_missed": ("incoming", False, True),
    "dialogue_outgoing": ("outgoing", True, False),
    "dialogue_busy": ("outgoing", False, False),
    "dialogue_no_answer": ("outgoing", False, False),
}


def dialogues() -> list[tuple[str, str]]:
    return sorted({(provider.slug, path.name.partition("__")[0]) for provider, path in telephony_fixtures("dialogue_")})


@pytest.mark.parametrize(("slug", "dialogue"), dialogues())
def test_the_requests_of_one_call_tell_of_one_call(slug: str, dialogue: str):
    provider = providers()[slug]
    paths = [path for path in fixtures(provider) if path.name.startswith(f"{dialogue}__")]
    events = [event for path in paths for event in calls(provider, path)]
    assert len({event.call for event in events}) == 1
    assert len({event.direction for event in events if event.direction}) == 1
    assert len({event.client for event in events if event.client}) <= 1
    assert isinstance(events[0], CallStarted | CallRinging)
    ended = [event for event in events if isinstance(event, CallEnded)]
    opened = {event.leg for event in events if isinstance(event, CallStarted) and event.leg}
    closed = {event.leg for event in events if isinstance(event, LegEnded) and event.leg}
    assert ended or (opened and opened == closed)
    assert len({telephony(provider).dedupe_key(recorded(path), account(provider)) for path in paths}) == len(paths)


def events_of(slug: str, dialogue: str) -> list[AboutCall]:
    provider = providers()[slug]
    paths = [path for path in fixtures(provider) if path.name.startswith(f"{dialogue}__")]
    return [event for path in paths for event in calls(provider, path)]


@pytest.mark.parametrize(("slug", "dialogue"), [pair for pair in dialogues() if pair[1] in STORIES])
def test_the_requests_of_one_call_tell_the_story_that_they_are_named_after(slug: str, dialogue: str):
    story = together(events_of(slug, dialogue))
    ended = outcome(story)
    assert story.over
    assert (story.direction, ended.talk > 0, ended.missed) == STORIES[dialogue]
    assert story.word("client")
    assert story.word("line") or story.direction == "outgoing"
    if ended.talk:
        assert story.talker()


def test_a_parent_that_says_nothing_of_the_end_leaves_it_to_the_clients_leg():
    story = together(events_of("twilio", "dialogue_from_a_telephone"))
    assert (outcome(story).status, outcome(story).talk) == ("486", 0)


@pytest.mark.parametrize(("slug", "dialogue"), dialogues())
def test_the_order_in_which_the_pieces_come_does_not_matter(slug: str, dialogue: str):
    events = events_of(slug, dialogue)
    assert together(reversed(events)).dump() == together(events).dump()
    assert together([*events, *events]).dump() == together(events).dump()
