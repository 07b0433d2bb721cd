"""The CRM is asked only for what some rule looks at, and the line alone needs less than all of it."""

from __future__ import annotations

import pytest

from tests.unit.mappings.sets import event, set_of

VIP = "found.company.typeId == 'VIP'"


@pytest.mark.parametrize(
    ("documents", "needs", "line_needs"),
    [
        (["line: 1"], set(), set()),
        (["when: found.contact.id\nline: 1"], {"contact"}, {"contact"}),
        (["when: found.contact.id\ntags: [known]", "line: 1"], {"contact"}, set()),
        (
            [f'set: {{vip: "{{{{ {VIP} }}}}"}}', "when: facts.vip\nline: 2"],
            {"company"},
            {"company"},
        ),
        (
            [
                f'set: {{vip: "{{{{ {VIP} }}}}", far: "{{{{ found.lead.id }}}}"}}',
                "when: facts.vip\nline: 2",
            ],
            {"company", "lead"},
            {"company"},
        ),
        (["when: found.deal.id\nstop: true", "line: 2"], {"deal"}, {"deal"}),
        (["line: 2", "when: found.deal.id\nstop: true"], {"deal"}, set()),
        (
            [f"when: {VIP}\ncategory: complaint", "when: owner == 12\nline: 2"],
            {"company"},
            {"company"},
        ),
        (
            ["score: {known: {add: 1, when: found.lead.id}}", "when: score > 0\nline: 2"],
            {"lead"},
            {"lead"},
        ),
        (
            ['line: 2\ncrm: {contact: {set: {NAME: "{{ found.contact.name }}"}}}'],
            {"contact"},
            set(),
        ),
    ],
)
def test_needs_are_told_from_the_text(documents: list[str], needs: set[str], line_needs: set[str]) -> None:
    rules = set_of(*documents)
    assert rules.needs("message.received") == needs
    assert rules.line_needs("message.received") == line_needs


def test_the_line_alone_is_the_line_of_the_whole_decision() -> None:
    rules = set_of(
        "line: 1\ntags: [{add: loud, when: event.text == event.text | upper}]",
        "when: event.text == 'stop'\nstop: true\ncrm: {contact: {create: false}}",
        "category: complaint\nscore: {long: 4}",
        "when: \"'loud' in tags and score == 4 and priority == 'high'\"\nline: 2",
    )
    for text, line in (("stop", 1), ("LOUD", 2), ("quiet", 1)):
        scope = event(text=text)
        assert rules.line("message.received", scope) == rules.decide("message.received", scope).line == line
