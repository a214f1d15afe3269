"""What every Debian host runs: sshd, chronyd, rsyslogd, snmpd, keepalived, ifupdown2, radvd, logrotate."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from ggi_net.check.result import Finding
from ggi_net.check.scratch import Scratch
from ggi_net.check.validators.base import Validator, complaints, refused
from ggi_net.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_ALWAYS_KNOWN = {"auto", "allow-hotplug", "iface", "source", "source-directory", "vlan", "inherits", "alias"}
_ALWAYS_KNOWN |= {"pre-up", "up", "post-up", "pre-down", "down", "post-down"}
"""Keywords of /etc/network/interfaces that belong to no module (interfaces(5))."""


def sshd(scratch: Scratch, path: str) -> list[Finding]:
    """`sshd -t`, with a throw-away host key."""
    key = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    host_key = scratch.write("/etc/ggi/host_key", key, mode=0o600)
    domains = re.findall(r"^ListenAddress \S+ rdomain (\S+)$", scratch.path(path).read_text(), re.MULTILINE)
    command = ["/usr/sbin/sshd", "-t", "-h", str(host_key), "-f", str(scratch.path(path))]
    outcome = scratch.run(_with_interfaces(domains, command))
    return refused(outcome, complaints(outcome, r"^(?P<file>/\S+?):? line (?P<line>\d+): (?P<message>.*)", path=path))


def _with_interfaces(names: Iterable[str], command: Sequence[str]) -> list[str]:
    """`command` in a namespace where interfaces of these names exist: some daemons refuse a file that names others."""
    script = 'while [ "$1" != -- ]; do ip link add "$1" type bridge; shift; done; shift; exec "$@"'
    return ["sh", "-c", script, "sh", *dict.fromkeys(names), "--", *command]


def chronyd(scratch: Scratch, path: str) -> list[Finding]:
    """`chronyd -p` prints the configuration that it understood; it stops at the first directive that it doesn't."""
    outcome = scratch.run(["chronyd", "-p", "-f", str(scratch.path(path))])
    pattern = r"(?:Fatal error : )(?P<message>.* at line (?P<line>\d+) .*)"
    return refused(outcome, complaints(outcome, pattern))


def rsyslogd(scratch: Scratch, path: str) -> list[Finding]:
    """`rsyslogd -N1`; a line number is "on or before"."""
    outcome = scratch.run(["rsyslogd", "-N1", "-f", str(scratch.path(path))])
    pattern = (
        r"^rsyslogd: (?:error during parsing file (?P<file>/[^,]+), on or before line (?P<line>\d+): )?(?P<message>.*)"
    )
    ignore = r"config validation run|End of config validation run|around line"
    return refused(outcome, complaints(outcome, pattern, path=path, ignore=ignore) if outcome.status != 0 else [])


def snmpd(scratch: Scratch, path: str) -> list[Finding]:
    """snmpd has no check mode: it is started without its addresses, reads all, and ends because it can't listen."""
    state = scratch.folder("/var/lib/snmp")
    command = ["snmpd", "-f", "-Lo", "-C", "-c", str(scratch.path(path)), "-p", str(scratch.path("/snmpd.pid"))]
    env = {"MIBS": "", "SNMP_PERSISTENT_DIR": str(state)}
    outcome = scratch.run([*command, "udp:203.0.113.254:1"], env=env)
    found = complaints(outcome, r"^(?P<file>/[^:]+): line (?P<line>\d+): (?P<message>.*)", path=path)
    ready = "Error opening specified endpoint" in outcome.output or "NET-SNMP version" in outcome.output
    return found if ready else refused(outcome, found)


def keepalived(scratch: Scratch, path: str) -> list[Finding]:
    """`keepalived -t`, among interfaces with the names that the file uses.

    That scripts are insecure is no fault of the file: in the namespace's eyes root does not own `/bin/sh`.
    """
    names = re.findall(r"^\s*interface (\S+)$", scratch.path(path).read_text(), re.MULTILINE)
    outcome = scratch.run(_with_interfaces(names, ["keepalived", "-t", "-f", str(scratch.path(path))]))
    ignore = r"doesn't exist|no interface found|non-?existent interface|Unable to .*(?:script|interface)"
    pattern = r"^\((?:(?P<file>/[^:]+): )?Line (?P<line>\d+)\) (?P<message>.*)"
    found = complaints(outcome, pattern, path=path, ignore=ignore)
    return found if "due to insecure" in outcome.output else refused(outcome, found)


