"""The plugin must load in NetBox's own Python, where none of the toolkit's dependencies is installed."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ggi_net

PACKAGE = Path(ggi_net.__file__).parent
ROOT = PACKAGE.parent
NETBOXS_OWN = {"core", "django", "ipam", "netbox", "rest_framework", "utilities"}
"""What NetBox's environment has: NetBox's applications, and the frameworks that they stand on."""


def imports_of(path: Path) -> set[str]:
    """Every module that a file names in an import, also those for type checkers only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def files_of(module: str) -> list[Path]:
    """A module of ours and the packages that it lies in, all of which Python runs to import it."""
    names = module.split(".")
    place = ROOT.joinpath(*names)
    packages = [ROOT.joinpath(*names[:depth]) / "__init__.py" for depth in range(1, len(names))]
    return [*packages, place / "__init__.py" if place.is_dir() else place.with_suffix(".py")]


def reached() -> dict[Path, set[str]]:
    """Every file of ours that loading the whole plugin runs, with what it imports."""
    found: dict[Path, set[str]] = {}
    new = [PACKAGE / "__init__.py", ROOT / "ggi_netbox" / "__init__.py", *(PACKAGE / "netbox_plugin").rglob("*.py")]
    while new:
        path = new.pop()
        if path not in found:
            found[path] = imports_of(path)
            new += [file for name in found[path] if name.split(".")[0] == "ggi_net" for file in files_of(name)]
    return found


def test_the_plugin_reaches_only_itself_and_the_definition_of_the_tables() -> None:
    outside = {str(path.relative_to(ROOT)) for path in reached() if "netbox_plugin" not in path.parts}
    shared = {f"ggi_net/{name}.py" for name in ("__init__", "source/__init__", "source/netbox/__init__")}
    assert outside == {"ggi_netbox/__init__.py", *shared, "ggi_net/source/netbox/tables.py"}


@pytest.mark.parametrize("path", sorted(reached()), ids=lambda path: str(path.relative_to(ROOT)))
def test_it_imports_netbox_and_the_standard_library_only(path: Path) -> None:
    roots = {name.split(".")[0] for name in reached()[path]}
    assert roots <= {*NETBOXS_OWN, *sys.stdlib_module_names, "ggi_net"}


def test_the_tables_are_importable_without_any_installed_package(tmp_path: Path) -> None:
    for path in reached():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    bare = f"import sys; sys.path.append({str(tmp_path)!r}); from ggi_net.source.netbox.tables import TABLES as t"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{bare}; print(len(t))"], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert int(done.stdout) > 10
