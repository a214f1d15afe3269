"""strongSwan: a private charon that loads the connections and says what it thinks of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.check.result import Finding
from ggi_net.check.validators.base import Validator, complaints, refused

if TYPE_CHECKING:
    from ggi_net.check.scratch import Scratch

_CONF = "/run-check/strongswan.conf"
_PLUGINS = "random nonce openssl pem pkcs1 pkcs8 x509 revocation constraints pubkey kernel-netlink socket-default vici"
_SETTINGS = """include {own}
charon {{
  load = {plugins}
  port = 0
  port_nat_t = 0
  plugins {{ vici {{ socket = unix://{socket} }} }}
}}
swanctl {{ load = random openssl pem pkcs1 pkcs8 x509 pubkey }}
"""
_SCRIPT = """/usr/lib/ipsec/charon >/dev/null 2>&1 &
# Until it answers, not only until its socket is there: a busy machine takes seconds between the two.
until swanctl --stats --uri "unix://$1" >/dev/null 2>&1; do
  kill -0 $! 2>/dev/null || { echo "charon does not start with these settings"; exit 1; }
  sleep 0.02
done
exec swanctl --load-all --noprompt --uri "unix://$1" --file "$2"
"""
_FOLDERS: tuple[str, ...] = (
    "x509",
    "x509ca",
    "x509ocsp",
    "x509aa",
    "x509ac",
    "x509crl",
    "pubkey",
    "private",
    "rsa",
    "ecdsa",
    "bliss",
)
_FOLDERS += ("pkcs8", "pkcs12")


def swanctl(scratch: Scratch, path: str) -> list[Finding]:
    """Syntax errors have a line; what charon refuses is named by connection and option, and looked up."""
    folder = scratch.path(path).parent
    for name in _FOLDERS:
        scratch.folder(f"{path.rpartition('/')[0]}/{name}")
    socket = scratch.path("/run-check/vici")
    own = scratch.path("/etc/strongswan.d/*.conf")
    settings = scratch.write(_CONF, _SETTINGS.format(own=own, plugins=_PLUGINS, socket=socket))
    outcome = scratch.run(
        ["sh", "-c", _SCRIPT, "swanctl", str(socket), str(scratch.path(path))],
        env={"STRONGSWAN_CONF": str(settings), "SWANCTL_DIR": str(folder)},
    )
    text = scratch.text(path)
    found = complaints(outcome, r"^(?P<file>/[^:]+):(?P<line>\d+): (?P<message>.*)", path=path)
    refusals = complaints(outcome, r"^(?P<message>(?:loading|parsing) .* failed.*|.*config discarded.*)")
    return refused(
        outcome, found + [Finding(message=r.message, line=r.line or _line(text, r.message)) for r in refusals]
    )


def _line(text: str, message: str) -> int | None:
    """The line of the option that `message` names, within the section that it names; None when it names neither."""
    section = re.search(r"'([\w.-]+)'", message)
    option = re.search(r"(?:unknown option|invalid value for): ([\w-]+)", message)
    lines = text.splitlines()
    start = 0
    if section:
        opening = re.compile(rf"^\s*{re.escape(section.group(1))}\s*\{{")
        start = next((n for n, line in enumerate(lines) if opening.match(line)), 0)
    if option:
        setting = re.compile(rf"^\s*{re.escape(option.group(1))}\s*=")
        return next((n for n, line in enumerate(lines[start:], start + 1) if setting.match(line)), start + 1)
    return start + 1 if section else None


VALIDATORS = (Validator("swanctl", swanctl, "swanctl", "strongswan-swanctl", isolated=True),)
