"""Taking a token pair for our own, once the authorization server vouched for it (facts/bitrix24-platform.md §4.6)."""

from __future__ import annotations

import hmac
from dataclasses import replace

import structlog

from connector.domain.ports import Clock, Grant, Installation, Installations
from connector.errors import PermanentError, Refused
from connector.portal.answers import Success, decode
from connector.portal.config import PortalConfig
from connector.portal.endpoints import netloc
from connector.portal.faults import judge
from connector.portal.gate import Gate
from connector.portal.install import merged_tokens
from connector.portal.oauth import AppInfo, AuthServer
from connector.portal.transport import Transport
from connector.speech import Text


class Adoption:
    """Verifies a grant that came through a browser or a queue, and keeps it."""

    def __init__(
        self,
        settings: PortalConfig,
        *,
        store: Installations,
        auth: AuthServer,
        transport: Transport,
        gate: Gate,
        clock: Clock,
    ) -> None:
        self._settings, self._store, self._auth = settings, store, auth
        self._transport, self._gate, self._clock = transport, gate, clock

    def adopt(self, grant: Grant) -> None:
        """Keep ``grant`` when it is ours. Raises ``Refused`` 403 when not, ``TransientError`` when nobody can say.

        The endpoints of the grant are not trusted: calls go to the listed authorization server, and the portal's
        endpoint is the one that this server names (§5.8).
        """
        info = self._auth.app_info(grant.access_token, grant.server_endpoint)
        kept = self._gate.installation(fresh=True)
        known = kept if kept is not None and kept.grant.access_token else None
        self._same_application(info)
        self._same_portal(info, grant, kept)
        verified = self._verified(grant, info)
        if known is not None and known.grant.user_id != verified.user_id:
            self._an_administrator(verified)
        tokens = merged_tokens(known.application_tokens if known else (), grant.application_token)
        adopted = Installation(
            portal=self._settings.name,
            state="active",
            grant=verified,
            application_tokens=tokens,
            updated_at=self._clock(),
        )
        self._store.keep_installation(adopted)
        self._gate.refresh()
        structlog.get_logger().info("portal_adopted", portal=self._settings.name, user_id=verified.user_id)

    def _same_application(self, info: AppInfo) -> None:
        if not hmac.compare_digest(info.client_id.encode(), self._auth.app().client_id.encode()):
            raise Refused("portal.other_application", hint=_OTHER_APP, status=403)

    def _same_portal(self, info: AppInfo, grant: Grant, kept: Installation | None) -> None:
        """A known ``member_id`` is the portal whatever its host; a new one must live where the settings say.

        What an uninstall left behind (a ``member_id`` without tokens) does not keep another portal out.
        """
        if not info.member_id or info.member_id != grant.member_id:
            raise Refused("portal.member_mismatch", hint=_OTHER_PORTAL, status=403)
        if kept is not None and kept.grant.member_id == info.member_id:
            return
        if kept is not None and kept.grant.access_token:
            raise Refused("portal.other_portal", hint=_OTHER_PORTAL, status=403)
        self._not_taken(info)
        hosts = {netloc(info.client_endpoint), netloc(f"https://{info.domain}"), netloc(f"http://{info.domain}")}
        if netloc(self._settings.url) not in hosts - {""}:
            raise Refused("portal.other_host", hint=_OTHER_HOST, status=403, detail=info.domain[:100])

    def _not_taken(self, info: AppInfo) -> None:
        """One Bitrix24 may be several portals here, each with an application of its own (§4.5), never twice the same.

        A pair kept before the application was noted with it counts as the same until its next renewal.
        """
        for name in self._store.portals_of(info.member_id):
            other = self._store.installation(name) if name != self._settings.name else None
            if other is not None and other.grant.access_token and other.grant.client_id in ("", info.client_id):
                raise Refused("portal.taken", hint=_TAKEN.with_(portal=name), status=403)

    def _verified(self, grant: Grant, info: AppInfo) -> Grant:
        """The pair with the server's word in place of the sender's."""
        client = info.client_endpoint
        if not client:
            raise Refused("portal.no_endpoint", hint=_OTHER_HOST, status=403, detail=info.domain[:100])
        return replace(
            grant,
            client_endpoint=client,
            domain=netloc(client),
            client_id=info.client_id,
            user_id=info.user_id,
            scope=info.scope or grant.scope,
            status=info.status or grant.status,
        )

    def _an_administrator(self, grant: Grant) -> None:
        """Another user's pair replaces the kept one only when that user administers the portal (§4.5).

        Otherwise any employee who opens the application would take the background work over, and could name an
        application token of their own.
        """
        answer = decode(self._transport.post(f"{grant.client_endpoint}profile.json", {"auth": grant.access_token}))
        if isinstance(answer, Success):
            admin = isinstance(answer.result, dict) and answer.result.get("ADMIN") in (True, "Y", "1", 1)
        else:
            error = judge(answer, method="profile")
            if not isinstance(error, PermanentError):
                raise error
            admin = False
        if not admin:
            raise Refused("portal.not_admin", hint=_NOT_ADMIN, status=403)


_OTHER_APP = Text(
    "This is another application; client_id in connector.yaml must be that of the installed one.",
    "Это другое приложение; client_id в connector.yaml должен быть от установленного.",
)
_OTHER_PORTAL = Text(
    "This installation belongs to another portal than the one kept here; to move, forget the old one first.",
    "Эта установка от другого портала, не от сохранённого; чтобы перейти на него, сначала удалите прежнюю.",
)
_TAKEN = Text(
    'This application of this Bitrix24 is already connected as "{portal}"; give the second portal in connector.yaml an '
    "application of its own, or remove it.",
    "Это приложение этого Битрикс24 уже подключено как «{portal}»; дайте второму порталу в connector.yaml своё "
    "приложение или уберите его.",
)
_OTHER_HOST = Text(
    "The application was installed on another address than portals.<name>.url; correct the address or the portal.",
    "Приложение установлено не на том адресе, что в portals.<имя>.url; исправьте адрес или портал.",
)
_NOT_ADMIN = Text(
    "Only an administrator of Bitrix24 may renew the connection; ask one to open the application.",
    "Обновить подключение может только администратор Битрикс24; попросите его открыть приложение.",
)
