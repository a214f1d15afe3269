"""`sshd` of a device whose VRFs are namespaces: it listens in the one that its configuration names as rdomain."""

from __future__ import annotations

import re
from pathlib import Path

from ggi_net.lab.twin.inside import STATE, become, namespaces
from ggi_net.lab.twin.interfaces import MAIN

_CONFIGURATION = Path("/etc/ssh/sshd_config")
_INCLUDED = Path("/etc/ssh/sshd_config.d")
_RDOMAIN = re.compile(r"(?im)^([ \t]*ListenAddress[ \t]+\S+)[ \t]+rdomain[ \t]+(\S+)[ \t]*$")


def main(arguments: list[str]) -> int:
    """Write the configuration without VRFs below /run, then be the real sshd with it."""
    texts = {path: path.read_text() for path in sorted(_INCLUDED.glob("*.conf"))}
    found = [name for text in texts.values() for _, name in _RDOMAIN.findall(text)]
    place = next((name for name in found if name in namespaces()), MAIN)
    folder = STATE / "ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.glob("*.conf"):
        if _INCLUDED / old.name not in texts:
            old.unlink()
    for path, text in texts.items():
        (folder / path.name).write_text(_RDOMAIN.sub(r"\1", text))
    own = folder / "sshd_config"
    own.write_text(_CONFIGURATION.read_text().replace(f"{_INCLUDED}/", f"{folder}/"))
    become("sshd", "-f", str(own), *arguments[1:], namespace=place)
