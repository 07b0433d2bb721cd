from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.mail.customer import Customer
from tests.e2e.mail.office import Office, office
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import CUSTOMER, SUPPORT, hop, mailboxes, post
from tests.mail.next_hop import NextHop, Taken, next_hop
from tests.mail.postfix import Postfix
from tests.services import Redis

__all__ = ["hop", "mailboxes", "post"]


@pytest.fixture
def support(tmp_path: Path, redis_server: Redis, mailboxes: Dovecot, post: Postfix) -> Iterator[Office]:
    """The connector; its letters leave by Postfix, over STARTTLS and with a password."""
    smtp = {"port": post.port, "security": "starttls", "ca": str(mailboxes.ca), "user": SUPPORT}
    with office(tmp_path, redis_server, mailboxes, smtp) as made:
        yield made


@pytest.fixture
def customer(mailboxes: Dovecot, post: Postfix) -> Customer:
    """Anna, at the same Postfix."""
    return Customer(mailboxes=mailboxes, port=post.port)


@pytest.fixture
def opens(tmp_path: Path, redis_server: Redis, mailboxes: Dovecot) -> Callable[..., AbstractContextManager[Office]]:
    """The connector whose letters leave straight to a scripted server; ``copy`` is who keeps what we sent."""

    def made(hop: NextHop, copy: str = "append", **more: Any) -> AbstractContextManager[Office]:
        smtp = {"port": hop.port, "user": SUPPORT, "copy": copy}
        return office(tmp_path, redis_server, mailboxes, smtp, **more)

    return made


@pytest.fixture
def scripted(mailboxes: Dovecot) -> Iterator[NextHop]:
    """A scripted server for our mailbox alone; what it takes for the mailboxes here is delivered."""

    def onwards(letter: Taken) -> None:
        for recipient in {SUPPORT, CUSTOMER} & {*letter.recipients}:
            mailboxes.deliver(recipient, letter.raw, sender=letter.sender)

    with next_hop(passwords={SUPPORT: mailboxes.password(SUPPORT)}, onwards=onwards) as server:
        yield server


@pytest.fixture
def asked(mailboxes: Dovecot) -> Customer:
    """A customer whose letter lies in the mailbox."""
    customer = Customer(mailboxes=mailboxes)
    customer.writes("Сколько стоит?")
    return customer
