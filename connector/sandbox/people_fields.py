"""``user.userfield.*``: user fields of employees, ``UF_USR_…`` (facts/bitrix24-telephony-crm.md §3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.sandbox.crm_userfields import Kind, methods
from connector.sandbox.methods import Method
from connector.sandbox.user_fields import PEOPLE

METHODS: Mapping[str, Method] = MappingProxyType(
    methods("user.userfield", Kind(uf=PEOPLE, prefix="UF_USR_", scope="user.userfield"))
)
