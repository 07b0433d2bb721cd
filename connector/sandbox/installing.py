"""Installing, opening and removing an application (facts/bitrix24-platform.md §4.6, §4.8)."""

from __future__ import annotations

import json
import secrets
from typing import Any

from connector.sandbox import events, pages
from connector.sandbox.connectors import drop_statuses
from connector.sandbox.model import App
from connector.sandbox.pages import Page
from connector.sandbox.state import Portal


def admin(portal: Portal) -> int:
    """The user who installs applications."""
    return next(user.id for user in portal.users.values() if user.admin)


def new_application_token() -> str:
    """32 hex characters that begin alike in every sandbox: one that got into a log is recognised there."""
    return f"5ec2e75ec2e7{secrets.token_hex(10)}"


def grant_rights(portal: Portal, app: App) -> None:
    """Put the application on the portal: a fresh application_token, installation not finished. Hold the lock."""
    app.present, app.installed = True, False
    app.application_token = new_application_token()


def page_parts(portal: Portal, app: App, user_id: int, lang: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Query and form of a page opened inside the portal. Hold the lock.

    ``APP_SID`` changes every time and is no secret.
    """
    access, _ = portal.mint(user_id, app.client_id)
    query = {"DOMAIN": portal.domain, "PROTOCOL": "0", "LANG": lang, "APP_SID": secrets.token_hex(16)}
    form = {
        "AUTH_ID": access,
        "AUTH_EXPIRES": str(int(portal.config.token_ttl)),
        "REFRESH_ID": portal.mint_refresh(user_id, app.client_id),
        "SERVER_ENDPOINT": portal.server_endpoint,
        "APPLICATION_TOKEN": app.application_token,
        "APPLICATION_SCOPE": app.scope,
        "member_id": portal.config.member_id,
        "status": "L",
    }
    return query, form


def open_app(portal: Portal, app: App, url: str, placement: str, options: Any, lang: str, user_id: int = 0) -> Page:
    """Open a page of the application in a placement; the lock must not be held."""
    with portal.lock:
        query, form = page_parts(portal, app, user_id or admin(portal), lang)
    form |= {"PLACEMENT": placement, "PLACEMENT_OPTIONS": json.dumps(options, ensure_ascii=False)}
    return pages.open_page(url, query, form)


def install_by_page(portal: Portal, app: App, url: str, lang: str, finish: bool) -> dict[str, Any]:
    """The wizard: open the install page; it is finished when the page calls ``BX24.installFinish`` (or ``finish``)."""
    with portal.lock:
        grant_rights(portal, app)
    page = open_app(portal, app, url, "DEFAULT", [], lang)
    with portal.lock:
        app.installed = 200 <= page.status < 300 and (finish or page.finishes)
    return {"mode": "page", "installed": app.installed, **page.public()}


def install_by_event(portal: Portal, app: App, url: str) -> dict[str, Any]:
    """API-only: ``ONAPPINSTALL`` from server to server; nothing is left to finish."""
    with portal.lock:
        grant_rights(portal, app)
        app.installed = True
        data = {"VERSION": app.version, "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": portal.config.language}
        body = events.event_body(portal, "ONAPPINSTALL", data, app, None, admin(portal))
        portal.outbox.put("ONAPPINSTALL", url, body)
    portal.outbox.settled(portal.config.event_timeout + 5)
    last = portal.outbox.listing()[-1:]
    return {"mode": "event", "installed": True, "delivered": bool(last) and not last[0]["error"], "posts": last}


def uninstall(portal: Portal, app: App, clean: bool) -> None:
    """Remove the application. Hold the lock.

    Handlers hear ``ONAPPUNINSTALL``, then tokens, handlers and connectors are gone.
    """
    data = {"LANGUAGE_ID": portal.config.language, "CLEAN": int(clean)}
    events.emit(portal, "ONAPPUNINSTALL", data, client_id=app.client_id)
    portal.bindings = [b for b in portal.bindings if b.client_id != app.client_id]
    for connector in [item for item in portal.connectors.values() if item.client_id == app.client_id]:
        drop_statuses(portal, connector, 0)
        del portal.connectors[connector.id]
    portal.offline.drop_all(app.client_id)
    portal.exchange.forget_app(app.client_id)
    app.present = app.installed = False
    for shelf in (portal.refresh, portal.codes):
        for text in [text for text, token in shelf.items() if token.client_id == app.client_id]:
            del shelf[text]


def slider_options(portal: Portal, connector: str, line: int) -> dict[str, Any]:
    """PLACEMENT_OPTIONS of the connector's settings slider. Hold the lock."""
    held = portal.statuses.get((connector, line))
    active = bool(held and held.active)
    return {
        "CONNECTOR": connector,
        "LINE": str(line),
        "STATUS": bool(held and held.active and not held.error),
        "ACTIVE_STATUS": active,
        "CONNECTION_STATUS": active,
        "REGISTER_STATUS": active,
        "ERROR_STATUS": bool(held and held.error),
        "URI": f"/contact_center/connector/?ID={connector}&IFRAME=Y",
    }
