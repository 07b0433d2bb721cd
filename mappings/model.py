"""What may be written in a mapping file: its documents as models, with the words that editors show."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mappings.choices import (
    Amount,
    AmountOr,
    Condition,
    Id,
    Many,
    Number,
    Priority,
    PriorityOrExpression,
    Strict,
    Text,
    TextOr,
    WordOrMapping,
)

Fields = Annotated[dict[str, Any], Field(description="Field of the CRM: value. Values may be {{ expressions }}.")]


class TagDocument(Strict):
    """A tag that is added only when something holds."""

    add: Text = Field(description="The tag.", examples=["vip"])
    when: Condition = Field(default=True, description="A bare expression.", examples=["facts.vip"])


class PointsDocument(Strict):
    """Points that are added only when something holds."""

    add: Amount = Field(description="How many points; may be negative.", examples=[10, -5])
    when: Condition = Field(default=True, description="A bare expression.", examples=["event.client.phone"])


class FieldWay(Strict):
    """Find by a field of the CRM."""

    field: str = Field(
        min_length=1,
        description="The field's name; PHONE and EMAIL look for a number or an address without writing it.",
        examples=["UF_CRM_SHOP_ID"],
    )
    is_: Any = Field(alias="is", description="The value it must have.", examples=["{{ record.id }}"])


class ExternalDocument(Strict):
    """The name and the id in the other system; kept in the CRM as originatorId and originId, or xmlId of an item."""

    system: Text = Field(description="Name of the other system.", examples=["shop"])
    id: Id = Field(description="The id there.", examples=["{{ record.id }}"])


class WishDocument(Strict):
    """What is wanted of one entity of the CRM."""

    match: list[WordOrMapping[FieldWay]] = Field(
        default=[],
        description="Ways to find it, in order; the first that finds somebody decides. []: it is always a new one.",
        examples=[["phone", "email"], ["open"], [{"field": "UF_CRM_SHOP_ID", "is": "{{ record.id }}"}]],
    )
    external: ExternalDocument | None = Field(default=None, description="Its id in another system.")
    several: Literal["quarantine", "skip", "oldest", "newest"] = Field(
        default="quarantine", description="What to do when several are found. Nothing is ever merged."
    )
    create: Condition = Field(default=True, description="Whether to create it when none is found.")
    set: Fields = Field(
        default={}, description="Written where it differs.", examples=[{"NAME": "{{ event.client.first_name }}"}]
    )
    fill: Fields = Field(default={}, description="Written only where the CRM has nothing.")


class ItemDocument(WishDocument):
    """What is wanted of an item of a smart process."""

    type: int | None = Field(default=None, ge=1, description="entityTypeId of the smart process.", examples=[1036])
    process: str | None = Field(
        default=None, min_length=1, description="Or its name, when the set describes it.", examples=["shipments"]
    )


class CrmDocument(Strict):
    """What is wanted of the CRM."""

    contact: WishDocument | None = Field(default=None, description="The contact of this event.")
    company: WishDocument | None = Field(default=None, description="The company of this event.")
    lead: WishDocument | None = Field(default=None, description="The lead of this event.")
    deal: WishDocument | None = Field(default=None, description="The deal of this event.")
    item: ItemDocument | None = Field(default=None, description="The item of a smart process.")


Bearer = Literal["contact", "company", "lead", "deal", "item"]


class ActivityDocument(Strict):
    """A planned activity in the card of an entity."""

    on: Bearer = Field(description="The entity that bears it; some rule wants it under crm:.")
    title: Text = Field(description="Its title.")
    text: Text | None = Field(default=None, description="What is to be done, BBCode.")
    deadline: Text | None = Field(
        default=None, description="A moment with zone.", examples=["{{ event.at | plus(hours=2) }}"]
    )
    owner: Number | None = Field(default=None, description="Id of the user who does it (default: the owner).")


class TimelineDocument(Strict):
    """A comment in the timeline of an entity."""

    on: Bearer = Field(description="The entity that bears it; some rule wants it under crm:.")
    text: Text = Field(description="The comment, BBCode.")
    each: Text | None = Field(
        default=None,
        description="One comment for each value that this ever had; those before stay.",
        examples=["{{ record.status }}"],
    )


class EmailDocument(Strict):
    """The client's letter as an e-mail in the card of an entity."""

    on: Bearer = Field(description="The entity that bears it; some rule wants it under crm:.")
    subject: Text | None = Field(default=None, description="Its subject (default: the letter's).")
    text: Text | None = Field(default=None, description="Its text, BBCode (default: the letter's).")
    owner: Number | None = Field(
        default=None, description="Id of the user who answers for it (default: the owner, else the entity's)."
    )
    done: bool = Field(default=False, description="Whether nobody has to deal with it any more.")


