"""Names, types and the store."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import PermanentError, Refused
from connector.media import Media, safe_name, sniff
from connector.media.guarding import public
from connector.media.sniffing import kind_of
from tests.conftest import FakeClock

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def media(tmp_path: Path, clock: FakeClock) -> Media:
    return Media(tmp_path / "media", "https://edge.example/", b"s" * 32, clock, timedelta(hours=24))


@pytest.mark.parametrize(
    ("given_name", "mime", "safe"),
    [
        ("report.pdf", "application/pdf", "report.pdf"),
        ("../../etc/passwd", "", "passwd"),
        ("C:\\Users\\a\\photo.JPG", "image/jpeg", "photo.JPG"),
        ("", "image/png", "file.png"),
        (".htaccess", "", "htaccess"),
        ("...", "audio/ogg", "file.ogg"),
        ("a\u202egpj.exe", "", "agpj.exe"),
        ("line\nbreak\t.txt", "text/plain", "line break.txt"),
        ("no extension", "application/pdf", "no extension.pdf"),
        ("strange.!!!", "", "strange.!!!"),
        ('quo"te;<b>.txt', "", "quo_te__b_.txt"),
        ("x" * 80 + ".docx", "", "x" * 45 + ".docx"),
    ],
)
def test_names_are_made_safe(given_name: str, mime: str, safe: str):
    assert safe_name(given_name, mime) == safe


@given(st.text(max_size=200), st.sampled_from(["", "image/png", "text/html"]))
def test_a_safe_name_is_short_visible_and_stays_in_its_folder(name: str, mime: str):
    safe = safe_name(name, mime)
    assert 0 < len(safe) <= 50
    assert not set(safe) & set('/\\\0\n\r"')
    assert not safe.startswith(".")
    assert safe_name(safe, mime) == safe


@pytest.mark.parametrize(
    ("head", "name", "declared", "mime"),
    [
        (PNG, "x.html", "text/html", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.jpg", "", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBP", "", "", "image/webp"),
        (b"OggS\0", "voice.oga", "audio/ogg", "audio/ogg"),
        (b"\0\0\0\x18ftypmp42", "v.mp4", "", "video/mp4"),
        (b"%PDF-1.7", "a.txt", "", "application/pdf"),
        (b"PK\x03\x04", "a.docx", "", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04", "a.html", "", "application/zip"),
        ("привет".encode(), "a.txt", "", "text/plain"),
        (b"a;b\n1;2", "a.csv", "application/vnd.ms-excel", "text/csv"),
        (b"a;b", "", "text/csv; charset=utf-8", "text/csv"),
        (b"plain", "a.html", "text/html", "application/octet-stream"),
        (b"  <html>", "a.txt", "text/plain", "application/octet-stream"),
        (b"\xef\xbb\xbf<svg>", "a.txt", "image/svg+xml", "application/octet-stream"),
        (b"<?xml version='1.0'?>", "a.csv", "", "application/octet-stream"),
        (b"#!/bin/sh", "a.txt", "", "application/octet-stream"),
        (b"MZ\x90\0", "a.png", "image/png", "application/octet-stream"),
        (b"", "a.txt", "text/plain", "application/octet-stream"),
    ],
)
def test_the_bytes_decide_what_a_file_is(head: bytes, name: str, declared: str, mime: str):
    assert sniff(head, name, declared) == mime


@given(st.binary(max_size=64), st.text(max_size=20), st.sampled_from(["text/html", "image/svg+xml", "text/javascript"]))
def test_whatever_is_declared_nothing_becomes_what_a_browser_runs(head: bytes, name: str, declared: str):
    assert not any(bad in sniff(head, name, declared) for bad in ("html", "svg", "script", "xml+"))


def test_a_kept_file_is_found_by_its_content(media: Media):
    first = media.keep("a.png", "image/png", [PNG[:10], PNG[10:]], limit=1000)
    second = media.keep("b.png", "", [PNG], limit=1000)

    assert first.key == second.key
    assert media.read(first.key) == PNG
    assert (first.name, first.mime, first.size, first.kind) == ("a.png", "image/png", len(PNG), "image")
    assert media.path(first.key).parent.name == first.key[2:4]


def test_a_file_over_the_limit_leaves_nothing_behind(media: Media, tmp_path: Path):
    endless = iter(lambda: b"x" * 1000, b"")
    with pytest.raises(PermanentError) as caught:
        media.keep("a.bin", "", endless, limit=10_000)
    assert caught.value.cause == "media.too_large"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_broken_download_leaves_nothing_behind(media: Media, tmp_path: Path):
    def broken():
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        media.keep("a.bin", "", broken(), limit=10_000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_link_opens_what_it_was_made_for(media: Media):
    kept = media.keep("Смета.pdf", "", [b"%PDF-1.4"], limit=1000)
    token = kept.url.removeprefix("https://edge.example/media/")
    assert media.open_token(token) == kept


def test_asking_twice_within_an_hour_gives_the_same_link(media: Media, clock: FakeClock):
    first = media.keep("a.png", "", [PNG], limit=1000)
    clock.advance(600)
    assert media.keep("a.png", "", [PNG], limit=1000).url == first.url


def test_a_link_expires_and_cannot_be_forged(media: Media, clock: FakeClock, tmp_path: Path):
    kept = media.keep("a.png", "", [PNG], limit=1000)
    token = kept.url.rsplit("/", 1)[1]
    other = Media(tmp_path / "media", "https://edge.example", b"o" * 32, clock, timedelta(hours=24))
    for forged in (token[:-1], "x" + token, token.replace(".", ""), "", ".", "é.ё"):
        with pytest.raises(Refused) as caught:
            media.open_token(forged)
        assert caught.value.status == 404
    with pytest.raises(Refused):
        other.open_token(token)
    clock.advance(25 * 3600)
    with pytest.raises(Refused) as caught:
        media.open_token(token)
    assert caught.value.status == 410


def test_a_link_to_a_trimmed_file_is_gone(media: Media):
    kept = media.keep("a.png", "", [PNG], limit=1000)
    media.path(kept.key).unlink()
    with pytest.raises(Refused) as caught:
        media.open_token(kept.url.rsplit("/", 1)[1])
    assert caught.value.status == 410
    with pytest.raises(PermanentError):
        media.read(kept.key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64, "../" * 22])
def test_only_our_keys_name_a_file(media: Media, key: str):
    with pytest.raises(Refused):
        media.path(key)


def test_trimming_spares_what_was_kept_again(media: Media, clock: FakeClock, tmp_path: Path):
    old = media.keep("old.txt", "", [b"old"], limit=1000)
    again = media.keep("again.txt", "", [b"again"], limit=1000)
    leftover = tmp_path / "media" / "new" / "torn"
    leftover.write_bytes(b"half")
    os.utime(leftover, (clock().timestamp(), clock().timestamp()))
    clock.advance(5 * 86400)
    media.keep("again.txt", "", [b"again"], limit=1000)
    clock.advance(3 * 86400)

    assert media.trim(7) == 1
    assert not media.path(old.key).exists()
    assert not leftover.exists()
    assert media.read(again.key) == b"again"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "240.0.0.1", "192.0.2.1",
    ],
)  # fmt: skip
def test_private_addresses_are_not_public(address: str):
    assert not public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "149.154.167.220", "2a00:1450:4010:c0f::65", "64:ff9b::808:808"])
def test_public_addresses_are(address: str):
    assert public(address)


def test_the_kind_follows_the_type():
    assert [kind_of(mime) for mime in ("image/png", "audio/ogg", "video/mp4", "application/pdf", "")] == [
        "image", "audio", "video", "document", "document",
    ]  # fmt: skip
