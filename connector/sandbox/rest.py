"""The portal's REST door: v2, and the way to v3 below ``/rest/api/`` (facts/bitrix24-platform.md §1)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request

from connector.sandbox import rest_v3
from connector.sandbox.answers import ApiError, CutError, Params, RawAnswerError, whole
from connector.sandbox.auth import Credential, by_token, by_webhook, token_in
from connector.sandbox.batch import RESERVED, run_batch
from connector.sandbox.forms import parse_body, parse_query
from connector.sandbox.methods import FAMILIES_V3, Call, Method, registry
from connector.sandbox.perform import log_call, perform, spoil, time_block
from connector.sandbox.state import Portal
from connector.sandbox.timing import Hit

MOVED_PAGE = "<html><head><title>302 Found</title></head><body><h1>302 Found</h1></body></html>"


def rest_blueprint(portal: Portal, methods: Mapping[str, Method]) -> Blueprint:
    """``/rest/<method>`` with a token and ``/rest/<user>/<code>/<method>`` for the webhook, GET and POST."""
    blueprint = Blueprint("rest", __name__)

    @blueprint.route("/rest/<path:path>", methods=["GET", "POST"])
    def rest(path: str) -> Response:
        moved = _moved(portal)
        if moved:
            return moved
        began = time.perf_counter()
        where, name = _target(path)
        try:
            body, status = _answer(portal, methods, where, name)
        except ApiError as error:
            log_call(portal, name, began, error.status, error.code or "EMPTY")
            return json_answer(error.body(), error.status)
        except RawAnswerError as raw:
            log_call(portal, name, began, raw.status, raw.code)
            return Response(raw.body, raw.status, content_type=raw.content_type)
        except CutError:
            log_call(portal, name, began, 0, "CUT")
            return cut()
        log_call(portal, name, began, status, "")
        return json_answer(body, status)

    return blueprint


def cut() -> Response:
    """Tell the server to reset the connection instead of answering."""
    request.environ["sandbox.cut"] = True
    return Response(status=500)


def json_answer(body: Any, status: int = 200) -> Response:
    """A JSON answer as the portal sends it."""
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def read_params() -> Params:
    """Query string and body of this request, merged; the body wins (§1.3)."""
    fields = None
    if request.mimetype == "multipart/form-data":
        fields = list(request.form.items(multi=True))
    body = b"" if fields is not None or request.method == "GET" else request.get_data(cache=False)
    query = parse_query(request.query_string.decode("utf-8", "replace"))
    return query | parse_body(request.method, request.content_type or "", body, fields)


def _moved(portal: Portal) -> Response | None:
    """A renamed portal answers 302 on its old address (§1.6)."""
    with portal.lock:
        domain, former = portal.domain, portal.former
    if request.host == domain or request.host not in former:
        return None
    where = request.full_path.rstrip("?")
    return Response(MOVED_PAGE, 302, {"Location": f"http://{domain}{where}"}, content_type="text/html")


def _target(path: str) -> tuple[list[str], str]:
    parts = path.strip("/").split("/")
    name = parts[-1].lower()
    return parts[:-1], name.removesuffix(".json")


def _answer(portal: Portal, methods: Mapping[str, Method], where: list[str], name: str) -> tuple[Any, int]:
    hit = Hit(portal.clock, real=portal.config.real_time, wall=portal.config.wall)
    with portal.lock:
        if not portal.bucket.admit(portal.now()):
            raise ApiError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
        if portal.overload:
            raise ApiError("OVERLOAD_LIMIT", "REST API is blocked due to overload.", portal.overload)
    afterwards = spoil(portal, name)
    if where[:1] == ["api"]:
        known = registry(portal.config.without, FAMILIES_V3)
        body = rest_v3.answer(portal, known, name, hit, lambda sent: _who(portal, where[1:], sent))
        afterwards()
        return body, 200
    params = read_params()
    if name.endswith(".xml"):
        raise ApiError("INTERNAL_WRONG_TRANSPORT", "The sandbox speaks JSON only", 500)
    who = _who(portal, where, params)
    g.caller = who.user_id
    start = whole(params.get("start"))
    kept = {key: value for key, value in params.items() if key not in RESERVED}
    call = Call(portal=portal, who=who, registry=methods, hit=hit, start=start)
    body = _batch(call, kept) if name == "batch" else _single(call, name, kept)
    afterwards()
    return body, 200


def _who(portal: Portal, where: list[str], params: Params) -> Credential:
    with portal.lock:
        if len(where) == 2:
            return by_webhook(portal, where[0], where[1])
        if where:
            raise ApiError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        who = by_token(portal, token_in(params, request.headers.get("Authorization", "")))
        granted = portal.config.has_feature("rest_auth_connector")
    if params.get("auth_connector") and not granted:
        text = "This feature is not enabled for the current license: rest_auth_connector"
        raise ApiError("WRONG_LICENSE", text, 403)
    return who


def _single(call: Call, name: str, params: Params) -> dict[str, Any]:
    done = perform(call, name, params)
    body: dict[str, Any] = {"result": done.result}
    if done.next is not None:
        body["next"] = done.next
    if done.total is not None:
        body["total"] = done.total
    return body | {"time": done.time}


def _batch(call: Call, params: Params) -> dict[str, Any]:
    sections = run_batch(call, params)
    with call.portal.lock:
        operating = call.portal.operating.report(call.who.key, "batch", call.portal.now())
    return {"result": sections, "time": time_block(call.portal, call.hit.seconds, operating)}
