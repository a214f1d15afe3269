"""EOS: no device of it runs here, so the structural check of our own reads the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.check import eos as structural
from ggi_net.check.validators.base import Validator

if TYPE_CHECKING:
    from ggi_net.check.result import Finding
    from ggi_net.check.scratch import Scratch


def eos(scratch: Scratch, path: str) -> list[Finding]:
    """What a device would refuse or misunderstand, and what can't be meant."""
    return structural.check(scratch.text(path))


VALIDATORS = (Validator("eos", eos),)
