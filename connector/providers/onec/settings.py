"""A list of 1C (a catalog, documents, a register) in ``connector.yaml``."""

from __future__ import annotations

from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from connector.providers.services import ServiceSettings
from connector.providers.zones import Zone

_INTERFACE = "/odata/standard.odata"
_NAME = r"[^\W\d]\w*"


class OnecSettings(ServiceSettings):
    """``url`` is the published infobase, ``entity`` the list. ``select`` names the columns that are wanted (none: all);
    ``filter`` is a condition in 1C's OData. ``changed`` is the date column by which a run asks for what is new, without
    it each run reads all. ``order`` is what rows are sorted by then, the ``id`` unless it is given. ``top`` rows are
    asked for at once. ``allowed_only`` leaves out what the user may not see, instead of refusing everything.
    ``timezone`` is where the clock of 1C stands: its dates tell no zone.
    """

    id: tuple[str, ...] | str = Field(default=("Ref_Key",), examples=["Ref_Key"])
    timezone: Zone = Field(examples=["Europe/Moscow"])
    entity: str = Field(pattern=rf"^[A-Za-z]+_{_NAME}$", examples=["Document_РеализацияТоваровУслуг"])
    user: str = Field(default="", examples=["odata"])
    password: SecretStr = SecretStr("")
    select: tuple[str, ...] = Field(default=(), examples=[["Number", "Date", "Контрагент_Key"]])
    filter: str = Field(default="", examples=["Posted eq true"])
    changed: str = Field(default="", pattern=rf"^({_NAME})?$", examples=["ДатаИзменения"])
    order: tuple[str, ...] = ()
    top: int = Field(default=500, ge=1, le=10_000)
    allowed_only: bool = False

    @property
    def address(self) -> str:
        """Where the list is."""
        service = self.url.rstrip("/")
        service += "" if service.endswith(_INTERFACE) else _INTERFACE
        return f"{quote(service, safe=':/%[]')}/{quote(self.entity)}"

    @property
    def named(self) -> bool:
        """Whether rows are objects with a reference; those of registers have none, and no mark of deletion."""
        return "Ref_Key" in self.columns

    @property
    def selected(self) -> tuple[str, ...]:
        """The columns to ask for, with those that reading itself needs; none: all."""
        if not self.select:
            return ()
        own = (*self.columns, *(("DataVersion", "DeletionMark") if self.named else ()), self.changed)
        return tuple(dict.fromkeys(name for name in (*own, *self.select) if name))

    @property
    def sorting(self) -> tuple[str, ...]:
        """What rows are sorted by."""
        behind = self.order or self.columns
        return tuple(dict.fromkeys((self.changed, *behind) if self.changed else behind))

    @property
    def zone(self) -> ZoneInfo:
        """Where the clock of 1C stands."""
        return ZoneInfo(self.timezone)
