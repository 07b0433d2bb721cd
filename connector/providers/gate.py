"""What stands at the door of a provider that signs nothing: our secret, and maybe a list of networks (trap 24)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from connector.domain.request import Request
from connector.errors import Refused
from connector.speech import Text

_STRANGER = Text(
    "The secret is missing or wrong; compare it with the account in connector.yaml.",
    "Секрет не передан или неверен; сверьте его с аккаунтом в connector.yaml.",
)
_ELSEWHERE = Text(
    "Requests from {remote} are not let in; if it is the PBX, add its network to allow_from of the account.",
    "Запросы с {remote} не принимаются; если это АТС, добавьте её сеть в allow_from аккаунта.",
)
_NETWORK = Text("networks such as 203.0.113.0/24", "сети вида 203.0.113.0/24")
_NETWORKS = Text("list the PBX's own addresses, or remove allow_from", "перечислите адреса АТС или уберите allow_from")
_LONG = Text("24 to 128 of A-Z a-z 0-9 _ -", "от 24 до 128 знаков A-Z a-z 0-9 _ -")
_MAKE = Text("make one with: openssl rand -hex 24", "создайте так: openssl rand -hex 24")
_FILLED = Text("a value", "значение")


def _random(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{24,128}", value.get_secret_value()):
        raise ValueError(_LONG, _MAKE)
    return value


#: A secret that we choose ourselves and give to the provider.
OurSecret = Annotated[SecretStr, AfterValidator(_random)]


def given(how: Text) -> AfterValidator:
    """For a secret that the vendor gives; ``how`` tells where. It is refused when empty, blank or broken in two."""

    def check(value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[\x21-\x7e]+", value.get_secret_value()):
            raise ValueError(_FILLED, how)
        return value

    return AfterValidator(check)


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError:
        raise ValueError(_NETWORK, _NETWORKS) from None


#: An address or a network of addresses.
Network = Annotated[str, AfterValidator(_network)]


def check_secret(offered: str, known: SecretStr, slug: str) -> None:
    """Raises ``Refused`` 401 (``<slug>.secret``) unless both are the same. Takes the same time either way."""
    if not hmac.compare_digest(offered.encode("utf-8", "surrogatepass"), known.get_secret_value().encode()):
        raise Refused(f"{slug}.secret", hint=_STRANGER, status=401)


def check_network(request: Request, networks: Sequence[str], slug: str) -> None:
    """Raises ``Refused`` 403 (``<slug>.network``) for a request from elsewhere; without ``networks`` from nowhere."""
    if networks and not any(_inside(request.remote, network) for network in networks):
        raise Refused(f"{slug}.network", hint=_ELSEWHERE.with_(remote=request.remote or "?"), status=403)


def _inside(remote: str, network: str) -> bool:
    try:
        address = ip_address(remote)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address) in ip_network(network)
