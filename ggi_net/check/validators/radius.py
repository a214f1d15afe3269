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
    """Exit status 0 means nothing here: it also comes with an unknown server or a missing key. Only its word counts."""
    outcome = scratch.run(["radsecproxy", "-p", "-f", "-c", str(scratch.path(path))])
    if "All OK so far" in outcome.output and outcome.status == 0:
        return []
    found = complaints(outcome, r"^(?:\([^)]*\) )?(?:.*?[ :](?:line|Line) (?P<line>\d+)[:,]? )?(?P<message>.*\S.*)")
    return found or [Finding(message="it did not say 'All OK so far'")]


VALIDATORS = (
    Validator("freeradius", freeradius, "freeradius", "freeradius"),
    Validator("radsecproxy", radsecproxy, "radsecproxy", "radsecproxy"),
)
