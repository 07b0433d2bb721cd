"""The login: an app password by LOGIN or AUTHENTICATE PLAIN, a token by XOAUTH2 or OAUTHBEARER (facts §4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from connector.providers.mail.settings import MailboxSettings
from connector.providers.oauth import xoauth2
from connector.providers.postman import Postman
from connector.providers.smtp import Key


def key(settings: MailboxSettings, http: Any = None) -> Key:
    """Who we are to the IMAP server, for threads that share a token: the one of the account's ``Postman``."""
    postman = http if isinstance(http, Postman) else Postman(settings, requests.Session())
    return postman.key(settings.imap)


def log_in(client: IMAPClient, key: Key) -> None:
    """Raises IMAPClient's ``LoginError``, and what buying a token raises."""
    if key.token is None:
        _by_password(client, key.user, key.password)
        return
    token = key.token()
    try:
        _by_token(client, key.user, token)
    except LoginError:
        key.drop(token)
        if (fresh := key.token()) == token:
            raise
        _by_token(client, key.user, fresh)


def _by_password(client: IMAPClient, user: str, password: str) -> None:
    plain = client.has_capability("AUTH=PLAIN")
    if plain and (client.has_capability("LOGINDISABLED") or not (user + password).isascii()):
        client.sasl_login("PLAIN", _once(f"\0{user}\0{password}"))
    else:
        client.login(user, password)


def _by_token(client: IMAPClient, user: str, token: str) -> None:
    if client.has_capability("AUTH=OAUTHBEARER") and not client.has_capability("AUTH=XOAUTH2"):
        name = user.replace("=", "=3D").replace(",", "=2C")
        client.sasl_login("OAUTHBEARER", _once(f"n,a={name},\1auth=Bearer {token}\1\1"))
    else:
        client.sasl_login("XOAUTH2", _once(xoauth2(user, token)))


def _once(said: str) -> Callable[[bytes], bytes]:
    """Our answer to the first challenge; to the second, which tells in JSON why we are refused, an empty one."""
    answers = iter((said.encode(),))
    return lambda _challenge: next(answers, b"")
