"""A letter over the wire: taken, put off, refused, cut short."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
import requests

from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import posting
from connector.providers.postman import Postman
from tests.integration.mail.posting import CLIENT, OURS, US, account, outgoing, sent, upload
from tests.integration.mail.smtp_talk import HANG_UP, talking
from tests.mail.authority import Papers, papers
from tests.mail.next_hop import NextHop, Step, next_hop
from tests.services import free_port


@pytest.fixture
def hop() -> Iterator[NextHop]:
    with next_hop() as running:
        yield running


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers(tmp_path_factory.mktemp("authority"))


def served(paper: Papers) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(paper.certificate, paper.key)
    return context


def test_a_letter_leaves_and_its_id_is_the_proof(hop: NextHop):
    receipt = sent(account(hop.port), ".one dot\n..two", cc=("boss@client.test",))
    assert (receipt.ids, receipt.notes) == ((OURS,), ())
    (letter,) = hop.letters
    assert (letter.sender, letter.recipients) == (US, (CLIENT, "boss@client.test"))
    assert letter.message["Message-ID"] == f"<{OURS}>"
    assert letter.message.get_body(("plain",)).get_content() == ".one dot\r\n..two\r\n"


def test_a_letter_of_many_megabytes_arrives_whole(hop: NextHop):
    data = b"\r\n.\r\n." * 1_000_000
    assert sent(account(hop.port), "см.", upload("a.pdf", len(data), data)).notes == ()
    (part,) = hop.letters[0].message.iter_attachments()
    assert part.get_content() == data


def test_a_file_that_is_too_large_becomes_a_link_and_the_operator_knows(hop: NextHop):
    files = (upload("маленький.pdf", 1000), upload("большой.pdf", 3_000_000), upload("second.pdf", 2000))
    receipt = sent(account(hop.port, largest=1_000_000), "см.", *files)
    message = hop.letters[0].message
    assert [part.get_filename() for part in message.iter_attachments()] == ["маленький.pdf", "second.pdf"]
    for kind in ("plain", "html"):
        assert "https://we.test/большой.pdf" in message.get_body((kind,)).get_content()
    ((en, ru),) = receipt.notes
    assert "большой.pdf (3 MiB)" in en
    assert "большой.pdf (3 МиБ)" in ru
    assert len(hop.letters[0].raw) < 1_000_000


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_whoever_has_the_password_comes_in(mechanism: str):
    words = {"EHLO": [f"250-talk\r\n250 AUTH {mechanism}"], "AUTH LOGIN": ["334 VXNlcm5hbWU6"]}
    known = {"c3VwcG9ydEBhY21lLnRlc3Q=": ["334 UGFzc3dvcmQ6"], "0L/QsNGA0L7Qu9GM": ["235 in"]}
    with talking(replies={**words, **known}) as talk:
        sent(account(talk.port, password="пароль"))
        assert len(talk.letters) == 1
        plain = "AUTH PLAIN AHN1cHBvcnRAYWNtZS50ZXN0ANC/0LDRgNC+0LvRjA=="
        assert (plain if mechanism == "PLAIN" else "AUTH LOGIN") in talk.lines


def test_who_is_not_let_in_waits_for_a_person():
    with next_hop(passwords={US: "right"}) as hop:
        sent(account(hop.port, password="right"))
        assert hop.letters[0].user == US
        with pytest.raises(Stopped) as caught:
            sent(account(hop.port, password="wrong"))
    assert (caught.value.cause, caught.value.state) == ("smtp.login", "needs_reauth")
    assert "535" in caught.value.hint.ru
    with talking(replies={"EHLO": ["250-talk\r\n250 AUTH GSSAPI"]}) as talk, pytest.raises(Stopped):
        sent(account(talk.port, password="x"))
    with talking(replies={"EHLO": ["250 talk"]}) as talk:
        sent(account(talk.port, password="x"))
        assert len(talk.letters) == 1
    with talking(replies={"AUTH": ["454 4.7.0 later"]}) as talk, pytest.raises(TransientError):
        sent(account(talk.port, password="x"))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_letters_leave_encrypted_to_a_server_that_is_believed(security: str, paper: Papers):
    with next_hop(tls=served(paper), wrapped=security == "tls") as hop:
        sent(account(hop.port, security=security, ca=str(paper.ca)))
        assert len(hop.letters) == 1
        for wrong in ({"ca": ""}, {"ca": "/nowhere.pem"}):
            with pytest.raises(Stopped) as caught:
                sent(account(hop.port, security=security, **wrong))
            assert caught.value.cause == "smtp.certificate"
        assert len(hop.letters) == 1


def test_nothing_leaves_unencrypted_where_encryption_was_asked_for(hop: NextHop):
    with pytest.raises(Stopped) as caught:
        sent(account(hop.port, security="starttls"))
    assert caught.value.cause == "smtp.no_starttls"
    assert hop.tries == 0


@pytest.mark.parametrize(
    ("step", "wait"),
    [
        (Step(sender="451 4.3.0 later"), 120.0),
        (Step(recipient="450 4.2.0 Greylisted, come back"), 300.0),
        (Step(recipient="452 4.2.2 mailbox full"), 1800.0),
        (Step(data="451 4.7.1 try again later"), 300.0),
    ],
)
def test_what_will_pass_is_waited_for(hop: NextHop, step: Step, wait: float):
    hop.script(step)
    with pytest.raises(TransientError) as caught:
        sent(account(hop.port))
    assert (caught.value.retry_after, caught.value.maybe_done) == (wait, False)
    assert not hop.letters
    assert sent(account(hop.port)).ids == (OURS,)


@pytest.mark.parametrize(
    ("step", "cause", "word"),
    [
        (Step(recipient="550 5.1.1 no such user here"), "smtp.no_mailbox", "Такого адреса нет"),
        (Step(recipient="552 5.2.2 over quota"), "smtp.mailbox_full", "переполнен"),
        (Step(data="554 5.7.1 looks like spam"), "smtp.refused", "спам"),
        (Step(data="552 too big"), "smtp.too_large", "smtp.largest"),
        (Step(sender="553 5.1.8 who are you"), "smtp.our_domain", "DNS"),
        (Step(data="599 what a day"), "smtp.refused", "окончательно"),
    ],
)
def test_a_final_refusal_is_told_in_plain_words_and_the_servers_own(hop: NextHop, step: Step, cause: str, word: str):
    hop.script(step)
    with pytest.raises(PermanentError) as caught:
        sent(account(hop.port))
    said = step.sender or step.recipient or step.data
    assert caught.value.cause == cause
    assert word in caught.value.hint.ru
    assert f"«{said}»" in caught.value.hint.ru
    assert f"“{said}”" in caught.value.hint.en


def test_a_copy_that_is_refused_does_not_stop_the_letter():
    with talking(replies={"RCPT TO:<gone@": ["550 5.1.1 gone"], "RCPT TO:<slow@": ["451 4.7.1 wait"]}) as talk:
        receipt = sent(
            account(talk.port), cc=("gone@client.test", "slow@client.test", "boss@client.test", "no address")
        )
        assert len(talk.letters) == 1
    assert receipt.ids == (OURS,)
    told = " ".join(ru for _, ru in receipt.notes)
    assert [address in told for address in ("gone@", "slow@", "boss@", "no address")] == [True, True, False, True]


def test_a_letter_that_only_the_copies_would_get_does_not_leave():
    with talking(replies={f"RCPT TO:<{CLIENT}>": ["550 5.1.1 gone"]}) as talk:
        with pytest.raises(PermanentError):
            sent(account(talk.port), cc=("boss@client.test",))
        assert "DATA" not in talk.lines


@pytest.mark.parametrize("where", ["", "EHLO", "MAIL", "RCPT", "DATA"])
def test_what_breaks_before_the_dot_was_not_sent(where: str):
    with talking(replies={where: [HANG_UP]}) as talk, pytest.raises(TransientError) as caught:
        sent(account(talk.port))
    assert (caught.value.cause, caught.value.maybe_done) == ("smtp.unreachable", False)


def test_what_breaks_within_the_letter_was_not_sent():
    with talking(cut_at=200_000) as talk:
        with pytest.raises(TransientError) as caught:
            sent(account(talk.port), "см.", upload("a.pdf", 8_000_000))
        assert talk.letters == []
    assert not caught.value.maybe_done


@pytest.mark.parametrize("answer", [HANG_UP, "what?"])
def test_what_breaks_after_the_dot_may_be_there(answer: str):
    with talking(replies={"LETTER": [answer]}) as talk:
        with pytest.raises(TransientError) as caught:
            sent(account(talk.port))
        assert len(talk.letters) == 1
    assert (caught.value.cause, caught.value.maybe_done) == ("smtp.unclear", True)


def test_a_server_that_is_away_or_turns_us_away_is_asked_again():
    with pytest.raises(TransientError) as caught:
        sent(account(free_port()))
    assert not caught.value.maybe_done
    with talking(replies={"": ["554 5.7.1 too many connections"]}) as talk, pytest.raises(TransientError) as caught:
        sent(account(talk.port))
    assert "too many connections" in caught.value.detail


def test_a_server_that_breaks_off_after_it_took_the_letter_took_it():
    with talking(replies={"QUIT": [HANG_UP]}) as talk:
        assert sent(account(talk.port)).ids == (OURS,)


def test_a_machines_letter_has_no_sender_where_the_server_takes_that(hop: NextHop):
    sent(account(hop.port), automatic=True)
    assert hop.letters[0].sender in ("", "<>")
    with talking(replies={"MAIL FROM:<>": ["550 5.7.1 must be your own"]}) as talk:
        sent(account(talk.port), automatic=True)
        assert [line.partition(" SIZE")[0] for line in talk.lines if line.startswith("MAIL")] == [
            "MAIL FROM:<>",
            f"MAIL FROM:<{US}>",
        ]


def test_an_address_of_other_letters_needs_a_server_that_takes_it(hop: NextHop):
    sent(account(hop.port), to="анна@почта.рф")
    assert hop.letters[0].recipients == ("анна@xn--80a1acny.xn--p1ai",)
    with talking() as talk:
        with pytest.raises(PermanentError) as caught:
            sent(account(talk.port), to="анна@почта.рф")
        assert caught.value.cause == "smtp.utf8"
        sent(account(talk.port), to="anna@почта.рф")
        assert "RCPT TO:<anna@xn--80a1acny.xn--p1ai>" in talk.lines


def test_a_hidden_copy_goes_to_ourselves_and_is_not_seen(hop: NextHop):
    receipt = sent(account(hop.port, copy="bcc"))
    assert hop.letters[0].recipients == (CLIENT, US)
    assert "Bcc" not in hop.letters[0].message
    assert receipt.notes == ()
    with talking(replies={f"RCPT TO:<{US}>": ["550 5.1.1 not here"]}) as talk:
        ((_, ru),) = sent(account(talk.port, copy="bcc")).notes
    assert "скрытую копию" in ru


def test_a_file_with_a_strange_name_is_sent(hop: NextHop):
    sent(account(hop.port), "см.", upload('"; filename="evil.exe\r\nX-Evil: 1', 10))
    (part,) = hop.letters[0].message.iter_attachments()
    assert "X-Evil" not in hop.letters[0].message
    assert part.get_filename() == "__ filename=_evil.exe X-Evil_ 1.pdf"


def test_a_server_that_takes_smaller_letters_gets_links_instead_of_files():
    with talking() as talk:  # it says SIZE 1000000
        settings = account(talk.port)
        postman = Postman(settings, requests.Session())
        small, large = upload("a.pdf", 1000), upload("b.pdf", 900_000)
        with pytest.raises(TransientError) as caught:
            posting.send(outgoing("Прайс", small, large), settings, postman)
        assert (caught.value.cause, caught.value.maybe_done) == ("smtp.size", False)
        receipt = posting.send(outgoing("Прайс", small, large), settings, postman)
    [raw] = talk.letters
    letter = message_from_bytes(raw, policy=policy.default)
    assert [part.get_filename() for part in letter.iter_attachments()] == ["a.pdf"]
    assert "https://we.test/b.pdf" in letter.get_body(("plain",)).get_content()
    assert "b.pdf" in receipt.notes[0][1]
