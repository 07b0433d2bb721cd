"""The administrator's half of the control API: applications, lines, data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox import installing, pages
from connector.sandbox.answers import ApiError
from connector.sandbox.crm_binding import CREATES
from connector.sandbox.events import emit_status_delete
from connector.sandbox.lines import delete_line
from connector.sandbox.model import App, Line, Token
from connector.sandbox.state import Portal
from connector.sandbox.views import portal_view

LINE_FIELDS = frozenset({"name", "queue", "welcome", "vote", "crm", "crm_create", "crm_category", "active"})


class SetupControl:
    """The portal's administrator. ``client_id`` empty: the application of the configuration."""

    portal: Portal

    def _app(self, client_id: str = "") -> App:
        app = self.portal.apps.get(client_id or self.portal.config.client_id)
        if app is None:
            raise ApiError("APPLICATION_NOT_FOUND", f"There is no application {client_id}", 404)
        return app

    def state(self) -> dict[str, Any]:
        """The portal at a glance."""
        with self.portal.lock:
            return portal_view(self.portal)

    def install(
        self, url: str = "", mode: str = "", lang: str = "", finish: bool = False, client_id: str = ""
    ) -> dict[str, Any]:
        """Install the application: ``mode`` page (the browser's form) or event (API-only ``ONAPPINSTALL``)."""
        portal, app = self.portal, self._app(client_id)
        where = url or portal.config.install_url
        if not where:
            raise ApiError("INSTALL_URL", "The install URL is not known: pass url", 400)
        chosen = mode or ("event" if portal.config.api_only else "page")
        if chosen == "event":
            return installing.install_by_event(portal, app, where)
        if chosen != "page":
            raise ApiError("MODE", "mode: page or event", 400)
        return installing.install_by_page(portal, app, where, lang or portal.config.language, finish)

    def grant(self, client_id: str = "", user_id: int = 1) -> dict[str, Any]:
        """Install without asking the application, and return its tokens: for test clients of the REST."""
        portal = self.portal
        with portal.lock:
            app = self._app(client_id)
            installing.grant_rights(portal, app)
            app.installed = True
            access, token = portal.mint(user_id, app.client_id)
            return {
                "access_token": access,
                "refresh_token": portal.mint_refresh(user_id, app.client_id),
                "expires": token.expires,
                "client_endpoint": portal.client_endpoint,
                "server_endpoint": portal.server_endpoint,
                "member_id": portal.config.member_id,
                "application_token": app.application_token,
            }

    def finish_install(self, client_id: str = "") -> dict[str, Any]:
        """The page called ``BX24.installFinish`` at last."""
        with self.portal.lock:
            app = self._app(client_id)
            app.installed = app.present
            return {"installed": app.installed}

    def uninstall(self, clean: bool = False, client_id: str = "") -> dict[str, Any]:
        """Remove the application; ``clean``: the administrator ticked "delete data"."""
        with self.portal.lock:
            installing.uninstall(self.portal, self._app(client_id), clean)
            return {"installed": False}

    def open_settings(self, connector: str, line: int, lang: str = "") -> dict[str, Any]:
        """Open a connector's settings slider for a line; the page as the iframe shows it."""
        portal = self.portal
        with portal.lock:
            held = portal.connectors.get(connector.lower())
            if held is None:
                raise ApiError("CONNECTOR", f"There is no connector {connector}", 404)
            app, url = self._app(held.client_id), held.handler
            options = installing.slider_options(portal, held.id, int(line))
        lang = lang or portal.config.language
        return installing.open_app(portal, app, url, "SETTING_CONNECTOR", options, lang).public()

    def open_page(
        self, url: str = "", placement: str = "DEFAULT", options: Any = None, lang: str = "", client_id: str = ""
    ) -> dict[str, Any]:
        """Open a page of the application inside the portal, for instance its main page."""
        portal, app = self.portal, self._app(client_id)
        where = url or portal.config.handler_url
        if not where:
            raise ApiError("HANDLER_URL", "The page's URL is not known: pass url", 400)
        lang = lang or portal.config.language
        return installing.open_app(portal, app, where, placement, options or [], lang).public()

    def submit(self, url: str, html: str, values: Mapping[str, Any], button: str = "") -> dict[str, Any]:
        """Fill in the first form of an opened page and send it, as a browser would."""
        try:
            return pages.submit_form(url, html, values, button).public()
        except ValueError as error:
            raise ApiError("FORM", str(error), 400) from error

    def add_app(self, client_id: str, client_secret: str, name: str = "", scope: str = "") -> dict[str, Any]:
        """Register one more application."""
        with self.portal.lock:
            scope = scope or self.portal.config.scope
            self.portal.apps[client_id] = App(
                client_id=client_id, client_secret=client_secret, name=name or client_id, scope=scope
            )
            return {"client_id": client_id}

    def set_line(self, line: int, **fields: Any) -> dict[str, Any]:
        """Change a line's fields (LINE_FIELDS), or add one."""
        unknown = set(fields) - LINE_FIELDS
        if unknown or fields.get("crm_create", "none") not in CREATES:
            raise ApiError("LINE", f"unknown: {', '.join(sorted(unknown)) or fields['crm_create']}", 400)
        with self.portal.lock:
            held = self.portal.lines.setdefault(int(line), Line(id=int(line), name=f"Line {line}", queue=[1]))
            for name, value in fields.items():
                setattr(held, name, value)
            held.entries = [] if "queue" in fields else held.entries
            return {"id": held.id, "name": held.name}

    def delete_line(self, line: int) -> dict[str, Any]:
        """Delete a line with its statuses."""
        with self.portal.lock:
            return {"deleted": delete_line(self.portal, int(line), installing.admin(self.portal))}

    def disconnect(self, connector: str, line: int) -> dict[str, Any]:
        """The administrator takes a connector off a line in the Contact Center."""
        with self.portal.lock:
            gone = self.portal.statuses.pop((connector.lower(), int(line)), None)
            held = self.portal.connectors.get(connector.lower())
            if gone and held:
                emit_status_delete(self.portal, held, int(line), installing.admin(self.portal))
            return {"disconnected": gone is not None}

    def fire_user(self, user: int, active: bool = False) -> dict[str, Any]:
        """Dismiss an employee (or take them back): their tokens answer ``authorization_error``."""
        with self.portal.lock:
            if int(user) not in self.portal.users:
                raise ApiError("USER_ID", f"There is no user {user}", 404)
            self.portal.users[int(user)].active = active
            return {"user": int(user), "active": active}

    def expire_tokens(self, refresh: bool = False) -> dict[str, Any]:
        """Every access token expires now; with ``refresh`` the refresh tokens are void too (``invalid_grant``)."""
        portal = self.portal
        with portal.lock:
            past = portal.now() - 1
            portal.access = {
                text: Token(user_id=token.user_id, client_id=token.client_id, expires=min(token.expires, past))
                for text, token in portal.access.items()
            }
            if refresh:
                portal.refresh.clear()
            return {"expired": len(portal.access)}

    def webhook_url(self) -> str:
        """The incoming webhook of the portal's administrator, with its secret."""
        config = self.portal.config
        return f"{self.portal.client_endpoint}{config.webhook_user}/{config.webhook_code}/"

    def fresh_application_token(self, client_id: str = "") -> str:
        """Change the application_token, as a reinstallation would."""
        with self.portal.lock:
            app = self._app(client_id)
            app.application_token = installing.new_application_token()
            return app.application_token
