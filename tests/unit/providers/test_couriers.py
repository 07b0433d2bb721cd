"""What holds for each service that brings letters by webhook."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from connector.domain.events import LetterReceived
from connector.domain.request import Request
from connector.errors import PermanentError, Refused
from connector.letters import digest
from connector.providers import postal
from tests.contract.providers.recorded import RECEIVED_AT
from tests.unit.providers.couriers import (
    KEY,
    LETTER,
    PASSWORD,
    POSTS,
    SLUGS,
    Shelf,
    basic,
    channel,
    mailgun_encoded,
    postmark,
    sendgrid,
    settings,
)

ASCII = LETTER.replace(b"\xe5\xd3\xd4\xd8", b"Size")


def condensed(slug: str, request: Request, shelf: Shelf) -> Request:
    condense = channel(slug).condense
    assert condense is not None
    return condense(request, settings(slug), shelf.keep)


def letter(slug: str, request: Request) -> LetterReceived:
    (event,) = channel(slug).parse(condensed(slug, request, Shelf()), settings(slug))
    assert isinstance(event, LetterReceived)
    return event


@pytest.mark.parametrize("slug", SLUGS)
def test_the_whole_letter_is_stored_byte_by_byte_and_the_envelope_is_small(slug: str):
    raw = LETTER if slug != "postmark" else ASCII  # JSON holds no such bytes
    raw = raw.replace(b"JVBERi0xLjQ=", b"JVBERi0xLjQ=\r\n" * 40_000)
    shelf = Shelf()
    kept = condensed(slug, POSTS[slug](raw), shelf)
    assert len(kept.body) < 4000
    told = json.loads(kept.body)
    assert shelf.files[told["raw"]] == raw
    assert shelf.files[told["parts"][0]["key"]].startswith(b"%PDF-1.4")
    assert told["where"]["webhook"] == slug
    assert told["where"]["recipient"] == "support@acme.ru"
    assert told["where"]["sender"] == "anna@client.example"


@pytest.mark.parametrize("slug", ["mailgun", "sendgrid"])
def test_a_letter_in_another_charset_keeps_its_words(slug: str):
    assert letter(slug, POSTS[slug]()).message.text == "Есть 42?"


def test_an_urlencoded_form_keeps_the_bytes_as_well():
    assert letter("mailgun", mailgun_encoded(LETTER)).message.text == "Есть 42?"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_same_letter_is_one_whoever_brings_it(slug: str):
    by_imap = digest(ASCII, Shelf().keep, where={"folder": "INBOX", "uid": 7}, received=RECEIVED_AT)
    framed = replace(postmark(), body=postal.frame(by_imap))
    kept = condensed(slug, POSTS[slug](ASCII), Shelf())
    assert channel(slug).dedupe_key(kept, settings(slug)) == postal.dedupe_key(framed, settings(slug))


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_kept_proves_nobody(slug: str):
    request = POSTS[slug]()
    kept = condensed(slug, replace(request, path="/hooks/support/" + "t" * 32, query=f"key={PASSWORD}"), Shelf())
    text = repr(kept)
    assert not [secret for secret in (KEY, PASSWORD, basic(), "t" * 32) if secret in text]
    assert kept.path == "/hooks/support"


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("body", [None, b"", b"\xff\x00 no form and no JSON"])
def test_what_is_no_whole_letter_is_kept_and_parks_with_what_to_switch_on(slug: str, body: bytes | None):
    request = POSTS[slug](None)
    if body is not None and slug != "mailgun":  # without a form Mailgun has no signature, and is refused
        request = replace(request, body=body)
    shelf = Shelf()
    kept = condensed(slug, request, shelf)
    (stored,) = shelf.files.values()
    assert len(stored) == len(request.body)
    with pytest.raises(PermanentError) as parked:
        channel(slug).parse(kept, settings(slug))
    assert parked.value.cause == f"{slug}.not_raw"
    assert json.loads(kept.body)["request"] in parked.value.hint.en
    assert parked.value.hint.ru != parked.value.hint.en
    assert channel(slug).dedupe_key(kept, settings(slug)).startswith("letter:")


@pytest.mark.parametrize("slug", SLUGS)
def test_whose_letter_was_parked_is_told(slug: str):
    told = {"From": "anna@client.example"} if slug == "postmark" else {"from": "anna@client.example"}
    subject = {"Subject" if slug == "postmark" else "subject": "Size"}
    kept = condensed(slug, POSTS[slug](None, **told, **subject), Shelf())
    with pytest.raises(PermanentError) as parked:
        channel(slug).parse(kept, settings(slug))
    assert parked.value.detail == "anna@client.example: Size"


@pytest.mark.parametrize("slug", SLUGS)
def test_two_letters_taken_apart_are_two(slug: str):
    first, second = (condensed(slug, POSTS[slug](None, Subject=name), Shelf()) for name in ("one", "two"))
    assert channel(slug).dedupe_key(first, settings(slug)) != channel(slug).dedupe_key(second, settings(slug))


def test_what_is_kept_of_a_form_of_mailgun_has_no_signature():
    shelf, request = Shelf(), POSTS["mailgun"](None)
    condensed("mailgun", request, shelf)
    (stored,) = shelf.files.values()
    signature = request.body.partition(b'name="signature"\r\n\r\n')[2][:64]
    assert len(signature) == 64
    assert signature not in stored


@pytest.mark.parametrize("slug", SLUGS)
def test_a_full_disk_is_the_stores_own_error(slug: str):
    with pytest.raises(OSError, match="No space"):
        condensed(slug, POSTS[slug](), Shelf(full=True))


@pytest.mark.parametrize("slug", SLUGS)
def test_a_letter_that_could_not_be_taken_apart_is_read_again_from_the_store(slug: str):
    shelf, known = Shelf(), settings(slug)
    whole = json.loads(condensed(slug, POSTS[slug](ASCII), shelf).body)
    broken = {"v": 1, "raw": whole["raw"], "where": whole["where"], "received": whole["received"], "broken": "a bug"}
    kept = replace(POSTS[slug](), headers={}, body=postal.frame(broken))
    with pytest.raises(PermanentError) as parked:
        channel(slug).parse(kept, known)
    assert parked.value.cause == f"{slug}.unread"
    anew = channel(slug).anew
    assert anew is not None
    mended = anew(kept, known, shelf.files.__getitem__, shelf.keep)
    (event,) = channel(slug).parse(mended, known)
    assert isinstance(event, LetterReceived)
    assert event.message.files[0].name == "price.pdf"


@pytest.mark.parametrize("slug", SLUGS)
def test_a_body_that_could_not_be_unpacked_is_unpacked_again(slug: str):
    shelf, known, request = Shelf(), settings(slug), POSTS[slug](ASCII)
    body = shelf.keep("request.bin", "application/octet-stream", request.body)
    broken = {"v": 1, "raw": "", "request": body, "content_type": request.header("content-type"), "where": {}}
    kept = replace(request, headers={}, body=postal.frame({**broken, "broken": f"{slug}.not_raw"}))
    anew = channel(slug).anew
    assert anew is not None
    (event,) = channel(slug).parse(anew(kept, known, shelf.files.__getitem__, shelf.keep), known)
    assert event.kind == "letter.received"


@pytest.mark.parametrize("slug", SLUGS)
def test_a_letter_that_was_read_is_not_made_anew(slug: str):
    kept = condensed(slug, POSTS[slug](), Shelf())
    anew = channel(slug).anew
    assert anew is not None
    assert anew(kept, settings(slug), {}.__getitem__, Shelf().keep) is kept


@pytest.mark.parametrize("slug", SLUGS)
def test_a_hidden_recipient_with_the_mark_of_a_conversation_finds_it(slug: str):
    raw = ASCII.replace(b"To: support@acme.ru\r\n", b"")
    marked = "support+t0123456789abcdef@acme.ru"
    request = {
        "mailgun": lambda: POSTS["mailgun"](raw, recipient=marked),
        "sendgrid": lambda: sendgrid(raw, envelope=json.dumps({"to": [marked]})),
        "postmark": lambda: postmark(raw, OriginalRecipient=marked),
    }[slug]()
    event = letter(slug, request)
    assert (event.conversation, event.message.letter.marked) == ("0123456789abcdef", True)


@pytest.mark.parametrize(
    ("slug", "request_"),
    [
        ("mailgun", POSTS["mailgun"](ASCII, **{"X-Mailgun-Sflag": "Yes"})),
        ("sendgrid", sendgrid(ASCII, spam_score="7.2")),
        ("postmark", postmark(ASCII, Headers=[{"Name": "X-Spam-Status", "Value": "Yes, score=8"}])),
    ],
)
def test_what_the_service_says_of_spam_can_be_read(slug: str, request_: Request):
    known = settings(slug, spam={"X-Spam-Score": "^[5-9]"}) if slug == "sendgrid" else settings(slug)
    (event,) = channel(slug).parse(condensed(slug, request_, Shelf()), known)
    assert isinstance(event, LetterReceived)
    assert event.message.letter.spam


@pytest.mark.parametrize("slug", ["sendgrid", "postmark"])
@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Bearer " + PASSWORD, basic(password=""), basic("другой")]
)
def test_without_the_password_nothing_comes_in(slug: str, header: str):
    request = replace(POSTS[slug](), headers={"content-type": "x/y", "authorization": header})
    with pytest.raises(Refused) as refusal:
        channel(slug).verify(request, settings(slug))
    assert (refusal.value.status, refusal.value.cause) == (401, f"{slug}.password")


@pytest.mark.parametrize("slug", ["sendgrid", "postmark"])
def test_a_secret_part_of_the_address_does_as_well_and_both_are_asked_for_where_both_are_given(slug: str):
    token = "t" * 32
    request = replace(POSTS[slug](), path=f"/hooks/support/{token}")
    nameless = replace(request, headers={"content-type": request.header("content-type")})
    channel(slug).verify(nameless, settings(slug, password=None, token=token))
    channel(slug).verify(request, settings(slug, token=token))
    for wrong in (
        nameless,
        replace(request, path="/hooks/support"),
        replace(request, path="/hooks/support/" + "u" * 32),
    ):
        with pytest.raises(Refused) as refusal:
            channel(slug).verify(wrong, settings(slug, token=token))
        assert refusal.value.status == 401


@pytest.mark.parametrize("slug", ["sendgrid", "postmark"])
@pytest.mark.parametrize("changes", [{"password": None}, {"password": "short"}, {"user": ""}, {"token": "a/b" * 12}])
def test_an_account_that_anybody_could_write_to_is_refused(slug: str, changes: dict[str, str | None]):
    with pytest.raises(ValidationError) as refusal:
        settings(slug, **changes)
    assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize("slug", ["sendgrid", "postmark"])
def test_the_address_for_the_service_bears_the_secrets(slug: str):
    known = settings(slug, token="t" * 24)
    url = known.posted_to("https://connector.example/hooks/support")
    assert url == f"https://bitrix24:{PASSWORD}@connector.example/hooks/support/{'t' * 24}"


@pytest.mark.parametrize(
    ("slug", "host", "port", "security"),
    [
        ("mailgun", "smtp.mailgun.org", 465, "tls"),
        ("sendgrid", "smtp.sendgrid.net", 465, "tls"),
        ("postmark", "smtp.postmarkapp.com", 587, "starttls"),
    ],
)
def test_smtp_says_only_what_differs(slug: str, host: str, port: int, security: str):
    known = settings(slug).smtp
    assert (known.host, known.port, known.security) == (host, port, security)
    assert (
        settings(slug, smtp={"host": "smtp.eu.example", "user": "me", "password": "x"}).smtp.host == "smtp.eu.example"
    )


def test_a_letter_of_a_mailbox_that_could_not_be_taken_apart_is_read_again_too():
    shelf, known = Shelf(), settings("mailgun")
    broken = {"v": 1, "raw": shelf.keep("letter.eml", "message/rfc822", ASCII), "where": {"uid": 7}, "broken": "a bug"}
    body = postal.frame({**broken, "received": RECEIVED_AT.isoformat()})
    kept = replace(postmark(), method="STREAM", path="/listen/support", body=body)
    with pytest.raises(ValueError, match="a bug"):
        postal.parse(kept, known)
    mended = postal.anew(kept, known, shelf.files.__getitem__, shelf.keep)
    assert [event.kind for event in postal.parse(mended, known)] == ["letter.received"]
    assert postal.anew(mended, known, {}.__getitem__, shelf.keep) is mended
