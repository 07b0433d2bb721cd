"""The engine room: drains a destination's lanes, each effect once, in order (DESIGN.md §6)."""

from connector.delivery.packer import CEILING
from connector.delivery.perform import Reach
from connector.delivery.pump import Pump
from connector.delivery.work import Work

__all__ = ["CEILING", "Pump", "Reach", "Work"]
