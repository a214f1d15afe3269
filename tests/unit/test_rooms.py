"""The house rule of DESIGN: data flows one way; a room imports only rooms above it, and the model."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ggi_net

PACKAGE = Path(ggi_net.__file__).parent
GROUND = ("errors", "files", "paths", "model")
ROOMS = (
    "source", "secrets", "onboard", "render", "config", "check", "push", "drift", "govroam", "authlog", "cloud", "web",
    "netbox_plugin", "lab", "demo", "ansible", "cli",
)  # fmt: skip


def imports_of(path: Path) -> set[str]:
    """The rooms that a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ggi_net."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found.update(a.name.split(".")[1] for a in node.names if a.name.startswith("ggi_net."))
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_what_stands_above_it(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room in ("__init__", "__main__"):
        return
    imported = imports_of(path) - {room}
    if room in GROUND:
        allowed = set(GROUND)
    else:
        assert room in ROOMS, f"'{room}' is not a room of the house"
        allowed = {*GROUND, *ROOMS[: ROOMS.index(room)]}
    below = sorted(imported - allowed)
    assert not below, f"{path.relative_to(PACKAGE)} imports {below}, which stand below it"


def test_every_test_file_has_a_name_of_its_own() -> None:
    """Otherwise a run of all tests can't import both."""
    names = [path.name for path in Path(__file__).parents[1].rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
