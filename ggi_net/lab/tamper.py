"""Changing one thing on a simulated device behind the toolkit's back, as an engineer in a hurry would."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggi_net.errors import PushError, SystemFailure
from ggi_net.push.linux_files import read_files
from ggi_net.push.ssh import Host
from ggi_net.secrets import NoSecrets, Resolver

if TYPE_CHECKING:
    from ggi_net.push.connections import Connection


@dataclass(frozen=True)
class Tampering:
    """What is changed: in `file`, the first match of `find` becomes `put`. `story` says what somebody was up to."""

    file: str
    find: str
    put: str
    story: str
    then: str = ""


LINUX = (
    Tampering(
        "/etc/frr/frr.conf",
        r"(?m)^( *neighbor \S+ maximum-prefix )(\d+)",
        r"\g<1>50000",
        "raised the number of prefixes that a session may carry",
        "/usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf",
    ),
    Tampering(
        "/etc/freeradius/3.0/radiusd.conf",
        r"require_message_authenticator = yes",
        "require_message_authenticator = no",
        "stopped asking for Message-Authenticator (CVE-2024-3596)",
        "systemctl restart freeradius",
    ),
    Tampering(
        "/etc/radsecproxy.conf",
        r"(?mi)^(\s*LogMAC\s+)\S+",
        r"\g<1>Original",
        "made the proxy log MAC addresses in the clear",
        "systemctl restart radsecproxy",
    ),
    Tampering(
        "/etc/nftables.conf",
        r"policy drop;",
        "policy accept;",
        "let the firewall accept what no rule allows",
        "systemctl reload nftables",
    ),
)


@dataclass(frozen=True)
class CliTampering:
    """What is entered in configuration mode, and committed where a device wants that; `device_type` is netmiko's."""

    device_type: str
    lines: tuple[str, ...]
    story: str
    commits: bool = False


CLI = {
    "cisco_iosxe": CliTampering(
        "cisco_xe",
        ("line vty 0 4", "transport input ssh telnet", "exit"),
        "allowed telnet on the management lines (line vty 0 4)",
    ),
    "arista_eos": CliTampering(
        "arista_eos", ("management telnet", "no shutdown", "exit"), "switched telnet on (management telnet)"
    ),
    "juniper_junos": CliTampering(
        "juniper_junos", ("set system services telnet",), "switched telnet on (system services)", commits=True
    ),
}
"""By push driver."""


def tamper(device: str, driver: str, connection: Connection) -> str:
    """Change one thing on a simulated device over its own SSH; return what was done, in words.

    Raises SystemFailure for a device that is not simulated, PushError when there is nothing to tamper with yet.
    """
    if not connection.host.startswith("127."):
        raise SystemFailure(f"{device} is not on loopback: only simulated devices are tampered with")
    if driver in CLI:
        return _tamper_cli(device, CLI[driver], connection)
    with Host(device, connection, Resolver(NoSecrets())) as host:
        for change in LINUX:
            there = read_files(host, device, connection.root, [change.file]).get(change.file)
            if there is None:
                continue
            text, count = re.subn(change.find, change.put, there.text, count=1)
            if count and text != there.text:
                host.run('cat >"$1"', connection.root + change.file, given=text.encode())
                host.run(change.then)
                return f"{device}: somebody {change.story} ({change.file})"
    raise PushError(f"{device}: nothing to tamper with", hint="push to it first")


def _tamper_cli(device: str, change: CliTampering, connection: Connection) -> str:
    from netmiko import ConnectHandler

    with ConnectHandler(
        device_type=change.device_type, host=connection.host, port=connection.port, username=connection.username,
        password=connection.password, secret=connection.enable,
    ) as shell:  # fmt: skip
        shell.enable()
        shell.send_config_set(list(change.lines), exit_config_mode=not change.commits)
        if change.commits:
            shell.commit(and_quit=True)
    return f"{device}: somebody {change.story}"
