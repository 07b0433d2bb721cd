"""A digest into what the rest of the house speaks: the client, the conversation, the words, the letter. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connector.domain.letters import Letter
from connector.domain.mailing import LetterBounced
from connector.domain.values import File, FileKind, Person
from connector.letters.headers import addresses, date, decoded, every, first, ids, mailbox
from connector.letters.senders import SPAM, automatic, spam, suppressed
from connector.letters.threads import conversation, of_ours
from connector.letters.words import words
from connector.speech import Text

_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
_FAILED = frozenset({"failed", "delayed"})
_PICTURE = re.compile(r"image/(?:png|jpe?g|gif|webp|bmp)")

_CUT = Text(
    "The letter has {mib} MiB, more than is brought here: only its headers were read. Open it in the mailbox",
    "Письмо занимает {mib} МиБ, это больше, чем сюда переносится: прочитаны только заголовки. Откройте его в почте",
)
_LEFT_OUT = Text(
    "{count} more parts of the letter were left out; they are in the original",
    "Ещё частей письма, которые не показаны: {count}; они есть в оригинале",
)


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One mailbox of ours. ``addresses`` are all its own, lower case; ``domain`` is the one of our message ids
    (empty: any); ``spam`` maps a header to the pattern that means spam in it."""

    account: str
    addresses: frozenset[str] = frozenset()
    domain: str = ""
    spam: Mapping[str, str] = field(default_factory=lambda: SPAM)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a letter means. ``text`` is BBCode without quotes and signature.

    ``bounces`` are not empty for a delivery report about a letter of ours, ``read`` is the id of the letter of ours
    that somebody opened. ``notes`` are for the operator.
    """

    client: Person
    conversation: str
    letter: Letter
    text: str
    files: tuple[File, ...]
    sent_at: datetime | None
    bounces: tuple[LetterBounced, ...] = ()
    read: str = ""
    notes: tuple[Text, ...] = ()


def read(digest: Mapping[str, Any], box: Mailbox) -> Reading:
    """The meaning of a digest (:func:`connector.letters.digest`). Raises ``KeyError`` or the like for anything else."""
    headers = digest["headers"]
    subject = decoded(first(headers, "subject"))[:500]
    said = words(digest["text"], digest["html"], subject)
    letter = _letter(digest, box, subject, shortened=said.shortened)
    thread, marked = conversation(
        own_id=letter.message_id,
        in_reply_to=_answered(headers),
        references=letter.references,
        recipients=addresses([value for name in _RECIPIENTS for value in every(headers, name)]),
        subject=subject,
        boxes=box.addresses,
        domain=box.domain,
    )
    report = digest["report"]
    reported, about = _reported(report, headers, box.domain)
    original = _original(digest, subject)
    return Reading(
        client=_client(headers, box),
        conversation=about or thread,
        letter=replace(letter, marked=bool(about) or marked, original=original),
        text=said.text,
        files=tuple(_file(part) for part in digest["parts"] if _shown(part, said.cids, shortened=said.shortened)),
        sent_at=date(first(headers, "date")) or datetime.fromisoformat(digest["received"]),
        bounces=_bounces(report, reported, about, box.account) if report["kind"] == "delivery" else (),
        read=reported if report["kind"] == "disposition" else "",
        notes=_notes(digest),
    )


def _letter(digest: Mapping[str, Any], box: Mailbox, subject: str, *, shortened: bool) -> Letter:
    headers = digest["headers"]
    message_id = next(iter(ids([first(headers, "message-id")])), "") or _made(digest)
    machine = automatic(headers, digest["report"]["kind"])
    sender = mailbox(first(headers, "from"))[1]
    form = _of_form(headers, box)
    if of_ours(message_id, box.domain) or (sender in box.addresses and not form):
        machine = "ours"
    elif form and machine == "bulk":
        # A form on a site writes from no-reply, and its client waits at Reply-To; the rest still tells a newsletter.
        machine = automatic([pair for pair in headers if pair[0].lower() != "from"], "")
    return Letter(
        subject=subject,
        message_id=message_id,
        in_reply_to=next(iter(_answered(headers)), ""),
        references=_chain(headers),
        from_address=sender,
        to=addresses(every(headers, "to"))[:100],
        cc=addresses(every(headers, "cc"))[:100],
        reply_to=next(iter(addresses(every(headers, "reply-to"))), ""),
        automatic=machine,
        suppress=bool(machine) or suppressed(headers),
        spam=spam(headers, box.spam),
        shortened=shortened,
    )


def _answered(headers: Any) -> tuple[str, ...]:
    return ids(every(headers, "in-reply-to"))


def _chain(headers: Any) -> tuple[str, ...]:
    found = ids(every(headers, "references"))
    return found if len(found) <= 40 else (found[0], *found[-39:])


def _made(digest: Mapping[str, Any]) -> str:
    """An id for a letter that came without (trap 17); the same letter met again gets the same."""
    about = json.dumps([digest["headers"], digest["size"], digest["text"], digest["html"]], sort_keys=True)
    return f"none.{hashlib.sha256(about.encode()).hexdigest()[:32]}@letters.invalid"


def _of_form(headers: Any, box: Mailbox) -> str:
    """The client behind a site's form: it writes from our own address or from no-reply, for somebody else."""
    sender = mailbox(first(headers, "from"))[1]
    other = mailbox(first(headers, "reply-to"))[1]
    silent = sender in box.addresses or re.match(r"(?:no|do-?not)[-_.]?reply", sender)
    return other if silent and other and other != sender and other not in box.addresses else ""


