"""The addresses below ``/chat/<account>``, as the page and the script know them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from connector.providers.webchat import passes, wire
from webhooks.chat.limits import Limits
from webhooks.chat.pages import Pages
from webhooks.chat.rooms import Guest, Rooms
from webhooks.chat.streaming import Streams, number
from webhooks.chat.talking import Talking


def add(blueprint: Blueprint, rooms: Rooms, talking: Talking, streams: Streams, pages: Pages, limits: Limits) -> None:
    """Every route; the limits are asked first."""

    def guest(account: str, what: str) -> Guest:
        known = rooms.guest(account, request)
        limits.knock(what, request.remote_addr or "", known.visitor)
        return known

    @blueprint.get("/chat/<account>", strict_slashes=False)
    def page(account: str) -> Response:
        return pages.page(rooms.room(account))

    @blueprint.get("/chat/<account>/<path:name>")
    def file(account: str, name: str) -> Response:
        rooms.room(account)
        return pages.file(name)

    @blueprint.get("/chat/<account>/settings")
    def settings(account: str) -> Response:
        return jsonify(pages.settings(rooms.room(account)))

    @blueprint.post("/chat/<account>/visitors")
    def visitors(account: str) -> tuple[Response, int]:
        limits.knock("visitors", request.remote_addr or "")
        return jsonify(talking.arrive(rooms.room(account), request)), 201

    @blueprint.get("/chat/<account>/state")
    def state(account: str) -> Response:
        before = request.args.get("before")
        return jsonify(
            streams.state(
                guest(account, "reads"),
                after=number(request.args.get("after"), "after"),
                before=number(before, "before") if before else None,
            )
        )

    @blueprint.get("/chat/<account>/events")
    def events(account: str) -> Response:
        return streams.events(guest(account, "reads"), after=number(request.args.get("after"), "after"))

    @blueprint.post("/chat/<account>/messages")
    def messages(account: str) -> tuple[Response, int]:
        return jsonify(talking.say(guest(account, "messages"))), 202

    @blueprint.post("/hooks/<account>")
    def hook(account: str) -> tuple[Response, int]:
        known = guest(account, "messages")
        rated = isinstance(wire.said(known.request), wire.Rating)
        return jsonify(talking.rate(known) if rated else talking.say(known)), 202

    @blueprint.post("/chat/<account>/rating")
    def rating(account: str) -> tuple[Response, int]:
        return jsonify(talking.rate(guest(account, "rating"))), 202

    @blueprint.post("/chat/<account>/files")
    def files(account: str) -> tuple[Response, int]:
        room = rooms.room(account)
        visitor = rooms.visitor(room, request)
        limits.knock("files", request.remote_addr or "", visitor)
        return jsonify(talking.attach(room, visitor, request)), 201

    @blueprint.post("/chat/<account>/seen")
    def seen(account: str) -> tuple[str, int]:
        talking.see(guest(account, "reads"))
        return "", 204

    @blueprint.post("/chat/<account>/link")
    def link(account: str) -> Response:
        known = guest(account, "reads")
        return jsonify({"url": f"{known.room.url}#pass={passes.issue(known.visitor, known.room.settings)}"})
