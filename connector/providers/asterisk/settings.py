"""An Asterisk in ``connector.yaml`` (facts/providers.md §3.1)."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connector.domain.telephony import PbxSettings
from connector.providers.places import Place
from connector.speech import Text

PLAIN_PORT, TLS_PORT = 5038, 5039
_DATED = re.compile(r"-(\d{4})(\d{2})(\d{2})-\d{6}-")
MONITOR = "/var/spool/asterisk/monitor"

_SECRET = Text("the secret of a manager user", "секрет пользователя AMI")
_MAKE_SECRET = Text(
    "FreePBX: Settings → Asterisk Manager Users; else the secret in /etc/asterisk/manager.conf",
    "FreePBX: Settings → Asterisk Manager Users; иначе secret в /etc/asterisk/manager.conf",
)
_PATTERN = Text("a regular expression", "регулярное выражение")
_PATTERN_EXAMPLE = Text(r"for example \d{3}", r"например \d{3}")
_PLACE = Text(
    "an address that begins with file:///, sftp://, https:// or http://",
    "адрес, начинающийся с file:///, sftp://, https:// или http://",
)
_PLACE_EXAMPLE = Text("for example file:///var/spool/asterisk/monitor", "например file:///var/spool/asterisk/monitor")
_CDR = Text(
    "the address of a CSV file that begins with file:///, https:// or http://",
    "адрес файла CSV, начинающийся с file:///, https:// или http://",
)
_CDR_EXAMPLE = Text(
    "for example file:///var/log/asterisk/cdr-csv/Master.csv; a file on another machine is mounted or served by https",
    "например file:///var/log/asterisk/cdr-csv/Master.csv; файл другой машины подключите или отдавайте по https",
)
_BARE_URL = Text("an address without a password in it", "адрес без пароля внутри")
_PASSWORD_APART = Text("write the password as `password: ...`", "запишите пароль отдельно: `password: ...`")
_TEMPLATE = Text("a text with {extension} in it", "текст, в котором есть {extension}")
_TEMPLATE_EXAMPLE = Text("for example PJSIP/{extension}", "например PJSIP/{extension}")
_DIAL = Text("a text with {digits} or {phone} in it", "текст, в котором есть {digits} или {phone}")
_DIAL_EXAMPLE = Text('for example "{digits}", or "9{digits}" with a prefix', 'например "{digits}" или "9{digits}"')
_ZONE = Text("a time zone", "часовой пояс")
_ZONE_EXAMPLE = Text("for example Europe/Moscow", "например Europe/Moscow")


class Contexts(BaseModel):
    """Contexts of the dial plan, by what they mean; ``*`` stands for anything. The defaults are FreePBX's.

    ``incoming`` are those in which trunks' channels begin, ``internal`` those of telephones. A client whose call ends
    in one of ``after_hours`` or ``voicemail`` reached nobody.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    incoming: tuple[str, ...] = (
        *("from-trunk*", "from-pstn*", "from-did-direct*", "from-sip-external"),
        *("from-digital*", "from-analog*", "from-dahdi*", "from-zaptel*"),
    )
    internal: tuple[str, ...] = ("from-internal*",)
    after_hours: tuple[str, ...] = ("app-after-hours*", "after-hours*")
    voicemail: tuple[str, ...] = ("app-voicemail*", "app-vm*", "macro-vm", "sub-vm*", "voicemail*")


class RecordingPlace(Place):
    """Where the recordings lie: ``url`` is what the folder ``folder`` of the PBX looks like from here.

    ``username`` and ``password`` are for ``http(s)``; ``sftp`` has its user in the address, and a ``password`` or a
    ``key`` (a private key on this machine; ``password`` then opens it), and always a ``host_key`` (a fingerprint as
    ``ssh-keygen -l`` shows it, or lines of ``known_hosts``). ``variable`` is the channel variable that names the file
    (MixMonitor's own by default); empty: only ``UserEvent(Connector, Recording: …)`` and CDRs tell.
    """

    url: str = Field(examples=["file:///var/spool/asterisk/monitor"])
    username: str = ""
    folder: str = MONITOR
    variable: str = "MIXMONITOR_FILENAME"

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        return _address(value, ("file", "sftp", "https", "http"), _PLACE, _PLACE_EXAMPLE)