def _client(headers: Any, box: Mailbox) -> Person:
    name, address = mailbox(first(headers, "reply-to" if _of_form(headers, box) else "from"))
    if not address:
        address = next(iter(addresses([*every(headers, "sender"), *every(headers, "return-path")])), "")
    name = "" if "@" in name and name.lower() == address else name
    given, _, family = name.partition(" ")
    alone = not family or " " in family
    raw = decoded(first(headers, "from"))
    return Person(
        id=address or "unknown." + hashlib.sha256(raw.encode("utf-8", errors="replace")).hexdigest()[:16],
        first_name=name if alone else given,
        last_name="" if alone else family,
        email=address,
    )


def _shown(part: Mapping[str, Any], cids: frozenset[str], *, shortened: bool) -> bool:
    """A picture that only the cut quote or signature showed stays in the original."""
    return not (part["inline"] and part["cid"] and shortened and _is_picture(part) and part["cid"] not in cids)


def _is_picture(part: Mapping[str, Any]) -> bool:
    return bool(_PICTURE.fullmatch(part["mime"]))


def _file(part: Mapping[str, Any]) -> File:
    kinds: dict[str, FileKind] = {"audio": "audio", "video": "video"}
    kind: FileKind = "image" if _is_picture(part) else kinds.get(part["mime"].partition("/")[0], "document")
    return File(ref=part["key"], name=part["name"], mime=part["mime"], size=part["size"], kind=kind)


def _original(digest: Mapping[str, Any], subject: str) -> File | None:
    if not digest["raw"]:
        return None
    return File(ref=digest["raw"], name=f"{subject[:60] or 'letter'}.eml", mime="message/rfc822", size=digest["size"])


def _reported(report: Mapping[str, Any], headers: Any, domain: str) -> tuple[str, str]:
    """``(id, conversation)`` of the letter of ours that is reported about; Exchange tells it by its headers alone."""
    named = (report["original"], *_answered(headers), *reversed(_chain(headers))) if report["kind"] else ()
    return next(((each, token) for each in named if (token := of_ours(each, domain))), ("", ""))


def _bounces(report: Mapping[str, Any], reported: str, about: str, account: str) -> tuple[LetterBounced, ...]:
    if not about:
        return ()
    told = [each for each in report["recipients"] if each["action"] in _FAILED]
    if not told and not report["recipients"]:
        told = [{"to": "", "action": "failed", "status": "", "said": ""}]
    return tuple(
        LetterBounced(
            account=account,
            conversation=about,
            message_id=reported,
            recipient=each["to"],
            status=each["status"],
            said=each["said"],
            final=each["action"] == "failed",
        )
        for each in told
    )


def _notes(digest: Mapping[str, Any]) -> tuple[Text, ...]:
    notes = [_CUT.with_(mib=round(digest["size"] / 2**20, 1))] if digest["cut"] else []
    return (*notes, _LEFT_OUT.with_(count=digest["left_out"])) if digest["left_out"] else tuple(notes)
