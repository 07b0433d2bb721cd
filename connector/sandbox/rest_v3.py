"""The portal's REST door, v3: JSON in and out, errors as objects (facts/bitrix24-platform.md §1.7, §2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from flask import g, request

from connector.sandbox.answers import ApiError, Params, V3Error
from connector.sandbox.auth import Credential
from connector.sandbox.methods import Call, Method
from connector.sandbox.perform import perform
from connector.sandbox.state import Portal
from connector.sandbox.timing import Hit

DENIED = ("ACCESSDENIEDEXCEPTION", 401)
# What v2 says of a caller or a method, and how v3 says it: a token that expired hides behind the same code.
SAID: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "NO_AUTH_FOUND": DENIED,
        "INVALID_CREDENTIALS": DENIED,
        "invalid_token": DENIED,
        "expired_token": DENIED,
        "authorization_error": DENIED,
        "APPLICATION_NOT_FOUND": DENIED,
        "insufficient_scope": ("INSUFFICIENTSCOPEEXCEPTION", 403),
        "ERROR_METHOD_NOT_FOUND": ("METHODNOTFOUNDEXCEPTION", 404),
        "OPERATION_TIME_LIMIT": ("RATELIMITEXCEPTION", 429),
    }
)
Admit = Callable[[Params], Credential]


def answer(portal: Portal, registry: Mapping[str, Method], name: str, hit: Hit, admit: Admit) -> dict[str, Any]:
    """Run one method for whom ``admit`` takes from the parameters. Raises :class:`V3Error`."""
    try:
        params = _params()
        who = admit(params)
        g.caller = who.user_id
        kept = {key: value for key, value in params.items() if key != "auth"}
        done = perform(Call(portal=portal, who=who, registry=registry, hit=hit), name, kept)
    except V3Error:
        raise
    except ApiError as error:
        suffix, status = SAID.get(error.code, ("", error.status))
        raise V3Error(suffix or error.code, error.description, status, whole=not suffix) from error
    return {"result": done.result, "time": done.time}


def _params() -> Params:
    """The JSON object of the body; ``auth`` may stand in the query as well."""
    body = request.get_json(silent=True, force=True) if request.get_data() else {}
    if request.method != "POST" or not isinstance(body, dict):
        raise V3Error("INVALIDJSONEXCEPTION", "Invalid JSON in the request body")
    return {**({"auth": request.args["auth"]} if "auth" in request.args else {}), **body}