class CdrPlace(BaseModel):
    """The CSV file of finished calls, for catching up. ``zone`` is the PBX's, unless it writes ``usegmtime=yes``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(examples=["file:///var/log/asterisk/cdr-csv/Master.csv"])
    username: str = ""
    password: SecretStr | None = None
    zone: str = "UTC"

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        return _address(value, ("file", "https", "http"), _CDR, _CDR_EXAMPLE)

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError):
            raise ValueError(_ZONE, _ZONE_EXAMPLE) from None
        return value


class AsteriskSettings(PbxSettings):
    """``username`` and ``secret`` are a manager user's; ``tls`` encrypts, and the certificate is verified (by ``ca``,
    a file, or by the system).

    ``extensions`` is what an employee's number looks like; ``trunks`` are peers that are trunks although their names
    look like extensions. ``outside`` is what employees dial before an outside number. For calls by a click:
    ``channel`` is how an employee's telephone is called, ``originate_context`` the context that then dials ``dial``
    ({phone} is +79001112233, {digits} the same without the plus), and it may ring for ``ring_seconds``.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    host: str = Field(min_length=1, examples=["pbx.example.com"])
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: bool = False
    ca: str = ""
    username: str = Field(min_length=1, pattern=r"^[^\r\n]*$", examples=["connector"])
    secret: SecretStr
    contexts: Contexts = Contexts()
    extensions: str = r"\d{2,5}"
    trunks: tuple[str, ...] = ()
    outside: str = Field(default="", pattern=r"^[0-9*#]{0,6}$")
    channel: str = Field(default="PJSIP/{extension}", pattern=r"^[^\r\n]*$")
    originate_context: str = Field(default="from-internal", pattern=r"^[^\s]{1,80}$")
    dial: str = Field(default="{digits}", pattern=r"^[^\r\n]*$")
    ring_seconds: int = Field(default=30, ge=5, le=30)
    recordings: RecordingPlace | None = Field(default=None, examples=[{"url": f"file://{MONITOR}"}])
    cdr: CdrPlace | None = Field(default=None, examples=[{"url": "file:///var/log/asterisk/cdr-csv/Master.csv"}])

    @field_validator("secret")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        plain = value.get_secret_value()
        if not plain.strip() or re.search(r"[\r\n]", plain):
            raise ValueError(_SECRET, _MAKE_SECRET)
        return value

    @field_validator("extensions")
    @classmethod
    def _extensions(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error:
            raise ValueError(_PATTERN, _PATTERN_EXAMPLE) from None
        return value

    @field_validator("channel")
    @classmethod
    def _channel(cls, value: str) -> str:
        if "{extension}" not in value:
            raise ValueError(_TEMPLATE, _TEMPLATE_EXAMPLE)
        return value

    @field_validator("dial")
    @classmethod
    def _dial(cls, value: str) -> str:
        if "{digits}" not in value and "{phone}" not in value:
            raise ValueError(_DIAL, _DIAL_EXAMPLE)
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Where the manager listens."""
        return self.host, self.port or (TLS_PORT if self.tls else PLAIN_PORT)

    @property
    def on_this_machine(self) -> bool:
        """Whether what is said to it leaves this machine."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def remembers(self) -> bool:
        """Whether the account says where finished calls are written down."""
        return self.cdr is not None

    def is_extension(self, number: str) -> bool:
        """Whether an employee's number looks like this."""
        return bool(number) and re.fullmatch(self.extensions, number) is not None


def fits(context: str, patterns: tuple[str, ...]) -> bool:
    """Whether a context of the dial plan is one of these."""
    return bool(context) and any(fnmatchcase(context, pattern) for pattern in patterns)


def below(path: str, folder: str) -> str:
    """``path`` of the PBX as a path below ``folder``, or empty when it lies elsewhere or climbs out."""
    given, top = PurePosixPath(path), PurePosixPath(folder)
    if ".." in given.parts or "\0" in path:
        return ""
    if given.is_absolute():
        return str(given.relative_to(top)) if given != top and given.is_relative_to(top) else ""
    return str(given) if given.name else ""


def placed(path: str, folder: str) -> str:
    """One name for one recording, however it was told of: its path below ``folder``; empty when it lies elsewhere.

    FreePBX's CDR has the bare name of a file that lies in a folder per day.
    """
    dated = _DATED.search(path)
    return below("/".join((*dated.groups(), path)) if dated and "/" not in path else path, folder)


def _address(value: str, schemes: tuple[str, ...], expected: Text, example: Text) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(expected, example) from None
    if parts.scheme not in schemes or (parts.scheme == "file") == bool(parts.netloc) or re.search(r"\s", value):
        raise ValueError(expected, example)
    if parts.password is not None:
        raise ValueError(_BARE_URL, _PASSWORD_APART)
    return value.rstrip("/")
