"""Attacks parsers with atheris: `python tests/fuzz/run.py [TARGET...] --seconds 60`, or `make fuzz`.

What is learned stays in build/fuzz/TARGET/corpus, so the next run goes on from there. An input that breaks a promise of
`fuzz_checks.py` is left in build/fuzz/TARGET. Once the parser is mended, it goes to tests/fuzz/found/TARGET, from where
the ordinary suite takes it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
BUILD = TESTS.parent / "build" / "fuzz"
_WORD = re.compile(rb"[\x21-\x7e]{3,32}")
_DONE = re.compile(r"^stat::number_of_executed_units: *(\d+)", re.MULTILINE)


def main() -> int:
    """Run targets one after the other; 1 when one of them found something."""
    import fuzz_targets

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(fuzz_targets.TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--runs", type=int, default=-1, help="stop after so many inputs, with a fixed seed")
    asked = parser.parse_args()
    unknown = set(asked.targets) - fuzz_targets.TARGETS.keys()
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    broken = [name for name in asked.targets or fuzz_targets.TARGETS if not _attacked(name, asked.seconds, asked.runs)]
    return 1 if broken else 0


def _attacked(name: str, seconds: int, runs: int) -> bool:
    """Run one target in a process of its own, since libFuzzer ends its process; whether nothing was found."""
    import fuzz_targets

    folder = BUILD / name
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = fuzz_targets.seeds_of(name)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    words = sorted({word for seed in seeds for word in _WORD.findall(seed)})[:400]
    dictionary = folder / "words"  # libFuzzer takes no empty one
    dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in words))
    command = [
        sys.executable, __file__, "--one", name, str(corpus), f"-max_total_time={seconds}",
        *([f"-dict={dictionary}"] if words else []),
        f"-runs={runs}", f"-max_len={fuzz_targets.LONGEST}", "-timeout=120", "-rss_limit_mb=2048",
        f"-artifact_prefix={folder}/", "-print_final_stats=1", *(["-seed=1"] if runs >= 0 else []),
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode("utf-8", "backslashreplace")
    (folder / "log").write_text(said)
    executed = found[1] if (found := _DONE.search(said)) else "?"
    came = "nothing found" if done.returncode == 0 else f"FOUND, see {folder}/log"
    sys.stdout.write(f"{name}: {executed} inputs, {came}\n")
    sys.stdout.flush()
    return done.returncode == 0


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def one(name: str, arguments: list[str]) -> None:
    """Attack one target in this process; never returns."""
    import atheris

    with atheris.instrument_imports(include=["ggi_net.authlog"]):
        import fuzz_targets
    atheris.Setup([sys.argv[0], *arguments], fuzz_targets.TARGETS[name].attacked)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.path[:0] = [str(TESTS / "fuzz"), str(TESTS)]
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3:])
    sys.exit(main())
