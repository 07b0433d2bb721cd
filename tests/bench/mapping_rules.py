"""Rules as integrators write them, as many as wanted and no two alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Take = Callable[[int], str]


def rules(count: int, words: Sequence[str]) -> str:
    """A file of ``count`` rules for messages: every second one looks for words in the text, the others at what else
    is known. ``words`` are those that occur.
    """
    documents = [_rule(number, words) for number in range(count)]
    return "version: 1\n" + "\n---\n".join(documents) + "\n"


def _rule(number: int, words: Sequence[str]) -> str:
    def stem(step: int) -> str:
        word = words[(number * 3 + step) % len(words)].lower()
        return word[: max(5, len(word) - 2)]

    conditions = _PATTERNS if number % 2 else _FIELDS
    when = conditions[number // 2 % len(conditions)](number, stem)
    done = _DONE[number % len(_DONE)](number, stem)
    return f"name: rule {number}\non: message.received\nwhen: >-\n  {when}\n{done}"


_PATTERNS: tuple[Callable[[int, Take], str], ...] = (
    lambda number, stem: f"event.text | matches('{stem(0)}|{stem(1)}|{stem(2)}')",
    lambda number, stem: rf"event.text | matches('\b({stem(0)}|{stem(1)}|{stem(2)}|{stem(3)})')",
    lambda number, stem: f"event.channel == 'telegram' and event.text | matches('{stem(0)}')",
    lambda number, stem: rf"event.text | matches('{stem(0)}\w*[ ,]+(не )?{stem(1)}')",
    lambda number, stem: rf"event.text | matches('(заказ|order|№)\D{{0,3}}{number % 90 + 10}\d+')",
    lambda number, stem: f"event.text | matches('{stem(0)}') and not event.text | matches('{stem(1)}|{stem(2)}')",
    lambda number, stem: rf"event.client.language == 'ru' and event.text | matches('(не|нет|без) {stem(0)[:4]}\w+')",
    lambda number, stem: rf"event.text | matches('^(здравствуйте|добрый день|hello|hi)?[,! ]*{stem(0)}')",
)
_FIELDS: tuple[Callable[[int, Take], str], ...] = (
    lambda number, stem: f"event.account == 'shop{number % 23}' and event.client.phone",
    lambda number, stem: f"event.channel in ['telegram', 'webchat'] and '{stem(0)}' in event.text",
    lambda number, stem: f"event.channel == 'webchat' and event.page.marks.source == 'yandex{number}'",
    lambda number, stem: f"event.client.first_name == 'Анна' and event.account == 'shop{number % 31}'",
    lambda number, stem: f"event.text | length > {300 + number}",
    lambda number, stem: f"facts.loud and score > {number}",
    lambda number, stem: f"(event.files | length > 3 or event.location) and event.client.language != 'de{number}'",
    lambda number, stem: f"category == 'complaint' and event.account in ['shop1', 'shop2', 'shop{number}']",
)
_DONE: tuple[Callable[[int, Take], str], ...] = (
    lambda number, stem: f"tags: [{stem(0)}]",
    lambda number, stem: f"line: {number % 9 + 1}\ntags: [line-{number % 9 + 1}]",
    lambda number, stem: f"score: {{points {number}: 5}}",
    lambda number, stem: "category: complaint",
    lambda number, stem: 'set: {loud: "{{ event.text | length > 100 }}"}',
    lambda number, stem: "priority: high\ntags: [{add: urgent, when: event.client.phone}]",
    lambda number, stem: f"crm:\n  contact: {{match: [chat], set: {{UF_CRM_{number}: '{{{{ event.account }}}}'}}}}",
    lambda number, stem: f"owner: {number}",
)