def ifupdown(scratch: Scratch, path: str) -> list[Finding]:
    """`ifup --syntax-check`: stanzas and the values of attributes; which interfaces this machine has is no matter.

    It passes over attributes that it does not know, so these are looked up in what `ifquery --syntax-help` lists.
    """
    outcome = scratch.run(["ifup", "--all", "--syntax-check", "-i", str(scratch.path(path))])
    pattern = r"^(?:error|warning): (?:(?P<file>/[^:]+): line ?(?P<line>\d+): )?(?P<message>.*)"
    found = complaints(outcome, pattern, path=path, ignore=r"device not found|not present|exit status")
    text = scratch.text(path)
    found = [Finding(message=f.message, line=f.line or _stanza_line(text, f.message)) for f in found]
    return refused(outcome, found + _unknown_attributes(text))


@cache
def _attributes() -> frozenset[str]:
    """The attributes that the installed ifupdown2 knows; asked once, for it takes longer than a check."""
    with Scratch({}) as scratch:
        listed = scratch.run(["ifquery", "--syntax-help"]).output
    return frozenset(re.findall(r"^  ([\w-]+)$", listed, re.MULTILINE))


def _unknown_attributes(text: str) -> list[Finding]:
    """Lines of stanzas whose first word is no attribute."""
    found = []
    known = _attributes() | _ALWAYS_KNOWN
    for number, line in enumerate(text.splitlines(), 1):
        word = line.split()[0] if line.split() else "#"
        if word not in known and not word.startswith("#"):
            found.append(Finding(message=f"unknown attribute '{word}'{nearest(word, known)}", line=number))
    return found


def _stanza_line(text: str, message: str) -> int | None:
    """The line of `eth0: address: ...` in an interfaces file; the stanza's when it has no such attribute."""
    name, _, rest = message.partition(": ")
    attribute = rest.partition(":")[0]
    stanza = None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words[:2] == ["iface", name]:
            stanza = number
        elif words[:1] == ["iface"] and stanza:
            break
        elif stanza and words[:1] == [attribute]:
            return number
    return stanza


def radvd(scratch: Scratch, path: str) -> list[Finding]:
    """`radvd --configtest`."""
    outcome = scratch.run(["radvd", "--configtest", "-C", str(scratch.path(path))])
    pattern = r"^(?P<file>/[^:]+):(?P<line>\d+) (?P<message>.*)"
    return refused(outcome, complaints(outcome, pattern, path=path))


def logrotate(scratch: Scratch, path: str) -> list[Finding]:
    """`logrotate -d`: debug mode, which rotates nothing; logs that aren't there are no fault of the file."""
    outcome = scratch.run(["logrotate", "-d", "-s", str(scratch.path("/logrotate.state")), str(scratch.path(path))])
    pattern = r"^error: (?P<file>/[^:]+):(?P<line>\d+) (?P<message>.*)"
    absent = "stat of"
    found = complaints(outcome, pattern, path=path, ignore=absent)
    return found if absent in outcome.output else refused(outcome, found)


VALIDATORS = (
    Validator("sshd", sshd, "sshd", "openssh-server", isolated=True),
    Validator("chronyd", chronyd, "chronyd", "chrony"),
    Validator("rsyslogd", rsyslogd, "rsyslogd", "rsyslog"),
    Validator("snmpd", snmpd, "snmpd", "snmpd", isolated=True),
    Validator("keepalived", keepalived, "keepalived", "keepalived", isolated=True),
    Validator("ifupdown", ifupdown, "ifup", "ifupdown2", isolated=True),
    Validator("radvd", radvd, "radvd", "radvd"),
    Validator("logrotate", logrotate, "logrotate", "logrotate"),
)
