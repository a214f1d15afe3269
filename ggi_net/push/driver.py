"""What a push driver is: one open session with one device, and the steps that every platform has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ggi_net.errors import PushError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.push.connections import Connection
    from ggi_net.render.artifact import Artifact
    from ggi_net.render.platform import Platform
    from ggi_net.secrets import Resolver


@dataclass(frozen=True)
class Target:
    """One device to push to: what it should run, and how it is reached."""

    device: str
    serial: str
    platform: Platform
    artifacts: tuple[Artifact, ...]
    connection: Connection
    organisation: str = ""


@dataclass(frozen=True)
class Identity:
    """Who a device says that it is; an empty serial is one that it does not tell."""

    hostname: str
    serial: str = ""


@dataclass(frozen=True)
class Change:
    """What would be changed: a unified diff for people, secrets masked, and the steps for the driver that made it."""

    diff: str
    steps: tuple[object, ...] = field(repr=False)

    @property
    def empty(self) -> bool:
        """Whether the device runs what was intended."""
        return not self.steps


class Session(Protocol):
    """An open session with a device. Every method may raise PushError or a subclass."""

    def identify(self) -> Identity:
        """Ask the device who it is."""
        ...

    def compare(self) -> Change:
        """Read what the device runs and compute what has to change."""
        ...

    def change(self, change: Change) -> None:
        """Make the change; raise DeviceRefused when the device refuses it, after it got its old configuration back."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


def open_session(target: Target, resolver: Resolver) -> Session:
    """A session with the driver of the target's platform; raise PushError, DeviceUnreachable or HostKeyRefused."""
    from ggi_net.push.cisco_iosxe import IosSession
    from ggi_net.push.linux import LinuxSession

    drivers: dict[str, Callable[[Target, Resolver], Session]] = {"linux": LinuxSession, "cisco_iosxe": IosSession}
    driver = drivers.get(target.platform.driver)
    if driver is None:
        raise PushError(
            f"{target.device}: no push driver '{target.platform.driver}'", hint=f"drivers: {', '.join(sorted(drivers))}"
        )
    return driver(target, resolver)