class AnswerDocument(Strict):
    """An automatic letter to the client."""

    text: Text = Field(description="What it says, BBCode.", examples=["We shall answer by 10 a.m."])
    subject: Text | None = Field(default=None, description="Its subject (default: the thread's).")


class TaskDocument(Strict):
    """A task."""

    title: Text = Field(description="Its title.")
    text: Text | None = Field(default=None, description="What is to be done, BBCode.")
    owner: Number | None = Field(default=None, description="Id of the user who does it (default: the owner).")
    deadline: Text | None = Field(default=None, description="A moment with zone.")
    group: Number | None = Field(default=None, description="Id of a workgroup.", examples=[5])


class NotifyDocument(Strict):
    """A notification in the portal."""

    users: Many[Number] = Field(description="Ids of the users.", examples=[[1, "{{ owner }}"]])
    text: Text = Field(description="What they read, BBCode.")


class CardDocument(Strict):
    """The client's latest items, told to whoever talks with them; the client does not get it."""

    items: int | None = Field(default=None, ge=1, description="entityTypeId of the smart process.", examples=[1036])
    process: str | None = Field(
        default=None, min_length=1, description="Or its name, when the set describes it.", examples=["shipments"]
    )
    of: Literal["contact", "company", "deal"] = Field(default="contact", description="Whose items.")
    latest: int = Field(default=3, ge=1, le=10, description="How many at most.")
    order: dict[str, Literal["asc", "desc"]] = Field(
        default={"id": "desc"}, description="Which come first.", examples=[{"createdTime": "desc"}]
    )
    title: Text | None = Field(default=None, description="What stands above them, BBCode.", examples=["Shipments"])
    line: Text = Field(
        description="What is said of each, BBCode; item has its fields, item.stage the title of its stage.",
        examples=["{{ item.title }} · {{ item.stage }} · {{ item.UF_TRACK_NO }}"],
    )


