"""FreeRADIUS and radsecproxy: `freeradius -XC` and `radsecproxy -p`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.check.result import Finding
from ggi_net.check.validators.base import Validator, complaints, refused

if TYPE_CHECKING:
    from ggi_net.check.scratch import Scratch


def freeradius(scratch: Scratch, path: str) -> list[Finding]:
    """The whole configuration below the folder of `path` (radiusd.conf), which includes the device's other files."""
    folder = scratch.path(path).parent
    name = scratch.path(path).name.removesuffix(".conf")
    outcome = scratch.run(["freeradius", "-d", str(folder), "-n", name, "-XC"])
    found = complaints(
        outcome, r"^(?P<file>/[^\[]+)\[(?P<line>\d+)\]: (?P<message>.*)", path=path, ignore=r"Please verify that"
    )
    return refused(outcome, found if outcome.status != 0 else [])


def radsecproxy(scratch: Scratch, path: str) -> list[Finding]:
    """Exit status 0 and "All OK so far" mean nothing alone: both also come after an unknown server or a missing key."""
    outcome = scratch.run(["radsecproxy", "-p", "-f", "-c", str(scratch.path(path))])
    pattern = r"^(?:\([^)]*\) )?(?:.*?[ :](?:line|Line) (?P<line>\d+)[:,]? )?(?P<message>.*\S.*)"
    found = complaints(outcome, pattern, ignore=r"^All OK so far")
    if not found and "All OK so far" not in outcome.output:
        return [Finding(message="it did not say 'All OK so far'")]
    return found


VALIDATORS = (
    Validator("freeradius", freeradius, "freeradius", "freeradius"),
    Validator("radsecproxy", radsecproxy, "radsecproxy", "radsecproxy"),
)
