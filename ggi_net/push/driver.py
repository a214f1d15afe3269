"""What a push driver is: one open session with one device, and the steps that every platform has.

A driver never decides anything: `push.run` takes the steps, in the same order for every platform. Each method of a
session may raise PushError or one of its kinds; what else a broken connection raises is in `ssh.SESSION_BROKE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from ggi_net.errors import PushError, WrongDevice
from ggi_net.push.connections import trusted
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ggi_net.push.connections import Connection
    from ggi_net.render.artifact import Artifact
    from ggi_net.render.platform import Platform
    from ggi_net.secrets import Resolver

DRIVERS = {
    "linux": "ggi_net.push.linux:LinuxSession",
    "cisco_iosxe": "ggi_net.push.cisco_iosxe:IosSession",
    "juniper_junos": "ggi_net.push.juniper_junos:JunosSession",
    "arista_eos": "ggi_net.push.arista_eos:EosSession",
}
"""By the name that a platform gives its driver: the module and the class, imported when the first such device comes."""


@dataclass(frozen=True)
class Target:
    """One device to push to: what it should run, and how it is reached.

    `host_key` is the one that the estate has, if any. `announces`: by VRF the prefixes that it may announce, and
    should; empty for what is no gateway. `hold_seconds`: the BGP hold time, after which a session that no longer hears
    its neighbor is gone; 0 for what speaks no BGP.
    """

    device: str
    serial: str
    platform: Platform
    artifacts: tuple[Artifact, ...]
    connection: Connection
    organisation: str = ""
    host_key: str = ""
    announces: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hold_seconds: int = 0


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


@dataclass(frozen=True)
class Armed:
    """A change on the device that goes back by itself unless it is confirmed.

    `run` is the push that made it, empty where the device does not keep it. `seconds`: what is left, where it tells.
    """

    run: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Health:
    """How a device does.

    `sessions`: every BGP neighbor, as `<vrf>/<address>`, and whether its session is established. `announced`: by VRF
    what is announced to the neighbors that are up (what all of them get). `free_bytes`: room where configuration is
    kept; None where it does not tell. `faults`: what does not work, in words: a daemon that is down, a RADIUS server
    that does not answer a Status-Server, a login that failed. A fault that was there before the change does not count
    against it.
    """

    sessions: Mapping[str, bool] = field(default_factory=dict)
    announced: Mapping[str, frozenset[str]] = field(default_factory=dict)
    free_bytes: int | None = None
    faults: tuple[str, ...] = ()


class Session(Protocol):
    """An open session with a device, in which it is locked, changed and confirmed.

    `run` is the id of a push (`20261128T101500Z-a1b2c3`): what a device keeps of a push is kept under it.
    """

    def identify(self) -> Identity:
        """Ask the device who it is."""
        ...

    def lock(self, holder: str) -> None:
        """Keep every other push out until this session ends, however it ends.

        `holder` is what others are told (`user@host, run ...`). Raises DeviceLocked, with who holds it.
        """
        ...

    def armed(self) -> Armed | None:
        """The change that waits for its confirmation, if there is one."""
        ...

    def health(self) -> Health:
        """How the device does now."""
        ...

    def compare(self, artifacts: Sequence[Artifact]) -> Change:
        """Read what the device runs and compute what has to change for it to run `artifacts` (references in them).

        The diff is the device's own where it can make one.
        """
        ...

    def before(self, run: str) -> Change:
        """What has to change for the device to run again what it ran before push `run`; raise NothingKept."""
        ...

    def change(self, change: Change, run: str, seconds: int) -> None:
        """Make the change, as one where the platform can, armed before anything happens to go back after `seconds`.

        What ran before is kept on the device under `run`. Nothing is saved for the next start of the device yet.
        Raises DeviceRefused when the device refuses it, after it got its old configuration back.
        """
        ...

    def confirm(self, run: str) -> None:
        """Keep the armed change: disarm, and save it for the next start of the device. Twice is the same as once.

        Raises ConfirmFailed when the change is kept but could not be saved.
        """
        ...

    def revert(self) -> None:
        """Let the armed change go back now; return when what ran before runs again."""
        ...

    def close(self) -> None:
        """End the session, and with it the lock. Never raises; twice is the same as once."""
        ...


def open_session(target: Target, resolver: Resolver) -> Session:
    """A session with the driver of the target's platform; raise PushError, DeviceUnreachable or HostKeyRefused."""
    where = DRIVERS.get(target.platform.driver)
    if where is None:
        raise PushError(
            f"{target.device}: no push driver '{target.platform.driver}'", hint=f"drivers: {', '.join(sorted(DRIVERS))}"
        )
    module, _, name = where.partition(":")
    driver: Callable[[Target, Resolver], Session] = getattr(import_module(module), name)
    known = trusted(target.device, target.connection, target.host_key)
    return driver(replace(target, connection=known), resolver)


def open_right(target: Target, resolver: Resolver) -> Session:
    """A session with the right device; raise WrongDevice when another one answers, and what `open_session` raises."""
    session = open_session(target, resolver)
    try:
        right_device(target, session.identify())
    except BaseException:
        session.close()
        raise
    return session


def right_device(target: Target, found: Identity) -> None:
    """Raise WrongDevice unless `found` is the target: by serial number where both know one, else by host name."""
    where = f"{target.connection.host}:{target.connection.port}"
    if target.serial and found.serial:
        if found.serial != target.serial:
            raise WrongDevice(
                f"{target.device}: the device at {where} has serial number {printable(found.serial)}, "
                f"not {target.serial}",
                hint="nothing was changed; correct the address in the connections file or the serial in the estate",
            )
    elif found.hostname != target.device:
        raise WrongDevice(
            f"{target.device}: the device at {where} calls itself '{printable(found.hostname)}'",
            hint="nothing was changed; correct the address in the connections file",
        )
