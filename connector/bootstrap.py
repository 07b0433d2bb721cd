"""Wires everything, once per process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry
from requests.adapters import HTTPAdapter

from connector import recordings, registry
from connector.delivery import CEILING, Pump, Reach, Work
from connector.delivery.perform import NO_ACCOUNT
from connector.domain.door import Store
from connector.domain.effects import Fetch
from connector.domain.mailbox import MailSettings
from connector.domain.ports import Clock, Wake
from connector.domain.provider import AccountSettings, Http, Provider, Source
from connector.domain.sources import SourceRole
from connector.domain.telephony import PbxSettings
from connector.domain.values import StoredFile
from connector.errors import PermanentError
from connector.handlers.rules import AccountFacts, PortalFacts, Rules
from connector.intake import Intake
from connector.journal import Journal, Vault, open_journal
from connector.journal.spool import Spool
from connector.media import KEPT, Media, fetch
from connector.portal import WEBHOOK, Portal, RedisBudget, file_source
from connector.routes import Account, pushed
from connector.rulebook.book import Rulebook
from connector.settings import PortalSettings, Settings
from connector.speech import Text
from connector.telephony.routing import Routing

_LONG = 300.0  # seconds that a recording of hours may take over a slow line
_NO_RECORDINGS = Text(
    "{name} cannot give us its recordings. Discard this delivery.",
    "{name} не умеет отдавать нам записи. Отбросьте эту доставку.",
)


def utc_now() -> datetime:
    """The process's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Connector:
    """The whole house, wired."""

    settings: Settings
    journal: Journal
    spool: Spool
    media: Media
    vault: Vault
    portals: Mapping[str, Portal]
    accounts: Mapping[str, Account]
    intake: Intake
    routing: Routing
    rules: Rules
    rulebook: Rulebook
    work: Work
    redis: redis.Redis
    clock: Clock
    http: Callable[[], Http]
    roles: Mapping[str, SourceRole]

    def pump(self, destination: str) -> Pump:
        """A pump for ``destination``."""
        return Pump(self.work, destination)


def from_environment(wake: Wake | None = None) -> Connector:
    """The connector that the environment and ``connector.yaml`` describe. Raises ``SettingsError``."""
    return build(registry.settings(), wake=wake)


def build(settings: Settings, *, wake: Wake | None = None, clock: Clock = utc_now) -> Connector:
    """Wire the rooms. ``wake`` is told each destination that got work; without it the clock's sweep finds it."""
    vault = Vault([key.get_secret_value() for key in settings.secret_keys])
    journal = open_journal(settings.database_url, vault, clock=clock)
    journal.on_commit = None if wake is None else lambda names: _wake_all(wake, names)
    spool = Spool(settings.var / "spool")
    ttl = timedelta(hours=settings.limits.url_ttl_hours)
    media = Media(settings.var / "media", settings.public_url, vault.derive("media"), clock=clock, ttl=ttl)
    cache = _cache(settings.redis_url)
    portals = _portals(settings, journal, vault, cache, clock)
    accounts = _accounts(settings, journal)
    roles = {slug: found.source for slug, found in registry.providers().items() if found.source}
    rules = _rules(settings, portals, accounts)
    rulebook = Rulebook(journal, settings.mappings)
    routing = Routing(journal, portals, accounts, rulebook.current, clock)
    reach = Reach(
        portals=portals,
        accounts=accounts,
        fetch=_fetcher(settings, portals, accounts, media),
        read=media.read,
        chats=journal,
    )
    return Connector(
        settings=settings,
        journal=journal,
        spool=spool,
        media=media,
        vault=vault,
        portals=portals,
        accounts=accounts,
        intake=Intake(
            journal, spool, accounts, clock, who=routing.who, store=_store(media, settings.limits.media),
            fetch=media.read, sources=pushed(settings.sources, roles),
        ),
        routing=routing,
        rules=rules,
        rulebook=rulebook,
        work=_work(settings, journal, rules, rulebook, reach, clock),
        redis=cache,
        clock=clock,
        http=_http,
        roles=roles,
    )  # fmt: skip


def _cache(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5, retry=Retry(NoBackoff(), 0))


def _accounts(settings: Settings, journal: Journal) -> dict[str, Account]:
    known = registry.providers()
    return {
        name: Account(
            name=name,
            settings=account,
            provider=known[account.provider],
            portal=account.portal,
            http=_session(known[account.provider], account, journal),
        )
        for name, account in settings.accounts.items()
    }


def _session(provider: Provider, settings: AccountSettings, journal: Journal) -> Http:
    return provider.session(settings, _http(), journal) if provider.session else _http()


def _wake_all(wake: Wake, destinations: set[str]) -> None:
    for destination in sorted(destinations):
        wake(destination)


