"""The control API: everything a person or a test does to the portal, as JSON under ``/_sandbox``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.answers import ApiError
from connector.sandbox.control_calls import CallsControl
from connector.sandbox.control_contents import ContentsControl
from connector.sandbox.control_desk import DeskControl
from connector.sandbox.control_setup import SetupControl
from connector.sandbox.control_trouble import TroubleControl
from connector.sandbox.framing import keep_here
from connector.sandbox.loopback import check_post
from connector.sandbox.rest import json_answer
from connector.sandbox.state import Portal


class Control(DeskControl, CallsControl, SetupControl, ContentsControl, TroubleControl):
    """The whole control API over one portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.furnish(**portal.config.contents)

    def reset(self) -> dict[str, Any]:
        """A new portal as configured."""
        self.portal.reset()
        self.furnish(**self.portal.config.contents)
        return {"reset": True}


READS = (
    "state",
    "chats",
    "phone_calls",
    "phone_call",
    "phone_lines",
    "items",
    "users",
    "departments",
    "teams",
    "groups",
    "notices",
    "faults",
    "limits",
    "calls",
    "counters",
    "events",
)
WRITES = (
    "say",
    "edit",
    "delete",
    "finish",
    "ask_rating",
    "transfer",
    "click_to_call",
    "callback_form",
    "close_card",
    "install",
    "grant",
    "finish_install",
    "uninstall",
    "open_settings",
    "open_page",
    "submit",
    "add_app",
    "set_line",
    "delete_line",
    "disconnect",
    "furnish",
    "bind_chat",
    "seed",
    "fire_user",
    "expire_tokens",
    "fault",
    "clear_faults",
    "set_down",
    "set_overload",
    "rename",
    "set_limits",
    "drop_events",
    "unbind",
    "resend_event",
    "settle",
    "reset",
)


def control_blueprint(control: Control) -> Blueprint:
    """``GET /_sandbox/<what>``, ``GET /_sandbox/chats/<id>`` and ``POST /_sandbox/<action>`` with a JSON object."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    reads: Mapping[str, Callable[..., Any]] = MappingProxyType({name: getattr(control, name) for name in READS})
    writes: Mapping[str, Callable[..., Any]] = MappingProxyType({name: getattr(control, name) for name in WRITES})
    keep_here(blueprint)

    @blueprint.get("/<name>")
    def read(name: str) -> Response:
        return _done(reads, name, dict(request.args))

    @blueprint.get("/chats/<chat>")
    def one_chat(chat: str) -> Response:
        return _done({"chat": control.chat}, "chat", {"chat": chat})

    @blueprint.post("/<name>")
    def write(name: str) -> Response:
        check_post(request)
        body = request.get_json(silent=True) if request.get_data() else {}
        if not isinstance(body, dict):
            return json_answer({"error": "JSON", "error_description": "The body is not a JSON object"}, 400)
        return _done(writes, name, body)

    return blueprint


def _done(actions: Mapping[str, Callable[..., Any]], name: str, given: Mapping[str, Any]) -> Response:
    action = actions.get(name)
    if action is None:
        return json_answer({"error": "UNKNOWN", "error_description": f"There is no {name}"}, 404)
    try:
        bound = inspect.signature(action).bind(**given)
        return json_answer(action(*bound.args, **bound.kwargs))
    except TypeError as error:
        return json_answer({"error": "ARGUMENTS", "error_description": str(error)}, 400)
    except (ValueError, KeyError) as error:
        return json_answer({"error": "ARGUMENTS", "error_description": f"{type(error).__name__}: {error}"}, 400)
    except ApiError as error:
        return json_answer(error.body(), error.status if error.status >= 400 else 400)
    except OSError as error:
        # requests' exceptions are OSErrors: the application's page could not be opened.
        return json_answer({"error": "UNREACHABLE", "error_description": str(error)}, 502)
