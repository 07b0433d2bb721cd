from __future__ import annotations

import re

import pytest

from connector.errors import PermanentError, Stopped, TransientError
from connector.providers.smtp_verdicts import MEANINGS, verdict


@pytest.mark.parametrize(
    ("code", "words", "kind", "cause"),
    [
        (550, b"5.1.1 unknown user", PermanentError, "smtp.no_mailbox"),
        (550, b"5.1.10 null MX", PermanentError, "smtp.no_mail"),
        (550, b"5.1.2 bad domain", PermanentError, "smtp.no_domain"),
        (550, b"5.2.1 disabled", PermanentError, "smtp.mailbox_closed"),
        (552, b"5.2.2 over quota", PermanentError, "smtp.mailbox_full"),
        (552, b"5.3.4 too big", PermanentError, "smtp.too_large"),
        (550, b"5.4.1 no route", PermanentError, "smtp.no_way"),
        (550, b"5.7.26 DMARC", PermanentError, "smtp.not_authentic"),
        (553, b"5.7.1 Sender address rejected: not owned by auth user.", PermanentError, "smtp.our_address"),
        (554, b"5.7.1 spam", PermanentError, "smtp.refused"),
        (550, b"no such user", PermanentError, "smtp.refused"),
        (530, b"5.7.0 authentication required", Stopped, "smtp.login"),
        (535, b"5.7.8 bad credentials", Stopped, "smtp.login"),
        (421, b"4.3.2 shutting down", TransientError, "smtp.later"),
        (-1, b"", TransientError, "smtp.later"),
    ],
)
def test_an_answer_is_a_verdict(code: int, words: bytes, kind: type[Exception], cause: str):
    error = verdict(code, words)
    assert (type(error), error.cause) == (kind, cause)


def test_what_a_server_says_is_one_short_line():
    error = verdict(550, "5.1.1 нет\r\nтакого\x00\u202e ящика ".encode() + b"x" * 900)
    assert re.fullmatch(r"550 5\.1\.1 нет такого ящика x{100,200}", error.detail)
    assert error.detail in error.hint.en
    assert error.detail in error.hint.ru


def test_every_meaning_says_what_to_do_in_both_languages():
    for _, cause, meaning in MEANINGS:
        for text in meaning:
            assert text.count(".") >= 2, cause
            assert text.endswith(".")
        assert not re.search("[А-Яа-я]", meaning.en)
        assert re.search("[А-Яа-я]", meaning.ru)


def test_the_more_special_code_stands_first():
    begins = [begin for begin, _, _ in MEANINGS]
    for number, one in enumerate(begins):
        assert not [later for later in begins[number + 1 :] if later.startswith(one)], one
