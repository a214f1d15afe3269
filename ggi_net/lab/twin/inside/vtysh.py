"""`vtysh` of a device whose VRFs are namespaces: it does not tell that they are (`netns` in a VRF's configuration)."""

from __future__ import annotations

import re
import subprocess
import sys

from ggi_net.lab.twin.inside import become, real

_SHOWS = re.compile(r"sho?w?\s+ru|^wr\w*\s+t")
_NETNS = re.compile(rb"^ netns /\S+\n", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Filter what shows the configuration; be the real vtysh for everything else."""
    if not any(_SHOWS.search(word) for word in arguments[1:]):
        become("vtysh", *arguments[1:])
    done = subprocess.run([real("vtysh"), *arguments[1:]], stdout=subprocess.PIPE, check=False)
    sys.stdout.buffer.write(_NETNS.sub(b"", done.stdout))
    return done.returncode
