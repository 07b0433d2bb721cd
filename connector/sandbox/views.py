"""Chats and messages as plain maps, for the control API."""

from __future__ import annotations

from typing import Any

from connector.sandbox.model import Chat, Message, Session
from connector.sandbox.state import Portal
from connector.sandbox.structure import TEAM


def session_view(session: Session) -> dict[str, Any]:
    """A session in short."""
    return {
        "id": session.id,
        "status": session.status,
        "operator": session.operator,
        "line": session.line,
        "open": session.status < 60,
        "vote": session.vote,
        "activity": session.activity,
    }


def chat_view(portal: Portal, chat: Chat) -> dict[str, Any]:
    """One row of the chat list."""
    session = portal.session_of(chat)
    user = portal.users[chat.user_id]
    last = portal.messages[chat.messages[-1]] if chat.messages else None
    return {
        "id": chat.id,
        "name": chat.name,
        "connector": chat.connector,
        "line": chat.line,
        "external": chat.external,
        "code": chat.code,
        "client": {"id": user.id, "name": user.title, "xml_id": user.xml_id, "fields": dict(user.fields)},
        "members": list(chat.members),
        "messages": len(chat.messages),
        "last": last.text if last else "",
        "crm": dict(chat.crm),
        "session": session_view(session) if session else None,
    }


def message_view(portal: Portal, message: Message) -> dict[str, Any]:
    """One message; ``sending`` until its delivery is reported, ``connector_ids`` are the connector's."""
    author = portal.users.get(message.author_id)
    files = [portal.files[number] for number in message.files]
    return {
        "id": message.id,
        "session": message.session_id,
        "author": message.author,
        "author_id": message.author_id,
        "author_name": author.title if author else "",
        "text": message.text,
        "at": message.at,
        "files": [
            {"id": f.id, "name": f.name, "mime": f.mime, "size": len(f.content), "url": portal.file_url(f)}
            for f in files
        ],
        "connector_ids": list(message.mids),
        "forwarded": message.forwarded,
        "sending": message.sending,
        "delivered": message.forwarded and not message.sending,
        "read": message.read,
        "edited": message.edited,
        "deleted": message.deleted,
    }


def people_view(portal: Portal) -> dict[str, int]:
    """How many employees there are, active, dismissed and invited since the start, and what they can be in."""
    staff = [user for user in portal.users.values() if not user.client]
    active = sum(user.active for user in staff)
    teams = sum(node.kind == TEAM for node in portal.structure.nodes.values())
    return {
        "active": active,
        "dismissed": len(staff) - active,
        "invited": len(portal.invited),
        "departments": len(portal.structure.departments),
        "teams": teams,
        "groups": len(portal.groups.rows),
    }


def portal_view(portal: Portal) -> dict[str, Any]:
    """The portal at a glance; no secrets."""
    return {
        "domain": portal.domain,
        "member_id": portal.config.member_id,
        "apps": [
            {"client_id": app.client_id, "present": app.present, "installed": app.installed}
            for app in portal.apps.values()
        ],
        "lines": [
            {"id": line.id, "name": line.name, "queue": list(line.queue), "vote": line.vote}
            for line in portal.lines.values()
        ],
        "connectors": [
            {"id": held.id, "name": held.name, "client_id": held.client_id} for held in portal.connectors.values()
        ],
        "statuses": [
            {
                "connector": held.connector,
                "line": held.line,
                "active": held.active,
                "error": held.error,
                "data": dict(held.data),
            }
            for held in portal.statuses.values()
        ],
        "handlers": [
            {"id": b.id, "event": b.event, "handler": b.handler, "offline": b.offline, "client_id": b.client_id}
            for b in portal.bindings
        ],
        "people": people_view(portal),
        "chats": len(portal.chats),
        "messages": len(portal.messages),
        "crm": portal.crm.counts(),
        "down": portal.down,
        "overload": portal.overload,
        "faults": portal.faults.listing(),
    }
