"""FRR: `vtysh -C`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.check.validators.base import Validator, complaints, refused

if TYPE_CHECKING:
    from ggi_net.check.result import Finding
    from ggi_net.check.scratch import Scratch


def vtysh(scratch: Scratch, path: str) -> list[Finding]:
    """FRR's command grammar; exit status 2 with the line of each unknown command."""
    outcome = scratch.run(["vtysh", "-C", "-f", str(scratch.path(path))])
    return refused(outcome, complaints(outcome, r"^line (?P<line>\d+): (?P<message>.*)"))


VALIDATORS = (Validator("vtysh", vtysh, "vtysh", "frr"),)
