"""The result of a drift run: per device clean, drift with its differences, or unknown with its reason."""

from __future__ import annotations

from enum import StrEnum

from ggi_net.config.compare import Difference
from ggi_net.model.types import Record


class State(StrEnum):
    """What is known of a device."""

    CLEAN = "clean"
    DRIFT = "drift"
    UNKNOWN = "unknown"


class Origin(Record, frozen=True, kw_only=True):
    """Where the intended line comes from: its template line, what of the estate it was made from or is there for."""

    template: str = ""
    values: tuple[str, ...] = ()
    clause: str = ""


class Finding(Record, frozen=True, kw_only=True):
    """A difference with the origin of its intended line."""

    difference: Difference
    origin: Origin | None = None


class DeviceResult(Record, frozen=True, kw_only=True):
    """One device. `reason` is why nothing is known of it."""

    device: str
    organisation: str
    platform: str
    state: State
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    seconds: float = 0.0


class Report(Record, frozen=True, kw_only=True):
    """One run. `started` is in UTC (ISO 8601); `devices` in the order of the estate."""

    estate: str
    started: str
    devices: tuple[DeviceResult, ...]

    def count(self, state: State) -> int:
        """How many devices are in that state."""
        return sum(device.state is state for device in self.devices)

    @property
    def exit_status(self) -> int:
        """0 all clean; 2 drift was found, whatever else; 3 no drift found, but not every device could be compared."""
        if self.count(State.DRIFT):
            return 2
        return 3 if self.count(State.UNKNOWN) else 0
