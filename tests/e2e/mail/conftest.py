from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.mail.customer import Customer
from tests.e2e.mail.office import Office, office
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT, hop, mailboxes, post
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
