"""Writes `docs/promises.md`: each fault, what is promised for it, and the tests that hold the promise."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec

from ggi_net.model.types import Record
from ggi_net.source.yamlfile import load

ROOT = Path(__file__).parent.parent
FAULTS = ROOT / "tests" / "faults"
PAGE = ROOT / "docs" / "promises.md"
DRIVERS = {
    "linux": "Debian (FRR, nftables, swanctl, FreeRADIUS, radsecproxy, hostapd)",
    "cisco_iosxe": "Cisco IOS-XE (also the C9800 controller)",
    "juniper_junos": "Juniper Junos",
    "arista_eos": "Arista EOS",
}

INTRODUCTION = """# What a push promises when something goes wrong

Whatever happens, three things hold: **the device runs either its old or its new configuration as a whole, the journal
says which, and the next push works.** Before anything is changed, the rollback is armed on the device itself; a change
is kept only after new connections have shown that all that worked before still works.

Below is each fault, what is promised for it, and the tests that hold the promise (in `tests/faults`). Routers with a
command line are simulated there, down to their timers; a Debian gateway is tested with real daemons as well. This page
is made from `tests/faults/promises.yml` by `make docs`.
"""


class Fault(Record, frozen=True, kw_only=True):
    """One fault. `never`: by driver the reason why it can't happen to it."""

    name: str
    title: str
    promise: str
    never: dict[str, str] = msgspec.field(default_factory=dict)


def faults() -> list[Fault]:
    """The faults of the matrix."""
    return load(FAULTS / "promises.yml", list[Fault])


def tests_of(driver: str) -> dict[str, list[str]]:
    """The tests of a driver by the fault that they are about, from their `fault` marks or those of their class."""
    found: dict[str, list[str]] = {}
    path = FAULTS / f"test_{driver}.py"
    for node in ast.parse(path.read_text()).body if path.exists() else ():
        for name, faults in _tests(node):
            for fault in faults:
                found.setdefault(fault, []).append(name)
    return found


def _tests(node: ast.stmt) -> list[tuple[str, list[str]]]:
    """The tests of a function or a class, by name, each with the faults that it is marked with."""
    if isinstance(node, ast.FunctionDef):
        return [(node.name, _marked(node))]
    if isinstance(node, ast.ClassDef):
        below = [found for inner in node.body for found in _tests(inner) if found[0].startswith("test_")]
        return [(f"{node.name}::{name}", [*_marked(node), *faults]) for name, faults in below]
    return []


def _marked(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    return [
        argument.value
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault"
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    ]


def page() -> str:
    """The page as it should be."""
    tests = {driver: tests_of(driver) for driver in DRIVERS}
    parts = [INTRODUCTION]
    for fault in faults():
        parts.append(f"\n## {fault.title}\n\n{fault.promise.strip()}\n\n")
        for driver, title in DRIVERS.items():
            names = "; ".join(f"`{name}`" for name in tests[driver].get(fault.name, ()))
            parts.append(f"- {title}: {names or fault.never.get(driver, 'not tested')}\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