class RuleDocument(Strict):
    """A rule: what is done when something happens."""

    version: Literal[1] = Field(default=1, description="Version of the language.")
    name: str = Field(
        default="",
        min_length=1,
        max_length=60,
        pattern=r"^[^\s#{}]([^\n\r\t#{}]*[^\s#{}])?$",
        description="Name of the rule (default: the file's). A later rule of the same name replaces an earlier one.",
    )
    about: str = Field(default="", description="Why it is there; shown in explanations.")
    include: Many[str] = Field(
        default=[], description="Files beside this one that are loaded before it.", examples=[["first.yaml"]]
    )
    on: Many[str] = Field(description="The kind of event or record.", examples=["message.received", ["record.orders"]])
    when: Condition = Field(
        default=True,
        description="A bare expression; without it the rule always holds.",
        examples=['event.channel in ["telegram", "webchat"]'],
    )
    stop: bool = Field(default=False, description="When the rule holds, no later rule is looked at.")
    set: dict[str, Any] = Field(
        default={},
        description="Facts for this and later rules, read as facts.NAME.",
        examples=[{"vip": "{{ found.company.typeId == 'VIP' }}"}],
    )
    line: Number | None = Field(default=None, description="Open line of a new conversation.", examples=[3])
    chat: Condition | None = Field(
        default=None,
        description="Whether the message is shown in Open Lines; false: only the CRM part of the rules happens.",
        examples=[False, "event.letter.automatic != 'list'"],
    )
    category: Text | None = Field(default=None, description="Category of the request.", examples=["complaint"])
    priority: PriorityOrExpression | None = Field(default=None, description="Default: the category's.")
    owner: Number | None = Field(default=None, description="Id of the user (default: the category's).", examples=[12])
    tags: list[TextOr[TagDocument]] = Field(
        default=[],
        description="Tags that are added; none is ever taken away.",
        examples=[["complaint", {"add": "vip", "when": "facts.vip"}]],
    )
    score: dict[str, AmountOr[PointsDocument]] = Field(
        default={},
        description="Named parts of the score.",
        examples=[{"phone known": {"add": 10, "when": "event.client.phone"}}],
    )
    crm: CrmDocument | None = Field(default=None, description="What is wanted of the CRM.")
    activity: Many[ActivityDocument] | None = Field(default=None, description="Activities to plan.")
    timeline: Many[TimelineDocument] | None = Field(default=None, description="Comments in timelines.")
    email: Many[EmailDocument] | None = Field(default=None, description="The letter, kept in cards of the CRM.")
    task: Many[TaskDocument] | None = Field(default=None, description="Tasks to give.")
    notify: Many[NotifyDocument] | None = Field(default=None, description="Notifications to send.")
    card: CardDocument | None = Field(default=None, description="The client's latest items, for whoever talks to them.")
    workgroup: Many[Number] | None = Field(
        default=None, description="Workgroups whose keywords get the tags.", examples=[5]
    )
    acknowledge: TextOr[AnswerDocument] | None = Field(
        default=None, description="An automatic letter to the client.", examples=["We have got your letter."]
    )
    signature: Text | None = Field(
        default=None, description="What stands under a reply by mail, BBCode.", examples=["{{ event.operator.name }}"]
    )


class OwnDocument(Strict):
    """Our own numbers and addresses: nobody is ever found by them."""

    phones: list[str] = Field(default=[], description="Numbers, best with +.", examples=[["+74951234567"]])
    emails: list[str] = Field(default=[], description="Addresses, or whole domains.", examples=[["@acme.ru"]])


class TitleDocument(Strict):
    """A title in both languages."""

    en: str = Field(min_length=1, description="In English.")
    ru: str = Field(min_length=1, description="In Russian.")


class CategoryDocument(Strict):
    """A category of requests."""

    title: TextOr[TitleDocument] = Field(description="Its title.", examples=[{"en": "Complaint", "ru": "Жалоба"}])
    priority: Priority = Field(default="normal", description="Priority of its requests.")
    owner: Annotated[int, Field(ge=1)] | None = Field(
        default=None, examples=[12, None], description="Id of the user who owns its requests."
    )


class ConfigDocument(Strict):
    """Settings of the whole set. What is not said stays as packaged."""

    version: Literal[1] = Field(default=1, description="Version of the language.")
    about: str = Field(default="", description="Free text.")
    include: Many[str] = Field(default=[], description="Files beside this one that are loaded before it.")
    country: str = Field(default="RU", description="Country of numbers without +, two letters.", examples=["RU"])
    zone: str = Field(default="Europe/Moscow", description="Time zone.", examples=["Europe/Moscow"])
    own: OwnDocument | None = Field(default=None, description="Our own numbers and addresses.")
    tag_fields: dict[str, str] = Field(
        default={},
        description="Entity (or entityTypeId): the field that keeps its tags.",
        examples=[{"contact": "UF_CRM_TAGS", "1036": "UF_CRM_3_TAGS"}],
    )
    categories: dict[str, CategoryDocument] = Field(default={}, description="Categories of requests by name.")
    tables: dict[str, str] = Field(
        default={},
        description="Table: CSV file beside this one; the first column is the key.",
        examples=[{"vips": "vips.csv"}],
    )
