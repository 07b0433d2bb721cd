"""Who looks at a page of ours inside the portal (facts/bitrix24-platform.md §4.6a).

The application token proves the portal, not the person: every employee may open the application. What a page lets
an administrator do needs the person's own access token, which the portal put into the form.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from connector.domain.ports import Grant
from connector.errors import Refused
from connector.portal.answers import Success, decode
from connector.portal.checked import TRUE
from connector.portal.faults import judge
from connector.portal.oauth import AuthServer
from connector.portal.transport import Transport
from connector.speech import Text

_STRANGER = Text(
    "This token belongs to another application or portal; open the application from inside Bitrix24 again.",
    "Этот токен от другого приложения или портала; откройте приложение заново из Битрикс24.",
)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A user of the portal, by the portal's own word. ``name`` is what they wrote into their profile."""

    user_id: str
    admin: bool
    name: str = ""


def recognised(access_token: str, kept: Grant, auth: AuthServer, transport: Transport) -> Visitor:
    """Ask the authorization server whose token it is, and the portal whether they administer it.

    Only hosts that are kept are asked, never those that the browser named. Raises ``Refused`` 403 for a token of
    another application or portal, ``TransientError`` when one of the two is away.
    """
    info = auth.app_info(access_token, kept.server_endpoint)
    same = ((info.client_id, auth.app().client_id), (info.member_id, kept.member_id))
    if not all(given and hmac.compare_digest(given.encode(), ours.encode()) for given, ours in same):
        raise Refused("portal.other_token", hint=_STRANGER, status=403)
    answer = decode(transport.post(f"{kept.client_endpoint}profile.json", {"auth": access_token}))
    if not isinstance(answer, Success):
        raise judge(answer, method="profile")
    profile = answer.result if isinstance(answer.result, dict) else {}
    name = " ".join(part for key in ("NAME", "LAST_NAME") if isinstance(part := profile.get(key), str) and part.strip())
    return Visitor(user_id=str(profile.get("ID") or info.user_id), admin=profile.get("ADMIN") in TRUE, name=name)
