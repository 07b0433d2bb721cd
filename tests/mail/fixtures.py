"""Fixtures for tests with real mail servers: import those that a conftest wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mail.dovecot import Dovecot, dovecot
from tests.mail.next_hop import NextHop, next_hop
from tests.mail.postfix import Postfix, postfix

SUPPORT, CUSTOMER = "support@acme.test", "anna@client.test"


@pytest.fixture
def mailboxes() -> Iterator[Dovecot]:
    """A private Dovecot with empty mailboxes of ours and of a customer."""
    with dovecot(SUPPORT, CUSTOMER) as server:
        yield server


@pytest.fixture
def hop() -> Iterator[NextHop]:
    """A mail server that does as it is told."""
    with next_hop() as server:
        yield server


@pytest.fixture
def post(mailboxes: Dovecot, hop: NextHop) -> Iterator[Postfix]:
    """A private Postfix before those mailboxes; other domains are relayed to ``hop``."""
    with postfix(mailboxes, hop=hop) as server:
        yield server
