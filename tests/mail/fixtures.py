"""Fixtures for tests with real mail servers: import those that a conftest wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mail.dovecot import Dovecot, dovecot

SUPPORT, CUSTOMER = "support@acme.test", "anna@client.test"


@pytest.fixture
def mailboxes() -> Iterator[Dovecot]:
    """A private Dovecot with empty mailboxes of ours and of a customer."""
    with dovecot(SUPPORT, CUSTOMER) as server:
        yield server
