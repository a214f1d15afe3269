"""`swanctl` of a device on a kernel without ESP: no IKE daemon runs, and there is none to be given anything."""

from __future__ import annotations

from ggi_net.lab.twin.inside import complain


def main(arguments: list[str]) -> int:
    """Say so; it is no error."""
    complain(f"{arguments[0]}: this kernel has no ESP; the lines under IPsec are plain ones in the twin")
    return 0
