"""The tables of docs/providers.md, made from the manifests: ``python -m tests.house.capabilities`` prints them."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.provider import Provider
from connector.domain.sources import SourceRole
from connector.domain.telephony import Telephony
from connector.registry import providers

HEADER = (
    "| Provider | Text | Files | Send up to | Take up to | Edit | Delete | Buttons | Reply window |",
    "|---|---|---|---|---|---|---|---|---|",
)
PBX_HEADER = (
    "| Telephone system | Tells of calls by | Click to call | Recordings | Calls of the past | Asks whom to ring |",
    "|---|---|---|---|---|---|",
)
SOURCE_HEADER = (
    "| Source | Who begins | Takes tags back |",
    "|---|---|---|",
)
MIB = 1024 * 1024


def rows() -> Iterator[str]:
    """The tables, line by line."""
    yield from HEADER
    for slug, provider in sorted(providers().items()):
        if provider.channel:
            yield row(slug, provider)
    yield from PBX_HEADER
    for slug, provider in sorted(providers().items()):
        if provider.telephony:
            yield pbx_row(slug, provider.title.en, provider.telephony)
    yield from SOURCE_HEADER
    for slug, provider in sorted(providers().items()):
        if provider.source:
            yield source_row(slug, provider.title.en, provider.source)


def source_row(slug: str, title: str, able: SourceRole) -> str:
    """One source's line."""
    cells = (
        f"[{title}](../connector/providers/{slug}/README.md) (`{slug}`)",
        "it posts to us" if able.door else "we read it",
        "yes" if able.write else "no",
    )
    return f"| {' | '.join(cells)} |"


def pbx_row(slug: str, title: str, able: Telephony) -> str:
    """One telephone system's line."""
    offered = (able.dial, able.recording, able.history, able.asks)
    cells = (
        f"[{title}](../connector/providers/{slug}/README.md) (`{slug}`)",
        "a connection that we hold" if able.listen else "webhooks",
        *("yes" if way else "no" for way in offered),
    )
    return f"| {' | '.join(cells)} |"


def row(slug: str, provider: Provider) -> str:
    """One provider's line."""
    able = provider.capabilities
    cells = (
        f"[{provider.title.en}](../connector/providers/{slug}/README.md) (`{slug}`)",
        f"{able.text} characters" if able.text else "no limit known",
        ", ".join(sorted(able.files)) or "none",
        size(able.upload),
        size(able.download),
        *("yes" if can else "no" for can in (able.edit, able.delete, able.buttons)),
        f"{able.window_hours} h" if able.window_hours else "always",
    )
    return f"| {' | '.join(cells)} |"


def size(limit: int | None) -> str:
    """Bytes as a person reads them."""
    return "no limit known" if limit is None else f"{limit / MIB:g} MiB"


if __name__ == "__main__":
    print("\n".join(rows()))
