"""What a simulated Junos device prints for its show commands: hardware, storage, commits and BGP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.lab.junos import VERSION
from ggi_net.lab.junos_text import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.config.tree import Node
    from ggi_net.lab.junos import JunosDevice

_PREFIX_LIST = re.compile(r"prefix-list-filter (\S+) exact;")


def version(device: JunosDevice) -> str:
    """`show version`."""
    return f"Hostname: {device.hostname}\nModel: srx345\nJunos: {VERSION}\nJUNOS Software Release [{VERSION}]"


def hardware(device: JunosDevice) -> str:
    """`show chassis hardware`."""
    return (
        "Hardware inventory:\n"
        "Item             Version  Part number  Serial number     Description\n"
        f"Chassis                                {device.serial:<17} SRX345\n"
        "Routing Engine   REV 11   650-065042   CV5116AF0001      RE-SRX345\n"
        "FPC 0                                                    FPC\n"
        "  PIC 0                                                  8xGE,8xGE SFP Base PIC\n"
        "Power Supply 0"
    )


def storage(device: JunosDevice) -> str:
    """`show system storage`; a full disk is a full `/config`."""
    left = "0B" if device.wrong.disk_full else "172M"
    return (
        "Filesystem              Size       Used      Avail  Capacity   Mounted on\n"
        "/dev/da0s1a             587M       230M       310M       43%  /\n"
        "devfs                   1.0K       1.0K         0B      100%  /dev\n"
        f"/dev/da0s3e             184M        12M {left:>10}        7%  /config\n"
        "/dev/da0s3f             2.7G       456M       2.0G       18%  /cf/var"
    )


def commits(device: JunosDevice) -> str:
    """`show system commit`."""
    lines = []
    for number, commit in enumerate(device.commits):
        confirmed = f" commit confirmed, rollback in {commit.minutes}mins" if commit.minutes else ""
        lines.append(f"{number:<3} {device.stamp(commit.when)} by {commit.user} via {commit.client}{confirmed}")
        if commit.comment:
            lines.append(f"    {commit.comment}")
        if commit.pending:
            lines.append("    rollback pending")
    return "\n".join(lines)


def bgp_summary(device: JunosDevice) -> str:
    """`show bgp summary`."""
    peers = list(_neighbors(parse(device.running)))
    up = _up(device)
    lines = [
        "Threading mode: BGP I/O",
        f"Groups: {len(peers)} Peers: {len(peers)} Down peers: {0 if up else len(peers)}",
        "Table          Tot Paths  Act Paths Suppressed    History Damp State    Pending",
        "inet.0               ",
        "                       0          0          0          0          0          0",
        "Peer                     AS      InPkt     OutPkt    OutQ   Flaps Last Up/Dwn State|#Active/...",
    ]
    for instance, address, neighbor in peers:
        asn = next((line.text[8:-1] for line in neighbor.starting("peer-as")), "0")
        lines.append(
            f"{address:<21} {asn:>10}         12         12       0       0       10:00 {'Establ' if up else 'Active'}"
        )
        if up:
            lines.append(f"  {instance}.{'inet6' if ':' in address else 'inet'}.0: 1/1/1/0")
    return "\n".join(lines)


def advertised(device: JunosDevice, address: str) -> str:
    """`show route advertising-protocol bgp ADDRESS`."""
    root = parse(device.running)
    for instance, peer, neighbor in _neighbors(root):
        if peer == address and _up(device):
            export = next((line.text[7:-1] for line in neighbor.starting("export")), "")
            prefixes = [p for p in _exported(root, export) if (":" in p) == (":" in address)]
            table = f"{instance}.{'inet6' if ':' in address else 'inet'}.0"
            lines = [
                f"\n{table}: 12 destinations, 14 routes (12 active, 0 holddown, 0 hidden)",
                "  Prefix\t\t  Nexthop\t       MED     Lclpref    AS path",
            ]
            lines += [f"* {prefix:<23} Self                 100                I" for prefix in prefixes]
            return "\n".join(lines) if prefixes else ""
    return ""


def _neighbors(root: Node) -> Iterator[tuple[str, str, Node]]:
    """Each BGP neighbor with its routing instance and its section."""
    for instances in root.starting("routing-instances"):
        for instance in instances.children:
            for protocols in instance.starting("protocols"):
                for bgp in protocols.starting("bgp"):
                    for group in bgp.starting("group"):
                        for neighbor in group.starting("neighbor"):
                            yield instance.text, neighbor.text.split()[1].rstrip(";"), neighbor


def _exported(root: Node, policy: str) -> list[str]:
    """The prefixes of the lists that a policy accepts exactly."""
    options = next(root.starting("policy-options"), None)
    if options is None:
        return []
    statement = next((node for node in options.children if node.text == f"policy-statement {policy}"), None)
    names = [found[1] for node in (statement.walk() if statement else ()) if (found := _PREFIX_LIST.match(node.text))]
    lists = {node.text.split()[1]: node for node in options.starting("prefix-list")}
    return [line.text.rstrip(";") for name in names if name in lists for line in lists[name].children]


def _up(device: JunosDevice) -> bool:
    return device.wrong.breaks_bgp is None or not device.wrong.breaks_bgp(device.show_running())


SHOWS: tuple[tuple[str, Callable[[JunosDevice], str]], ...] = (
    ("show version", version),
    ("show chassis hardware", hardware),
    ("show system storage", storage),
    ("show system commit", commits),
    ("show bgp summary", bgp_summary),
)
"""The commands without arguments."""
