"""A directory in ``connector.yaml``: whom to read, and the groups that they are in
(facts/bitrix24-telephony-crm.md §3.1, §3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connector.domain.sources import SourceSettings
from connector.speech import Text

PORTS = {"ldap": 389, "ldaps": 636}
OWN = ("id", "dn", "email", "name", "active", "groups", "group_dns", "group_ids")

_FROZEN = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
_ATTRIBUTE = r"^[A-Za-z][A-Za-z0-9-]{0,80}$"
_ACTIVE_DIRECTORY = "(&(objectCategory=person)(objectClass=user))"
_OTHERS = "(objectClass=inetOrgPerson)"
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "member": "(|(objectClass=group)(objectClass=groupOfNames))",
        "uniqueMember": "(objectClass=groupOfUniqueNames)",
        "memberUid": "(objectClass=posixGroup)",
        "memberOf": "(|(objectClass=group)(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
    }
)
_URL = Text("the address of a directory server, nothing but the server", "адрес сервера каталога, только сам сервер")
_URL_EXAMPLE = Text("for example ldaps://dc.acme.ru", "например ldaps://dc.acme.ru")
_CIPHERED = Text("a connection that is encrypted (plain is for loopback only)", "шифрованное соединение")
_CIPHER = Text(
    "write ldaps://, or leave out `starttls: false`", "напишите ldaps:// или уберите `starttls: false`: это не loopback"
)
_FILTER = Text("a filter in round brackets", "фильтр в круглых скобках")
_FILTER_EXAMPLE = Text(
    "for example (&(objectClass=inetOrgPerson)(mail=*))", "например (&(objectClass=inetOrgPerson)(mail=*))"
)
_PASSWORD = Text("a password for `bind_dn`", "пароль для `bind_dn`")
_GIVE_BOTH = Text(
    "give both `bind_dn` and `password`, or neither for an anonymous reading; a DN without a password is let in by "
    "many servers as nobody",
    "укажите и `bind_dn`, и `password`, или ничего для анонимного чтения: DN без пароля многие серверы впускают как "
    "анонима",
)
_OWN = Text("attributes of the directory", "атрибуты каталога")
_OWN_HINT = Text(
    "`dn`, `active` and `groups` come by themselves; `id`, `email` and `name` say from which attribute",
    "`dn`, `active` и `groups` добавляются сами; для `id`, `email` и `name` указывается исходный атрибут",
)


def _filter(value: str) -> str:
    value = value.strip()
    if value and (not value.startswith("(") or not value.endswith(")") or value.count("(") != value.count(")")):
        raise ValueError(_FILTER, _FILTER_EXAMPLE)
    return value


class ActiveRule(BaseModel):
    """A person is active whose ``attribute`` has one of the values ``is`` (upper and lower case are the same)."""

    model_config = _FROZEN

    attribute: str = Field(pattern=_ATTRIBUTE, examples=["employeeType"])
    values: tuple[str, ...] = Field(alias="is", min_length=1, examples=[["active"]])


class PeopleSettings(BaseModel):
    """Who is read. ``base`` is the source's own unless given; ``filter`` by default takes users of Active Directory
    when ``id`` is ``objectGUID``, and ``inetOrgPerson`` otherwise.

    ``id``, ``email`` and ``name`` are the attributes that these values come from; ``attributes`` come as they are
    called, those of ``lists`` always as lists. ``active`` is how it is known who was dismissed or locked: ``auto``
    looks at every mark that it knows, ``all`` takes everybody for active. ``uid`` is what ``memberUid`` of groups
    names. ``changed`` is the time of the last change.
    """

    model_config = _FROZEN

    base: str = ""
    filter: str = Field(default="", examples=["(&(objectClass=inetOrgPerson)(mail=*))"])
    attributes: tuple[str, ...] = ("sn", "givenName", "title", "department", "telephoneNumber", "mobile")
    lists: tuple[str, ...] = ()
    id: str = Field(default="objectGUID", pattern=_ATTRIBUTE)
    email: str = Field(default="mail", pattern=_ATTRIBUTE)
    name: str = Field(default="displayName", pattern=_ATTRIBUTE)
    uid: str = Field(default="uid", pattern=_ATTRIBUTE)
    active: (
        Literal["auto", "all", "userAccountControl", "nsAccountLock", "pwdAccountLockedTime", "loginDisabled"]
        | ActiveRule
    ) = "auto"
    changed: Literal["", "modifyTimestamp", "whenChanged"] = ""

    _checked = field_validator("filter")(_filter)

    @field_validator("attributes", "lists")
    @classmethod
    def _not_ours(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if {name.lower() for name in value} & {*OWN}:
            raise ValueError(_OWN, _OWN_HINT)
        return tuple(dict.fromkeys(value))

    @property
    def wanted(self) -> str:
        """The filter that finds them."""
        return self.filter or (_ACTIVE_DIRECTORY if self.id.lower() == "objectguid" else _OTHERS)

    @property
    def stamp(self) -> str:
        """The attribute that tells when an entry was changed; Active Directory finds nothing by ``modifyTimestamp``."""
        return self.changed or ("whenChanged" if self.id.lower() == "objectguid" else "modifyTimestamp")

    @property
    def columns(self) -> tuple[str, ...]:
        """The attributes that become values under their own names."""
        return tuple(dict.fromkeys((*self.attributes, *self.lists)))


class GroupsSettings(BaseModel):
    """The groups that people are in. All groups below ``base`` that ``filter`` finds are gone through, so that one may
    lie in another; ``only`` are patterns of the names that are told (``*`` is anything).

    ``member`` says where membership stands: in the groups (DNs in ``member`` or ``uniqueMember``, user names in
    ``memberUid``) or in the people (``memberOf``). With ``nested`` a person is also in the groups that their groups are
    in. ``also`` adds ``group_dns`` and ``group_ids`` to the values, beside ``groups``, the names.
    """

    model_config = _FROZEN

    base: str = ""
    filter: str = ""
    name: str = Field(default="cn", pattern=_ATTRIBUTE)
    member: Literal["member", "uniqueMember", "memberUid", "memberOf"] = "member"
    nested: bool = True
    only: tuple[str, ...] = Field(default=(), examples=[["sales-*"]])
    also: tuple[Literal["dn", "id"], ...] = ()

    _checked = field_validator("filter")(_filter)

    @property
    def wanted(self) -> str:
        """The filter that finds them."""
        return self.filter or _GROUPS[self.member]

    def told(self, name: str) -> bool:
        """Whether a group of this name stands in the values."""
        return not self.only or any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in self.only)


class LdapSettings(SourceSettings):
    """A directory: Active Directory, OpenLDAP, FreeIPA, 389 Directory Server, ALD Pro and their like.

    ``ldaps://`` is encrypted from the first byte; ``ldap://`` by STARTTLS, which ``starttls: false`` leaves out on
    loopback only. The certificate is always verified, by ``ca_file`` or by the system. ``chunk`` entries come in one
    answer of the server, which may take ``timeout`` seconds. With ``changes`` a run reads those who changed, and
    everybody as soon as any group did.
    """

    url: str = Field(examples=["ldaps://dc.acme.ru"])
    bind_dn: str = Field(default="", pattern=r"^[^\r\n\x00]*$", examples=["cn=bitrix,ou=Services,dc=acme,dc=ru"])
    password: SecretStr | None = None
    ca_file: str = ""
    starttls: bool | None = None
    base: str = Field(min_length=1, examples=["dc=acme,dc=ru"])
    people: PeopleSettings = PeopleSettings()
    groups: GroupsSettings | None = None
    changes: bool = False
    chunk: int = Field(default=500, ge=10, le=1000)
    timeout: float = Field(default=60.0, ge=1, le=600)

    @field_validator("url")
    @classmethod
    def _server(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            readable = parts.port is None or parts.port > 0
        except ValueError:
            readable = False
        if not readable or parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
            raise ValueError(_URL, _URL_EXAMPLE)
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(_URL, _URL_EXAMPLE)
        return value.rstrip("/")

    @model_validator(mode="after")
    def _sound(self) -> LdapSettings:
        plain = "" if self.password is None else self.password.get_secret_value()
        if bool(self.bind_dn) != bool(plain) or (self.password is not None and not plain):
            raise ValueError(_PASSWORD, _GIVE_BOTH)
        if self.starttls is False and not self.encrypted and not self.on_this_machine:
            raise ValueError(_CIPHERED, _CIPHER)
        return self

    @property
    def encrypted(self) -> bool:
        """Whether it is from the first byte."""
        return self.url.startswith("ldaps:")

    @property
    def upgraded(self) -> bool:
        """Whether STARTTLS comes before anything is said."""
        asked = not self.on_this_machine if self.starttls is None else self.starttls
        return asked and not self.encrypted

    @property
    def address(self) -> tuple[str, int]:
        """Where the server listens."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or PORTS[parts.scheme]

    @property
    def on_this_machine(self) -> bool:
        """Whether what is said to it leaves this machine."""
        host = self.address[0]
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    def where(self, part: Any) -> str:
        """The DN below which ``people`` or ``groups`` lie."""
        return str(part.base or self.base)
