"""What EOS tells in JSON: who is in which configuration session, and how BGP does.

The shapes are those that Arista's own tests and others who read them know (ANTA, NAPALM).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ggi_net.errors import PushError
from ggi_net.push.driver import Health
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Container

    from ggi_net.push.cli import Cli

_FREE = re.compile(r"\((\d+) bytes free\)")
_Shape = TypeVar("_Shape")


class Instance(msgspec.Struct):
    """Somebody who is in a configuration session."""

    user: str = "?"
    terminal: str = "?"


class ConfigSession(msgspec.Struct):
    """A configuration session, with those who are in it."""

    state: str
    instances: dict[str, Instance] = {}

    @property
    def pending(self) -> bool:
        """Whether it is neither committed nor given up."""
        return self.state == "pending"


class Sessions(msgspec.Struct, rename="camel"):
    """The configuration sessions by name; the timer's session has a field of its own since EOS 4.32."""

    sessions: dict[str, ConfigSession]
    commit_timer_session_name: str = ""

    @property
    def waiting(self) -> str:
        """The session whose commit waits for its confirmation; empty when none does."""
        old = next((name for name, found in self.sessions.items() if found.state == "pendingCommitTimer"), "")
        return self.commit_timer_session_name or old


class _Peer(msgspec.Struct, rename="camel"):
    peer_state: str


class _Vrf(msgspec.Struct, rename="camel"):
    peers: dict[str, _Peer] = {}
    bgp_route_entries: dict[str, Any] = {}


class _Vrfs(msgspec.Struct):
    vrfs: dict[str, _Vrf]


def sessions(cli: Cli) -> Sessions:
    """The configuration sessions that there are; raise PushError."""
    return _told(cli, "show configuration sessions detail", Sessions)


def health(cli: Cli, announces: Container[str], disk: str) -> Health:
    """The BGP sessions, what is announced in the VRFs `announces`, and the room on `disk`; raise PushError."""
    up: dict[str, bool] = {}
    announced: dict[str, dict[bool, frozenset[str]]] = {}
    for vrf, found in _told(cli, "show bgp summary vrf all", _Vrfs).vrfs.items():
        for address, peer in found.peers.items():
            up[f"{vrf}/{address}"] = established = peer.peer_state == "Established"
            if established and vrf in announces:
                of_family, prefixes = announced.setdefault(vrf, {}), _announced(cli, vrf, address)
                of_family[":" in address] = of_family.get(":" in address, prefixes) & prefixes
    free = _FREE.search(cli.command(f"dir {disk}"))
    return Health(
        sessions=up,
        announced={vrf: frozenset().union(*families.values()) for vrf, families in announced.items()},
        free_bytes=int(free.group(1)) if free else None,
    )


def _announced(cli: Cli, vrf: str, address: str) -> frozenset[str]:
    """The prefixes that are announced to a neighbor."""
    told = _told(cli, f"show bgp neighbors {address} advertised-routes vrf {vrf}", _Vrfs)
    return frozenset(told.vrfs[vrf].bgp_route_entries) if vrf in told.vrfs else frozenset()


def _told(cli: Cli, command: str, shape: type[_Shape]) -> _Shape:
    """What a `show` command tells; raise PushError when it came in incomplete or means something else."""
    said = cli.command(f"{command} | json")
    try:
        return msgspec.json.decode(said.strip(), type=shape)
    except msgspec.MsgspecError as error:
        raise PushError(
            f"{cli.device}: the answer to `{command} | json` can't be read: {printable(error)}", hint="try again"
        ) from None
