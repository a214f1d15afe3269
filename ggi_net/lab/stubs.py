#!/usr/bin/env python3
"""The tools of a simulated Debian host, all in this one file: what is asked is decided by the name it is called by.

It runs on its own (standard library only), as `systemctl`, `vtysh`, `nft`, ... in the PATH of a simulated host, whose
files are below $GGI_LAB_ROOT. Each call is appended to `calls` in the host's state folder. A line `COMMAND-PREFIX` in
`refuses` there makes every command that begins so fail, as a daemon that refuses its file would.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(os.environ.get("GGI_LAB_ROOT", "/nonexistent"))
STATE = ROOT / ".ggi-lab"
FRR = "/etc/frr/frr.conf"
SECTION = re.compile(r"(interface|vrf|router|route-map|key chain|line|bfd|segment-routing|rpki)\b")
FRR_ORDER = (
    r"(no )?(ip|ipv6) forwarding", r"hostname", r"log ", r"service ", r"vrf ", r"ip (route|router-id)", r"interface ",
    r"router bgp \S+$", r"router bgp", r"router", r"ip prefix-list", r"ipv6 prefix-list",
    r"(bgp|ip) (as-path|community|large|extcommunity)",
    r"route-map", r"bfd", r"",
)  # fmt: skip
NAMES = (
    "systemctl", "vtysh", "frr-reload.py", "nft", "swanctl", "ifreload", "ifup", "ifdown", "ifquery", "sshd", "chronyd",
    "chronyc", "rsyslogd", "snmpd", "keepalived", "freeradius", "hostapd", "radsecproxy", "sysctl", "networkctl",
    "netplan", "ip", "hostnamectl", "service", "logrotate", "radclient", "radvd",
    "systemd-sysusers", "systemd-tmpfiles", "update-ca-certificates",
)  # fmt: skip
CONTENT = {"radsecproxy": "All OK so far\n", "hostapd": "wired driver initialization failed.\n"}
"""What those say of a file that they accept."""


def main() -> int:
    """Answer as the tool of the name that this file is called by; return its exit status."""
    name, arguments = Path(sys.argv[0]).name, sys.argv[1:]
    called = " ".join([name, *arguments])
    STATE.mkdir(exist_ok=True)
    with (STATE / "calls").open("a") as log:
        log.write(called + "\n")
    refuses = STATE / "refuses"
    if refuses.exists() and any(called.startswith(line) for line in refuses.read_text().splitlines() if line):
        sys.stderr.write(f"{name}: line 3: refused by the simulated daemon\n")
        return 1
    if name in CONTENT:
        sys.stdout.write(CONTENT[name])
    answer = {"vtysh": vtysh, "sysctl": sysctl}.get(name)
    if answer:
        return answer(arguments)
    if reloads_frr(name, arguments):
        load_frr()
    return missing(arguments)


def inside(path: str) -> Path:
    """Where `path` of the host is on this machine."""
    return Path(path) if path.startswith(f"{ROOT}/") else ROOT / path.lstrip("/")


def missing(arguments: list[str]) -> int:
    """Fail for a file argument that the host doesn't have, as every daemon does."""
    for argument in arguments:
        if argument.startswith("/etc/") and not inside(argument).exists():
            sys.stderr.write(f"{argument}: No such file or directory\n")
            return 2
    return 0


def sysctl(_: list[str]) -> int:
    """Say yes."""
    return 0


def reloads_frr(name: str, arguments: list[str]) -> bool:
    """Whether this call makes FRR read its file."""
    return name == "frr-reload.py" or (name in ("systemctl", "service") and "frr" in " ".join(arguments))


def load_frr() -> None:
    """FRR takes its file: what it runs from now on."""
    source = inside(FRR)
    if source.exists():
        (STATE / "frr-running").write_text(source.read_text())


def vtysh(arguments: list[str]) -> int:
    """`vtysh -b`, `vtysh -c 'show running-config'`, or a configuration session given as several `-c`."""
    if "-b" in arguments:
        load_frr()
        return 0
    commands = [arguments[i + 1] for i, a in enumerate(arguments[:-1]) if a == "-c"]
    if commands and commands[0].startswith("show running-config"):
        sys.stdout.write(frr_running())
    for command in commands:
        if command == "show bgp vrf all summary json":
            sys.stdout.write(json.dumps(bgp_summary()) + "\n")
        elif command.endswith("advertised-routes json"):
            _, _, _, vrf, family, *_ = command.split()
            routes: dict[str, object] = {network: {} for network in bgp().networks.get((vrf, family), [])}
            sys.stdout.write(json.dumps({"advertisedRoutes": routes}) + "\n")
    return missing(arguments)


class Bgp(NamedTuple):
    """What FRR's configuration says of BGP: by VRF the neighbors, by VRF and family the networks."""

    neighbors: dict[str, list[str]]
    networks: dict[tuple[str, str], list[str]]


def bgp() -> Bgp:
    """Read it from what FRR runs."""
    found = Bgp({}, {})
    file = STATE / "frr-running"
    vrf = family = ""
    for line in (file.read_text() if file.exists() else "").splitlines():
        words = line.split()
        if line.startswith("router bgp"):
            vrf = words[4] if len(words) > 4 else "default"
        elif words[:1] == ["address-family"]:
            family = words[1]
        elif words[:1] == ["network"]:
            found.networks.setdefault((vrf, family), []).append(words[1])
        elif words[:1] == ["neighbor"] and words[2:3] == ["remote-as"]:
            found.neighbors.setdefault(vrf, []).append(words[1])
    return found


def bgp_summary() -> dict[str, dict[str, object]]:
    """Every neighbor is up unless the host is told that BGP is broken."""
    state = "Idle" if (STATE / "bgp-down").exists() else "Established"
    return {
        vrf: {
            family: {"peers": {name: {"state": state} for name in names if (":" in name) is (family == "ipv6Unicast")}}
            for family in ("ipv4Unicast", "ipv6Unicast")
        }
        for vrf, names in bgp().neighbors.items()
    }


def frr_running() -> str:
    """What FRR runs, in FRR's order and with the lines that it adds by itself."""
    file = STATE / "frr-running"
    sections: list[tuple[str, list[str]]] = []
    for line in (file.read_text() if file.exists() else "").splitlines():
        if not line.strip() or line.lstrip().startswith(("!", "#")) or line.startswith(("frr ", "service integrated")):
            continue
        if line.startswith(" ") and sections:
            sections[-1][1].append(line)
        elif not line.startswith("exit"):
            sections.append((line, []))
    sections.sort(key=lambda s: next(i for i, p in enumerate(FRR_ORDER) if re.match(p, s[0])))
    text = "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\nfrr defaults traditional\n"
    for header, lines in sections:
        text += header + "\n" + "".join(line + "\n" for line in lines)
        if SECTION.match(header) and not (header.startswith("vrf") and not lines):
            text += ("exit-vrf" if header.startswith("vrf") else "exit") + "\n!\n"
    return text + "end\n"


if __name__ == "__main__":
    sys.exit(main())
