"""nftables: `nft -c`, in a network namespace of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.check.validators.base import Validator, complaints, refused

if TYPE_CHECKING:
    from ggi_net.check.result import Finding
    from ggi_net.check.scratch import Scratch


def nft(scratch: Scratch, path: str) -> list[Finding]:
    """The ruleset as the kernel would take it."""
    outcome = scratch.run(["nft", "-c", "-f", str(scratch.path(path))])
    return refused(
        outcome, complaints(outcome, r"^(?P<file>[^:]+):(?P<line>\d+):[\d-]+: (?P<message>Error: .*)", path=path)
    )


VALIDATORS = (Validator("nft", nft, "nft", "nftables", isolated=True),)
