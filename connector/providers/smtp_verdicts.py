"""What a mail server's answers mean: wait, give up, or call a person (RFC 3463; facts/providers.md §4.2)."""

from __future__ import annotations

import re

from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.letters.charsets import one_line
from connector.speech import Text

GREYLISTED, FULL, LATER = 300.0, 1800.0, 120.0  # seconds until the next attempt
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")
_GREY = re.compile(r"gr[ae]y.?list|try again (?:in|later)|отлож", re.IGNORECASE)

_SAID = Text("{meaning} The server said: “{words}”.", "{meaning} Сервер ответил: «{words}».")
_WAIT = Text(
    "The mail server asks to wait; the letter is tried again.", "Почтовый сервер просит подождать; попытка повторится."
)
_ACCESS = Text(
    "The mail server does not let us send. Check user and password (or oauth) under smtp: big mail services want an "
    "app password, and sending by mail programs must be allowed in the mailbox.",
    "Почтовый сервер не разрешает отправку. Проверьте user и password (или oauth) в разделе smtp: крупным почтовым "
    "службам нужен пароль приложения, а отправка из почтовых программ должна быть разрешена в ящике.",
)

# By both codes, by the beginning of the enhanced one, else by the plain one; the first that fits.
MEANINGS: tuple[tuple[str, str, Text], ...] = (
    ("553 5.7.1", "our_address", Text(
        "The server does not let us write under this address. It must be the mailbox's own: check address and user.",
        "Сервер не разрешает писать от этого адреса. Это должен быть адрес самого ящика: проверьте address и user.")),
    ("5.1.10", "no_mail", Text(
        "The client's domain takes no mail. Ask for another address.",
        "Домен клиента не принимает почту. Попросите другой адрес.")),
    ("5.1.1", "no_mailbox", Text(
        "There is no such address. Ask the client for the right one.",
        "Такого адреса нет. Уточните адрес у клиента.")),
    ("5.1.2", "no_domain", Text(
        "The domain of the address does not exist. Ask the client for the right one.",
        "Домена из этого адреса не существует. Уточните адрес у клиента.")),
    ("5.1.6", "moved", Text(
        "The mailbox has moved. Ask the client for the new address.",
        "Ящик переехал. Узнайте у клиента новый адрес.")),
    ("5.1.7", "our_address", Text(
        "The server does not take our address as a sender. It must be the mailbox's own: check address and user.",
        "Сервер не принимает наш адрес отправителя. Это должен быть адрес самого ящика: проверьте address и user.")),
    ("5.1.8", "our_domain", Text(
        "The server does not take our domain as a sender's. Check its DNS records with your administrator.",
        "Сервер не принимает наш домен отправителя. Проверьте его DNS-записи с администратором.")),
    ("5.1.", "address", Text(
        "The server does not take the address. Ask the client for the right one.",
        "Сервер не принимает адрес. Уточните адрес у клиента.")),
    ("5.2.2", "mailbox_full", Text(
        "The client's mailbox is full. Reach them some other way or send it again later.",
        "Ящик клиента переполнен. Свяжитесь с ним иначе или отправьте письмо позже.")),
    ("5.2.3", "too_large", Text(
        "The letter is too large for the client's mailbox. Send a link instead of the files.",
        "Письмо слишком велико для ящика клиента. Отправьте ссылку вместо файлов.")),
    ("5.2.", "mailbox_closed", Text(
        "The client's mailbox is closed. Reach them some other way.",
        "Ящик клиента закрыт. Свяжитесь с ним другим способом.")),
    ("5.3.4", "too_large", Text(
        "The letter is too large for the server. Send a link instead of the files, or lower smtp.largest.",
        "Письмо слишком велико для сервера. Отправьте ссылку вместо файлов или уменьшите smtp.largest.")),
    ("5.4.", "no_way", Text(
        "The server finds no way to the client's mail server. Check the address; send it again later.",
        "Сервер не находит пути к почте клиента. Проверьте адрес; отправьте письмо позже.")),
    ("5.6.7", "utf8", Text(
        "The client's server takes no addresses with such letters. Ask for another address.",
        "Сервер клиента не принимает адреса с такими буквами. Попросите другой адрес.")),
    ("5.7.1", "refused", Text(
        "The server refuses the letter by its rules, often as spam. Change the words or links, or ask your "
        "administrator.",
        "Сервер отклонил письмо по своим правилам, часто как спам. Измените текст или ссылки, либо спросите "
        "администратора.")),
    ("5.7.2", "not_authentic", Text(
        "The client's server does not believe that the letter is ours. Have SPF, DKIM and DMARC of our domain checked.",
        "Сервер клиента не верит, что письмо от нас. Попросите проверить SPF, DKIM и DMARC нашего домена.")),
    ("5.7.", "refused", Text(
        "The server refuses the letter by its rules. Ask your administrator.",
        "Сервер отклонил письмо по своим правилам. Обратитесь к администратору.")),
    ("550", "refused", Text(
        "There is no such address, or the client's server wants no letters from us. Check the address.",
        "Такого адреса нет, или сервер клиента не принимает наши письма. Проверьте адрес.")),
    ("551", "no_mailbox", Text(
        "The client's mailbox is not there. Ask for the right address.",
        "Ящика клиента на этом сервере нет. Уточните адрес.")),
    ("552", "too_large", Text(
        "The letter is too large, or the client's mailbox is full. Send a link instead of the files, or lower "
        "smtp.largest.",
        "Письмо слишком велико, или ящик клиента переполнен. Отправьте ссылку вместо файлов или уменьшите "
        "smtp.largest.")),
    ("553", "address", Text(
        "The server does not take the address of the client or ours. Check both.",
        "Сервер не принимает адрес клиента или наш. Проверьте оба.")),
    ("554", "refused", Text(
        "The server refuses the letter, often as spam. Change the words or links, or ask your administrator.",
        "Сервер отклонил письмо, часто как спам. Измените текст или ссылки, либо спросите администратора.")),
)  # fmt: skip
_OTHER = Text(
    "The mail server refuses the letter for good. Read what it said; ask your administrator.",
    "Почтовый сервер окончательно отклонил письмо. Прочитайте его ответ; обратитесь к администратору.",
)
_AUTH = ("530", "534", "535", "538", "5.7.8", "5.7.9", "5.7.14")
_GREY_CODES = ("4.7.1", "4.2.0")


