"""``/chat/<account>``: the chat of a site, for visitors. No cookies: a pass in the header tells who asks."""

from __future__ import annotations

from flask import Blueprint

from connector.bootstrap import Connector
from webhooks.chat.answers import Answers
from webhooks.chat.limits import Limits
from webhooks.chat.pages import Pages
from webhooks.chat.rooms import Rooms
from webhooks.chat.routes import Routes
from webhooks.chat.streaming import Streams
from webhooks.chat.talking import Talking
from webhooks.chat.telling import Telling
from webhooks.chat.watching import Watch

__all__ = ["room"]


def room(connector: Connector) -> Blueprint:
    """The blueprint."""
    blueprint = Blueprint("chat", __name__, template_folder="templates")
    rooms, telling = Rooms(connector), Telling(connector.media)
    watch = Watch(lambda names: connector.journal.chat_versions(names))
    talking = Talking(connector, rooms, telling, watch)
    Answers(connector, rooms, talking).wrap(blueprint)
    routes = Routes(
        rooms=rooms,
        talking=talking,
        streams=Streams(connector, telling, watch),
        pages=Pages(connector, talking),
        limits=Limits(),
    )
    routes.add(blueprint)
    return blueprint
