"""What is right and wrong with an account at its provider, and how the provider is told where to deliver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connector.checkup.mail import mail_findings
from connector.checkup.telephony import phone_findings
from connector.domain.provider import Finding
from connector.errors import ConnectorError
from connector.listening.health import listens
from connector.listening.mailboxes import mails
from connector.repair import Deed, House
from connector.speech import Text

_NO_CHECK = Text("{title}: webhooks are expected at {url}", "{title}: вебхуки ожидаются по адресу {url}")
_FAILED = Text("{title} does not answer as expected", "{title} отвечает не так, как ожидалось")


def account_findings(house: House, name: str) -> Sequence[Finding]:
    """What the provider's own check finds, and what calls and letters need beyond it."""
    account = house.accounts[name]
    found = list(_by_provider(house, name))
    if account.provider.telephony is not None:
        found += phone_findings(house, name)
    return [*found, *mail_findings(house, name)] if mails(account) else found


def _by_provider(house: House, name: str) -> Sequence[Finding]:
    account = house.accounts[name]
    url, title = hook_url(house.settings.public_url, name), _title(house, name)
    if account.provider.check is None and listens(account):
        return []
    if account.provider.check is None:
        return [Finding(_NO_CHECK.with_(title=title, url=url), "ok", code="account.hook")]
    try:
        found = account.provider.check(account.settings, url, account.http)
    except ConnectorError as error:
        return [Finding(_FAILED.with_(title=title), "bad", error.hint, "account.unseen")]
    return [_coded(finding, account.provider.slug) for finding in found]


def connect_account(house: House, name: str, deed: Deed) -> Sequence[Finding] | None:
    """Tell the provider where to deliver; ``None`` for one that is set up by hand. Safe to repeat.

    The audit has it, whatever the provider says. Raises what it refuses as ``ConnectorError``.
    """
    account = house.accounts[name]
    if account.provider.connect is None:
        return None
    house.journal.audit(deed.who, "account.connected", deed.why, f"account:{name}")
    found = account.provider.connect(account.settings, hook_url(house.settings.public_url, name), account.http)
    return [_coded(finding, account.provider.slug) for finding in found]


def line_of(house: House, name: str) -> str:
    """The open line of an account: the one chosen in the portal, else that of connector.yaml, else empty."""
    bound = house.journal.recall("line", name)
    line = bound["line"] if bound else house.accounts[name].settings.line
    return "" if line is None else str(line)


def hook_url(public_url: str, account: str) -> str:
    """Where the provider of ``account`` posts."""
    return f"{public_url.rstrip('/')}/hooks/{account}"


def _title(house: House, name: str) -> Text:
    title = house.accounts[name].provider.title
    return Text(f"{title.en} ({name})", f"{title.ru} ({name})")


def _coded(finding: Finding, slug: str) -> Finding:
    return replace(finding, code=finding.code or f"account.{slug}")
