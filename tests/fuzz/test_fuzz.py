"""A short attack on every parser, the same each time; `make fuzz` attacks for as long as it is let."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_targets import FOUND, LONGEST, TARGETS, seeds_of

from ggi_net.authlog.read.formats import FORMATS

INPUTS = 120
_TOKENS = (b"\n", b"\r\n", b"\0", b"\xff", b'"', b"\\", b" ", b"=", b"@", b"[", b"](", b"<", b"\xef\xbb\xbf", b"0" * 40)


def changed(seed: bytes, other: bytes, chance: random.Random) -> bytes:
    """An input that is a little different, or a part of two."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        match chance.randrange(5):
            case 0:
                data[at:at] = chance.choice(_TOKENS)
            case 1:
                del data[at : min(to, at + 30)]
            case 2:
                data[at:at] = data[at:to]
            case 3:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 4:
                data[at:] = other[chance.randrange(len(other) + 1) :]
    return bytes(data[:LONGEST])


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_promised_holds_for_real_inputs_and_for_changed_ones(name: str) -> None:
    target, seeds, chance = TARGETS[name], seeds_of(name), random.Random(name)
    count = int(INPUTS * target.share)
    for data in (*seeds[-count:], *(changed(chance.choice(seeds), chance.choice(seeds), chance) for _ in range(count))):
        try:
            target.check(data)
            if target.quick:
                target.quick(data)
        except Exception as error:
            error.add_note(f"for the input {data!r}")
            raise


def test_every_format_is_attacked() -> None:
    assert {known.name for known in FORMATS} <= TARGETS.keys()
    assert {path.name for path in FOUND.glob("*") if path.is_dir()} <= TARGETS.keys()


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="atheris has no wheels for this Python")
def test_atheris_attacks(tmp_path: Path) -> None:
    """That it runs; for a search, there is no time here."""
    command = [sys.executable, str(Path(__file__).with_name("run.py")), "asked", "--runs", "200", "--seconds", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "asked: 200 inputs, nothing found" in done.stdout, done.stdout + done.stderr
