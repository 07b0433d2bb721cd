"""The bodies that a PBX posts, as published in ``schema.json``."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

Bare = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
Id = Annotated[Bare, Field(min_length=1, max_length=200, pattern=r"^\S+$")]
Number = Annotated[Bare, Field(max_length=100, description="as the PBX writes it; empty: not known, or hidden")]
Word = Annotated[str, Field(max_length=255)]
Seconds = Annotated[int, Field(ge=0, le=604_800)]
Told = Annotated[Bare, Field(max_length=60, description="a word of ours, or a Q.850 or SIP number; others: failed")]


class _Part(BaseModel):
    """Fields that we do not know are let through: senders grow."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class RecordingPart(_Part):
    """A recording to fetch, wav or mp3: by ``url``, or by ``path`` below the account's ``recordings``."""

    url: Annotated[str, Field(max_length=2000, pattern=r"^(https?://[^\s/]+.*)?$")] = ""
    path: Annotated[str, Field(max_length=1000, pattern=r"^([^/\s].*)?$")] = ""
    name: Word = ""
    type: Annotated[Word, Field(description="MIME type")] = ""
    size: Annotated[int, Field(ge=0, description="bytes")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.url) == bool(self.path):
            raise ValueError("recording: give url or path, one of them")
        return self


class PhrasePart(_Part):
    """One phrase; ``begin`` and ``end`` are whole seconds from the start of the call."""

    side: Literal["client", "employee"]
    begin: Seconds
    end: Seconds
    text: Annotated[str, Field(max_length=10_000)]


class CallData(_Part):
    """What is known of the call now. ``id`` is one for all legs of a call; ``at`` is when this happened."""

    id: Id
    at: Annotated[AwareDatetime, Field(description="ISO 8601 with an offset")]
    leg: Annotated[Bare, Field(max_length=200, description="only for a PBX that never says call.ended")] = ""
    direction: Literal["", "incoming", "outgoing", "internal"] = ""
    client: Number = ""
    name: Word = ""
    line: Number = ""
    employee: Annotated[Bare, Field(max_length=100, description="extension or login")] = ""


class HeldData(CallData):
    """``held`` false: the client is back."""

    held: bool = True


class TransferredData(CallData):
    """``employee`` gave the call to the extension ``to``."""

    to: Annotated[Bare, Field(min_length=1, max_length=100)]
    how: Literal["blind", "attended"] = "blind"


class LegEndedData(CallData):
    """It stopped ringing at ``employee``, or one leg is over."""

    cause: Told = ""


class EndedData(CallData):
    """The whole call is over. ``talk`` are seconds of talk, 0 when there was none."""

    cause: Told = ""
    talk: Seconds | None = None
    started_at: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    recording: RecordingPart | None = None


class RecordedData(CallData):
    """There is a recording."""

    recording: RecordingPart


class TranscribedData(CallData):
    """There is a transcript."""

    phrases: Annotated[tuple[PhrasePart, ...], Field(min_length=1, max_length=5000)]


class RouteData(_Part):
    """Who is calling, and which of our numbers."""

    client: Annotated[Bare, Field(min_length=1, max_length=100)]
    line: Number = ""


class _Simple(_Part):
    data: CallData


class CallStarted(_Simple):
    """A call came in or was dialled."""

    type: Literal["call.started"]


class CallRinging(_Simple):
    """It rings at ``employee``; without one, at the client."""

    type: Literal["call.ringing"]


class CallAnswered(_Simple):
    """``employee`` and the client talk."""

    type: Literal["call.answered"]


class CallHeld(_Part):
    """``employee`` put the client on hold, or took them back."""

    type: Literal["call.held"]
    data: HeldData


class CallTransferred(_Part):
    """The call was given to another employee."""

    type: Literal["call.transferred"]
    data: TransferredData


class LegEnded(_Part):
    """One of several telephones is out; the call goes on."""

    type: Literal["call.leg_ended"]
    data: LegEndedData


class CallEnded(_Part):
    """The last word on a call."""

    type: Literal["call.ended"]
    data: EndedData


class CallRecorded(_Part):
    """A recording is ready, now or later."""

    type: Literal["call.recorded"]
    data: RecordedData


class CallTranscribed(_Part):
    """A transcript is ready, now or later."""

    type: Literal["call.transcribed"]
    data: TranscribedData


class CallRoute(_Part):
    """A question: to whom should this client be connected? The answer comes at once."""

    type: Literal["call.route"]
    data: RouteData


Post = (
    CallStarted
    | CallRinging
    | CallAnswered
    | CallHeld
    | CallTransferred
    | LegEnded
    | CallEnded
    | CallRecorded
    | CallTranscribed
    | CallRoute
)
TYPES = frozenset(
    {
        "call.started",
        "call.ringing",
        "call.answered",
        "call.held",
        "call.transferred",
        "call.leg_ended",
        "call.ended",
        "call.recorded",
        "call.transcribed",
        "call.route",
    }
)


@cache
def _adapter() -> TypeAdapter[Post]:
    return TypeAdapter(Annotated[Post, Field(discriminator="type")])


def read(body: dict[str, Any]) -> Post:
    """The body as a model. Raises ``pydantic.ValidationError``, which names every wrong field."""
    return _adapter().validate_python(body)


def past(row: Any) -> EndedData:
    """One row of the history. Raises ``pydantic.ValidationError``."""
    return EndedData.model_validate(row)


def schema() -> dict[str, Any]:
    """The JSON Schema of what may be posted; ``schema.json`` holds the same."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a PBX posts to the connector",
        **_adapter().json_schema(),
    }