def _portals(settings: Settings, journal: Journal, vault: Vault, cache: redis.Redis, clock: Clock) -> dict[str, Portal]:
    return {
        name: _portal(portal, journal, vault, cache, clock, settings.egress)
        for name, portal in settings.portals.items()
    }


def _portal(
    settings: PortalSettings, journal: Journal, vault: Vault, cache: redis.Redis, clock: Clock, egress: str
) -> Portal:
    host = urlsplit(settings.url).netloc
    credential = settings.app.client_id if settings.app else WEBHOOK
    return Portal(
        settings,
        store=journal,
        locks=journal,
        budget=RedisBudget(cache, host, settings.budget, egress=egress, credential=credential),
        seal=vault.seal,
        unseal=vault.unseal,
        clock=clock,
    )


def _http() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=32))
    return session


def _rules(settings: Settings, portals: Mapping[str, Portal], accounts: Mapping[str, Account]) -> Rules:
    slugs = sorted({account.provider.slug for account in accounts.values() if account.provider.channel})
    return Rules(
        public_url=settings.public_url.rstrip("/"),
        accounts={
            name: AccountFacts(
                name=name,
                provider=account.provider,
                portal=account.portal,
                line=account.settings.line,
                pbx=account.settings if isinstance(account.settings, PbxSettings) else None,
                mail=account.settings if isinstance(account.settings, MailSettings) else None,
            )
            for name, account in accounts.items()
        },
        portals={
            name: PortalFacts(
                name=name,
                language=settings.portals[name].language,
                connectors={slug: portal.connector_id(slug) for slug in slugs if settings.portals[name].app},
            )
            for name, portal in portals.items()
        },
    )


def _fetcher(
    settings: Settings, portals: Mapping[str, Portal], accounts: Mapping[str, Account], media: Media
) -> Callable[[Fetch], StoredFile]:
    """Bring a file here: an account's from its provider, a portal's only from its own host (openlines §7.2 rule 6)."""

    def bring(effect: Fetch) -> StoredFile:
        side, _, name = effect.origin.partition(":")
        limit = settings.limits.media
        if effect.recording:
            mime, named, chunks = _recording(effect, name, accounts, limit)
            return media.keep(named, mime, chunks, limit=limit)
        if side == "portal":
            url = settings.portals[name].url
            installed = portals[name].installation()
            moved = installed.grant.client_endpoint if installed else ""
            source = file_source(effect.file, moved or url)
            own = {urlsplit(known).netloc for known in (url, moved) if known}
            mime, named, chunks = fetch(source, allow_hosts=own, only_hosts=own, limit=limit)
        else:
            account = accounts[name]
            assert account.provider.channel is not None
            source = account.provider.channel.locate(effect.file, account.settings, account.http)
            if source.url.startswith(KEPT):
                return media.again(source.url.removeprefix(KEPT), effect.file)
            own = {urlsplit(account.settings.api_url).netloc} - {""}
            mime, named, chunks = fetch(source, account.http, allow_hosts=own, limit=limit)
        return media.keep(effect.file.name or named, mime, chunks, limit=limit)

    return bring


def _store(media: Media, limit: int) -> Store:
    return lambda name, mime, data: media.keep(name, mime, [data], limit=max(limit, len(data))).key


def _recording(effect: Fetch, name: str, accounts: Mapping[str, Account], limit: int) -> recordings.Brought:
    """A recording of a PBX: it tells where it lies, its settings may say how to get there."""
    account = accounts.get(name)
    if account is None:
        raise PermanentError("account.gone", hint=NO_ACCOUNT.with_(name=name))
    telephony, said = account.provider.telephony, getattr(account.settings, "recordings", None)
    place = said if isinstance(said, recordings.Place) else None
    if telephony is None or telephony.recording is None:
        raise PermanentError("provider.no_recordings", hint=_NO_RECORDINGS.with_(name=name))
    source = telephony.recording(effect.file, account.settings, account.http)
    own = {urlsplit(url).netloc.rpartition("@")[2] for url in (account.settings.api_url, place.url if place else "")}

    def web(source: Source, limit: int) -> recordings.Brought:
        return fetch(source, account.http, allow_hosts=own - {""}, limit=limit, timeout=_LONG)

    return recordings.bring(source, place, web=web, limit=limit, late=effect.late)


def _work(settings: Settings, journal: Journal, rules: Rules, rulebook: Rulebook, reach: Reach, clock: Clock) -> Work:
    def doubt(destination: str) -> float:
        side, _, name = destination.partition(":")
        if side == "portal":
            return settings.portals[name].doubt
        channel = reach.accounts[name].provider.channel if name in reach.accounts else None
        return channel.doubt if channel else 0.0

    return Work(
        journal=journal,
        rules=rules,
        mappings=rulebook.current,
        reach=reach,
        clock=clock,
        message_hours=settings.limits.message_hours,
        doubt=doubt,
        longest=CEILING,
    )
