"""Access groups of other systems, and what they lead to in Bitrix24 (facts/bitrix24-telephony-crm.md §3.6-3.7)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connector.speech import Text

_FROZEN = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

ConsoleRole = Literal["viewer", "operator", "integrator", "admin"]
Membership = Literal["member", "moderator"]
KINDS = ("department", "team", "workgroup", "queue", "field", "console")

# What no method of REST gives or takes (§3.6, gotcha 21): said when the settings are read, not when it is too late.
BY_HAND: dict[str, tuple[Text, Text]] = {
    "crm_role": (
        Text("a target that REST can change; CRM roles are not", "цель, доступная по REST; роли CRM недоступны"),
        Text(
            "bind the role to a department or a workgroup once, in CRM → Settings → Access permissions, and make that "
            "department: or workgroup: the target here",
            "один раз привяжите роль к отделу или группе в CRM → Настройки → Права доступа, а целью здесь укажите этот "
            "отдел (department:) или группу (workgroup:)",
        ),
    ),
    "system_group": (
        Text(
            "a target that REST can change; system user groups (G…) are not",
            "цель, доступная по REST; системные группы пользователей (G…) недоступны",
        ),
        Text(
            "an administrator of a self-hosted portal sets them in /bitrix/admin; in the cloud give the right to a "
            "department or workgroup and make that the target",
            "в коробке их меняет администратор в /bitrix/admin; в облаке дайте право отделу или рабочей группе и "
            "укажите целью их",
        ),
    ),
    "telephony_role": (
        Text(
            "a target that REST can change; telephony roles are not",
            "цель, доступная по REST; роли телефонии недоступны",
        ),
        Text(
            "bind the role to a department once, in Telephony → Access permissions, and make department: the target",
            "один раз привяжите роль к отделу в Телефония → Права доступа, а целью укажите department:",
        ),
    ),
    "line_role": (
        Text(
            "a target that REST can change; roles of Open Lines are not",
            "цель, доступная по REST; роли открытых линий недоступны",
        ),
        Text(
            "bind the role to a department once, in Open Channels → Access permissions; who answers is queue:",
            "один раз привяжите роль к отделу в Открытые линии → Права доступа; кто отвечает — это queue:",
        ),
    ),
    "admin": (
        Text(
            "a target that REST can change; who administers the portal is not",
            "цель, доступная по REST; права администратора портала недоступны",
        ),
        Text(
            "an administrator gives and takes it in the employee's menu; the console's own role is console: admin",
            "их даёт и отбирает администратор в меню сотрудника; роль в нашей консоли — это console: admin",
        ),
    ),
}
_ONE = Text("exactly one target", "ровно одна цель")
_ONE_HINT = Text(
    "one of department: 12, team: 15, workgroup: 5, queue: 3, field: UF_USR_GROUPS, console: operator",
    "одна из department: 12, team: 15, workgroup: 5, queue: 3, field: UF_USR_GROUPS, console: operator",
)
_ROLE = Text("role only beside workgroup", "role только рядом с workgroup")
_ROLE_HINT = Text("take role out, or name a workgroup", "уберите role или назовите рабочую группу")
_VALUE = Text("option or value beside field, and only there", "option или value рядом с field, и только там")
_VALUE_HINT = Text(
    "option: Sales is an entry of a list field, value: sales is written into a text field as it stands",
    "option: Продажи — пункт поля-списка, value: sales пишется в текстовое поле как есть",
)
_PEOPLE = Text("external_id or email, or both", "external_id или email, или оба")
_PEOPLE_HINT = Text(
    "name the column that tells who somebody is: external_id: objectGUID, email: mail",
    "назовите столбец, по которому узнают человека: external_id: objectGUID, email: mail",
)
_FIELD = Text("a user field like UF_USR_GROUPS", "поле пользователя вида UF_USR_GROUPS")
_FIELD_HINT = Text("its code in Bitrix24, in capital letters", "его код в Битрикс24, заглавными буквами")


def _field(given: str) -> str:
    if given and not (given.startswith("UF_") and given.replace("_", "").isalnum() and given == given.upper()):
        raise ValueError(_FIELD, _FIELD_HINT)
    if given == "UF_DEPARTMENT":
        raise ValueError(_ONE, _ONE_HINT)
    return given


class PersonColumns(BaseModel):
    """Which columns of a record tell who it is about. ``active`` empty: whoever is in the source is there."""

    model_config = _FROZEN

    external_id: str = Field(default="", examples=["objectGUID"])
    email: str = Field(default="", examples=["mail"])
    name: str = Field(default="", examples=["displayName"])
    active: str = Field(default="", examples=["active"])

    @model_validator(mode="after")
    def _known(self) -> Self:
        if not self.external_id and not self.email:
            raise ValueError(_PEOPLE, _PEOPLE_HINT)
        return self


class TargetSettings(BaseModel):
    """Where people are led to: exactly one of the kinds. ``workgroup`` has a ``role``, ``field`` an ``option`` of a
    list or a plain ``value``.
    """

    model_config = _FROZEN

    department: int | None = Field(default=None, ge=1, examples=[12])
    team: int | None = Field(default=None, ge=1, examples=[15])
    workgroup: int | None = Field(default=None, ge=1, examples=[5])
    role: Membership | None = Field(default=None, examples=["member"])
    queue: int | None = Field(default=None, ge=1, examples=[3])
    field: Annotated[str, AfterValidator(_field)] = Field(default="", examples=["UF_USR_GROUPS"])
    option: str = Field(default="", examples=["Sales"])
    value: str = Field(default="", examples=["sales"])
    console: ConsoleRole | None = Field(default=None, examples=["operator"])

    @model_validator(mode="before")
    @classmethod
    def _possible(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name in BY_HAND.keys() & given.keys():
                raise ValueError(*BY_HAND[name])
        return given

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(bool(getattr(self, kind)) for kind in KINDS) != 1:
            raise ValueError(_ONE, _ONE_HINT)
        if self.role and not self.workgroup:
            raise ValueError(_ROLE, _ROLE_HINT)
        if (bool(self.option) + bool(self.value)) != bool(self.field):
            raise ValueError(_VALUE, _VALUE_HINT)
        return self


class GroupTarget(TargetSettings):
    """``group`` is a group's name in the source, letters' case aside; ``*`` and ``?`` stand for anything."""

    group: str = Field(min_length=1, examples=["CN=Sales*"])


class PersonTarget(TargetSettings):
    """One person, by e-mail or external id, whatever their groups say. ``why`` is for the audit."""

    person: str = Field(min_length=1, examples=["ivanov@acme.ru"])
    why: str = Field(default="", examples=["stands in for Petrov until May"])


class AccessSettings(BaseModel):
    """``access`` of a source whose records are people, or one membership each.

    ``groups`` is the column of a person's groups: a list, or text with ``split`` between them. ``allow`` and ``deny``
    are stronger than groups, ``deny`` than ``allow``. ``brake`` is the percentage of a target's people whom we may
    take out in one run; of a target two at once at least are a matter for it. ``learn`` writes the external id into a
    user who was found by e-mail; ``invite`` invites unknown people (each takes a seat), ``dismiss`` dismisses those who
    are no longer active in the source. ``protect`` are user ids and e-mails that nothing is ever taken from.
    """

    model_config = _FROZEN

    person: PersonColumns
    groups: str = Field(default="groups", min_length=1, examples=["memberOf"])
    split: str = Field(default="", max_length=5, examples=[";"])
    targets: tuple[GroupTarget, ...] = Field(default=(), max_length=2000)
    allow: tuple[PersonTarget, ...] = Field(default=(), max_length=2000)
    deny: tuple[PersonTarget, ...] = Field(default=(), max_length=2000)
    brake: float = Field(default=20.0, ge=0, le=100)
    learn: bool = True
    invite: bool = False
    dismiss: bool = False
    protect: tuple[int | str, ...] = Field(default=(), max_length=500, examples=[[1, "director@acme.ru"]])