def spoken(words: bytes | str) -> str:
    """A server's words in one line, at most 200 characters."""
    text = words.decode("utf-8", errors="replace") if isinstance(words, bytes) else words
    return one_line(text)[:200]


def verdict(code: int, words: bytes | str) -> ConnectorError:
    """What a refusal means; ``code`` is the reply's, 4xx or 5xx (anything else is none that we know: it is waited)."""
    text = spoken(words)
    found = _ENHANCED.match(text)
    enhanced = found[1] if found else ""
    detail = f"{code} {text}"
    if str(code) in _AUTH or enhanced in _AUTH:
        return refused_login(detail)
    if code < 500:
        return TransientError("smtp.later", hint=_said(_WAIT, detail), detail=detail, retry_after=_wait(code, text))
    for begins, cause, meaning in MEANINGS:
        if enhanced.startswith(begins) or begins in (str(code), f"{code} {enhanced}"):
            return PermanentError(f"smtp.{cause}", hint=_said(meaning, detail), detail=detail)
    return PermanentError("smtp.refused", hint=_said(_OTHER, detail), detail=detail)


def refused_login(detail: str) -> Stopped:
    """The server does not know us, or not any more."""
    return Stopped("smtp.login", hint=_said(_ACCESS, detail), detail=detail, state="needs_reauth")


def _wait(code: int, text: str) -> float:
    found = _ENHANCED.match(text)
    enhanced = found[1] if found else ""
    if enhanced == "4.2.2" or (code == 452 and not enhanced):
        return FULL
    return GREYLISTED if enhanced in _GREY_CODES or _GREY.search(text) else LATER


def _said(meaning: Text, detail: str) -> Text:
    return _SAID.with_(meaning=meaning, words=detail)
