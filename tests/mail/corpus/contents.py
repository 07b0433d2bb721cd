"""What letters carry: letters within letters, pictures, invitations, seals, and nothing at all."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tests.mail.corpus.case import Case
from tests.mail.corpus.desk import Desk, case, changed
from tests.mail.corpus.mime import multipart, part, word, written
from tests.mail.corpus.plain import answering
from tests.mail.corpus.writer import Letter

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89" + zlib.compress(b"\0" * 5)
_INVITE = (
    "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@client.example\nDTSTART:20251105T080000Z\n"
    "SUMMARY:Замер\nEND:VEVENT\nEND:VCALENDAR\n"
)
_FORWARDED = (
    ("gmail-web", "---------- Forwarded message ---------\nОт: Склад <w@acme.example>\nDate: пн, 3 нояб. 2025 г.\n\n"),
    ("yandex", "-------- Пересылаемое сообщение --------\n03.11.2025, 14:05, Склад <w@acme.example>:\n\n"),
    ("mailru", "-------- Пересылаемое сообщение --------\nОт кого: Склад <w@acme.example>\nТема: Остаток\n\n"),
    ("apple-mail", "Начало переадресованного сообщения:\n\nОт: Склад <w@acme.example>\nТема: Остаток\n\n"),
    ("thunderbird", "-------- Перенаправленное сообщение --------\nТема: Остаток\nОт: Склад <w@acme.example>\n\n"),
)
_PDF = "application/pdf"
_LONG = "a fifth of a megabyte"

Made = Callable[[Letter], bytes]


def forwards(desk: Desk) -> Iterator[Case]:
    """A forwarded letter is content, whatever surrounds it; one that is attached stays a file."""
    for program, opening in _FORWARDED:
        for said in ("", "Посмотрите, пожалуйста.\n\n"):
            draft = desk.draft("script")
            text = f"{said}{opening}Остаток на складе мал. {draft.said}\n"
            draft = replace(draft, subject=f"Fwd: {draft.subject}")
            name = f"{program}{', with words' if said else ''}"
            yield case("forward", draft, changed(draft, content=written(text)), name=name)
    for depth in (1, 2, 4):
        draft = desk.draft("script")
        inner = desk.draft("script", subject="Счёт внутри").raw()
        for level in range(depth - 1):
            inner = _within(inner, f"Уровень {level}", f"=_level{level}")
        attached = part("message/rfc822", inner, "", disposition="attachment")
        raw = changed(draft, content=multipart("mixed", [written(draft.said), attached], "=_outer"))
        name = "Счёт внутри.eml" if depth == 1 else f"Уровень {depth - 2}.eml"
        yield case("forward", draft, raw, name=f"attached, {depth} deep", files=(name,))


def _within(inner: bytes, subject: str, boundary: str) -> bytes:
    content = multipart("mixed", [written("Смотрите вложение"), part("message/rfc822", inner, "")], boundary)
    return f"Subject: {word(subject)}\r\nMIME-Version: 1.0\r\n".encode() + content


def pictures(desk: Desk) -> Iterator[Case]:
    """Pictures in the text, beside it, and in a signature."""
    yield from _made(
        desk,
        "picture",
        [
            ("inline", lambda d: _related(d, 'inline; filename="photo.png"', "<pic@client>"), ("photo.png",)),
            ("no disposition", lambda d: _related(d, "", "<pic@client>", '; name="photo.png"'), ("photo.png",)),
            (
                "attached with an id",
                lambda d: _related(d, 'attachment; filename="photo.png"', "<pic@client>"),
                ("photo.png",),
            ),
            ("nameless", lambda d: _related(d, "inline", "<pic@client>"), ("file.png",)),
            (
                "beside",
                lambda d: multipart(
                    "mixed",
                    [written(d.said), part("image/png", _PNG, disposition="inline; filename=a.png"), written("После")],
                ),
                ("a.png",),
            ),
            ("remote alone", lambda d: _html(f'<p>{d.said}</p><img src="https://t.client.example/p.gif" width=1>'), ()),
        ],
    )
    root = desk.draft("gmail-web")
    story = f"picture of a signature {root.number}"
    yield case("picture", root, story=story, name="first", hidden=root.hidden)
    draft = answering(desk, root, "in reply to")
    logo = part("image/png", _PNG, disposition='inline; filename="logo.png"', headers=[("Content-ID", "<logo@client>")])
    raw = changed(draft, content=multipart("related", [draft.body(), logo], "=_rel"))
    yield case("picture", draft, raw, story=story, name="in the signature alone", hidden=draft.hidden)


def _related(draft: Letter, disposition: str, cid: str, more: str = "") -> bytes:
    page = _html(f'<p>{draft.said}</p><p><img src="cid:{cid[1:-1]}" alt=""></p>')
    picture = part(f"image/png{more}", _PNG, disposition=disposition, headers=[("Content-ID", cid)])
    return multipart("related", [multipart("alternative", [written(draft.said), page], "=_alt"), picture], "=_rel")


def _html(page: str) -> bytes:
    return written(f"<html><body>{page}</body></html>", kind="html")


def bodies(desk: Desk) -> Iterator[Case]:
    """Bodies in unusual places, and missing ones."""
    yield from _made(
        desk,
        "body",
        [
            ("HTML alone", lambda d: _html(f"<table><tr><td>{d.said}</td></tr></table>"), ()),
            (
                "a stub beside HTML",
                lambda d: multipart("alternative", [written("Ваша программа не показывает HTML."), _html(d.said)]),
                (),
            ),
            ("an empty text beside HTML", lambda d: multipart("alternative", [written("\n"), _html(d.said)]), ()),
            ("text beside empty HTML", lambda d: multipart("alternative", [written(d.said), _html("<br>")]), ()),
            ("two texts", lambda d: multipart("mixed", [written("Первая часть."), written(d.said)]), ()),
            (
                "a text that is a file",
                lambda d: multipart("mixed", [written(d.said), part('text/plain; name="readme.txt"', b"file")]),
                ("readme.txt",),
            ),
            (
                "a page that is a file",
                lambda d: multipart(
                    "mixed",
                    [written(d.said), part("text/html", b"<p>x</p>", disposition='attachment; filename="page.html"')],
                ),
                ("page.html",),
            ),
            (
                "a card",
                lambda d: multipart(
                    "mixed",
                    [
                        written(d.said),
                        part(
                            "text/vcard; charset=utf-8",
                            b"BEGIN:VCARD\nEND:VCARD\n",
                            disposition='attachment; filename="me.vcf"',
                        ),
                    ],
                ),
                ("me.vcf",),
            ),
            (
                "hidden words",
                lambda d: _html(f'<div style="display:none;max-height:0">Скрыто</div><p>{d.said}</p>'),
                (),
            ),
            (
                "a whole page",
                lambda d: _html(f"<style>p {{color: red}}</style><script>alert(1)</script><p>{d.said}</p>"),
                (),
            ),
            (
                "nested containers",
                lambda d: multipart(
                    "mixed",
                    [multipart("related", [multipart("alternative", [written(d.said), _html(d.said)], "=_3")], "=_2")],
                    "=_1",
                ),
                (),
            ),
            (_LONG, lambda d: written(f"{d.said}\n" + "строка\n" * 15_000), ()),
        ],
    )
    for name, content, files in (
        ("nothing", b"\r\n", ()),
        ("spaces", written(" \n \n"), ()),
        ("a file alone", part(_PDF, b"%PDF-1.4", disposition='attachment; filename="act.pdf"'), ("act.pdf",)),
        ("a picture alone", part("image/jpeg", b"\xff\xd8", disposition="inline; filename=IMG_1.jpg"), ("IMG_1.jpg",)),
    ):
        draft = desk.draft("script")
        yield case("body", draft, changed(draft, content=content), name=name, shown=draft.subject, files=files)


def sealed(desk: Desk) -> Iterator[Case]:
    """Outlook's own format, invitations, signatures and secrets."""
    yield from _made(
        desk,
        "sealed",
        [
            (
                "winmail",
                lambda d: multipart(
                    "mixed", [written(d.said), part('application/ms-tnef; name="winmail.dat"', b"\x78\x9f\x3e\x22")]
                ),
                ("winmail.dat",),
            ),
            (
                "winmail without a type",
                lambda d: multipart(
                    "mixed",
                    [
                        written(d.said),
                        part(
                            "application/octet-stream",
                            b"\x78\x9f\x3e\x22",
                            disposition="attachment; filename=winmail.dat",
                        ),
                    ],
                ),
                ("winmail.dat",),
            ),
            (
                "an invitation among alternatives",
                lambda d: multipart(
                    "alternative",
                    [
                        written(d.said),
                        _html(d.said),
                        part("text/calendar; method=REQUEST; charset=utf-8", _INVITE.encode()),
                    ],
                ),
                ("invite.ics",),
            ),
            (
                "an invitation as a file",
                lambda d: multipart(
                    "mixed", [written(d.said), part('application/ics; name="invite.ics"', _INVITE.encode())]
                ),
                ("invite.ics",),
            ),
            (
                "S/MIME signed",
                lambda d: multipart(
                    "signed",
                    [written(d.said), part('application/pkcs7-signature; name="smime.p7s"', b"0\x82")],
                    more='; micalg=sha-256; protocol="application/pkcs7-signature"',
                ),
                ("smime.p7s",),
            ),
            (
                "PGP signed",
                lambda d: multipart(
                    "signed",
                    [
                        written(d.said),
                        part('application/pgp-signature; name="signature.asc"', b"-----BEGIN PGP SIGNATURE-----"),
                    ],
                    more="; micalg=pgp-sha256",
                ),
                ("signature.asc",),
            ),
            (
                "PGP in the text",
                lambda d: written(f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{d.said}\n"),
                (),
            ),
        ],
    )
    for name, content, files in (
        (
            "S/MIME",
            part('application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"', b"0\x82"),
            ("smime.p7m",),
        ),
        (
            "PGP",
            multipart(
                "encrypted",
                [
                    part("application/pgp-encrypted", b"Version: 1\n"),
                    part('application/octet-stream; name="encrypted.asc"', b"-----BEGIN PGP MESSAGE-----"),
                ],
            ),
            ("file.asc", "encrypted.asc"),
        ),
    ):
        draft = desk.draft("script")
        yield case("sealed", draft, changed(draft, content=content), name=name, shown=draft.subject, files=files)


def _made(desk: Desk, kind: str, rows: Sequence[tuple[str, Made, tuple[str, ...]]]) -> Iterator[Case]:
    for name, made, files in rows:
        draft = desk.draft("script")
        pieces = 6 if name == _LONG else 1
        yield case(kind, draft, changed(draft, content=made(draft)), name=name, files=files, pieces=pieces)
