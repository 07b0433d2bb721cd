"""Two answering machines that are set on each other through us exchange one letter at most (RFC 3834)."""

from __future__ import annotations

import pytest

from tests.e2e.mail.customer import Customer
from tests.e2e.mail.office import LINE, Office
from tests.integration.house.waiting import until

pytestmark = pytest.mark.e2e
WELCOME = "Здравствуйте! Мы получили ваше письмо и скоро ответим."
RULE = """\
version: 1
name: acknowledging
on: message.received
when: event.letter
acknowledge: {subject: Мы вас услышали, text: Ваше письмо получено.}
"""
ROUNDS = 4


@pytest.fixture(params=["line", "rule", "both"])
def machine(request: pytest.FixtureRequest, support: Office) -> Office:
    """A support that acknowledges by itself: the line in every new session, or a rule for every letter."""
    if request.param != "rule":
        support.house.sandbox.set_line(LINE, welcome=WELCOME)
    if request.param != "line":
        folder = support.house.connector.settings.mappings
        assert folder is not None
        folder.mkdir(exist_ok=True)
        (folder / "acknowledging.yaml").write_text(RULE)
        support.house.connector.rulebook.publish()
    return support


@pytest.mark.parametrize(
    "admits", [{}, {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}], ids=["silent", "auto-replied", "bulk"]
)
def test_an_answering_machine_gets_one_letter_of_ours_at_most(
    machine: Office, customer: Customer, admits: dict[str, str]
):
    customer.writes("Мы в отпуске до понедельника, но вот вопрос")
    answered = 0
    for turn in range(1, ROUNDS + 1):
        machine.sees(1)
        machine.later()
        assert machine.house.sandbox.settle()
        machine.later()
        if not answered:
            customer.gets(1)
        for letter in customer.letters()[answered:]:
            answered += 1
            customer.answers(letter, f"Автоответ {turn}: я в отпуске", **admits)
        machine.house.sandbox.finish(machine.chats()[0])  # whoever writes next begins a session, which is welcomed
        _arrived(machine, len(customer.sent))
    (ours,) = customer.letters()
    assert ours["Auto-Submitted"] == "auto-replied"
    assert ours["In-Reply-To"]


def _arrived(machine: Office, count: int) -> None:
    """Wait until every letter of the customer is known, as a message or as a note."""
    journal = machine.house.connector.journal

    def known() -> bool:
        machine.house.pump()
        rows = [row for row in journal.list(limit=2000) if row["kind"] == "letter.received"]
        return len([row for row in rows if row["state"] == "done"]) >= count

    until(known, what=f"{count} letters are known")
