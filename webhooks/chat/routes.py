"""The addresses below ``/chat/<account>``, as the page and the script know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from connector.providers.webchat import passes
from webhooks.chat.limits import Limits
from webhooks.chat.pages import Pages
from webhooks.chat.rooms import Guest, Rooms
from webhooks.chat.streaming import Streams, number
from webhooks.chat.talking import Talking

Answer = Response | tuple[Any, int]


@dataclass(frozen=True, kw_only=True)
class Routes:
    """One method for each address; the limits are asked first."""

    rooms: Rooms
    talking: Talking
    streams: Streams
    pages: Pages
    limits: Limits

    def add(self, blueprint: Blueprint) -> None:
        """Put all of them into the blueprint."""
        table: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", "/chat/<account>", self.page),
            ("GET", "/chat/<account>/<path:name>", self.file),
            ("GET", "/chat/<account>/settings", self.settings),
            ("GET", "/chat/<account>/state", self.state),
            ("GET", "/chat/<account>/events", self.events),
            ("POST", "/chat/<account>/visitors", self.visitors),
            ("POST", "/chat/<account>/messages", self.said),
            ("POST", "/chat/<account>/rating", self.said),
            ("POST", "/chat/<account>/files", self.files),
            ("POST", "/chat/<account>/seen", self.seen),
            ("POST", "/chat/<account>/link", self.link),
            ("POST", "/hooks/<account>", self.said),
        )
        for method, address, view in table:
            blueprint.add_url_rule(address, view.__name__, view, methods=[method], strict_slashes=False)

    def page(self, account: str) -> Answer:
        """The chat as a page."""
        return self.pages.page(self.rooms.room(account))

    def file(self, account: str, name: str) -> Answer:
        """The script for other sites, and what the page needs."""
        self.rooms.room(account)
        return self.pages.file(name)

    def settings(self, account: str) -> Answer:
        """What is known before the visitor is."""
        return jsonify(self.pages.settings(self.rooms.room(account)))

    def visitors(self, account: str) -> Answer:
        """A new visitor gets a pass."""
        self.limits.knock("visitors", request.remote_addr or "")
        return jsonify(self.talking.arrive(self.rooms.room(account), request)), 201

    def state(self, account: str) -> Answer:
        """What changed after a ``seq``, or what stands before a message."""
        guest, before = self._guest(account, "reads"), request.args.get("before")
        after = number(request.args.get("after"), "after")
        return jsonify(self.streams.state(guest, after=after, before=number(before, "before") if before else None))

    def events(self, account: str) -> Answer:
        """A stream of states."""
        return self.streams.events(self._guest(account, "reads"), after=number(request.args.get("after"), "after"))

    def said(self, account: str) -> Answer:
        """The visitor says something, or rates; what it is stands in the body, whatever the address."""
        return jsonify(self.talking.take(self._guest(account, "messages"))), 202

    def files(self, account: str) -> Answer:
        """The visitor brings a file."""
        room = self.rooms.room(account)
        visitor = self.rooms.visitor(room, request)
        self.limits.knock("files", request.remote_addr or "", visitor)
        return jsonify(self.talking.attach(room, visitor, request)), 201

    def seen(self, account: str) -> Answer:
        """The visitor has seen the conversation up to a ``seq``."""
        self.talking.see(self._guest(account, "reads"))
        return "", 204

    def link(self, account: str) -> Answer:
        """The address by which another device goes on."""
        guest = self._guest(account, "reads")
        return jsonify({"url": f"{guest.room.url}#pass={passes.issue(guest.visitor, guest.room.settings)}"})

    def _guest(self, account: str, what: str) -> Guest:
        known = self.rooms.guest(account, request)
        self.limits.knock(what, request.remote_addr or "", known.visitor)
        return known
