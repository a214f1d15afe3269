#!/usr/bin/env python3
"""Walk docs/onboarding.md on a real NetBox: type its commands, compare what they print, and make its pictures anew.

Usage: scripts/onboarding_walk.py [--pictures] [FOLDER]

FOLDER is that of an empty `ggi lab netbox`, which is running; without it, one is brought up for this walk alone. It
takes a few minutes. Every block ```sh is typed as it stands, in one folder
with the toolkit's own. Every line of a block ```text after it must be printed, in that order; `...` stands for what
was left out. Times, hosts, durations and ids of plans may differ. With --pictures (needs Chromium) each picture of the
page is made at its place in the walk: it shows NetBox as the reader's would be there.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.files import write_if_changed
from ggi_net.lab.netbox import Instance, down, find, up
from ggi_net.paths import state_folder
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "onboarding.md"

PICTURES = {
    "netbox-tenants": ("tenancy/tenants?slug=almelo", "../"),
    "netbox-branch": ("plugins/branching/branches?name=hengelo", ""),
    "netbox-diff": ("plugins/branching/branches?name=hengelo", "diff/?per_page=12"),
    "netbox-tenant": ("tenancy/tenants?slug=hengelo", ""),
    "netbox-devices": ("tenancy/tenants?slug=hengelo", "../../../dcim/devices/?tenant_id={id}"),
    "netbox-pool": ("ipam/prefixes?prefix=2001:db8:8000::/35", "prefixes/?depth__lte=1"),
    "netbox-journal": ("tenancy/tenants?slug=hengelo", "journal/"),
    "netbox-changelog": ("tenancy/tenants?slug=hengelo", "changelog/"),
}
"""Where each picture is taken: the object that the REST API finds, and from its page on. {id} is the object's."""

COLUMNS = {
    "TenantTable": ["name", "group", "cf_ggi_code", "cf_ggi_province", "cf_ggi_domain", "cf_ggi_standard"],
    "DeviceTable": ["name", "status", "site", "role", "platform", "primary_ip4", "primary_ip6", "serial"],
}
"""Columns that are shown, as *Configure Table* would set them."""

# The page itself, without what is around every page.
STYLE = """
aside.navbar-vertical, header.navbar, footer, .toast-container, .sticky-actions, .card:has(#id_comments)
{ display: none !important }
.page-wrapper { margin: 0 !important }
"""
WIDTH = 1180
FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

VARYING = (
    (r"https?://[A-Za-z0-9.-]+(?::\d+)?", "URL"),
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\+00:00| UTC|Z)?", "TIME"),
    (r"\b\d+(?:\.\d+)? (?:ms|s|seconds)\b", "DURATION"),
    (r"\b[0-9a-f]{12,64}\b", "ID"),
)


class Shell:
    """Types the blocks, each in a shell of its own that fails at the first command that does."""

    def __init__(self, lab: Instance, folder: Path) -> None:
        self.folder = folder
        home = {"GGI_CONFIG": str(lab.configuration), "GGI_STATE": str(folder / "state"), "COLUMNS": "120"}
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GGI_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**outside, **home, "PATH": path, "GGI_ESTATE": "netbox"}

    def type(self, block: str) -> str:
        """What a block prints; end with its output when it fails."""
        command = ["/bin/bash", "-c", f"set -e\n{block}"]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{block}\nended with status {done.returncode}:\n{done.stdout}")
        return done.stdout


class Camera:
    """Takes pictures of a NetBox's pages, logged in as its administrator."""

    def __init__(self, lab: Instance, page: Any) -> None:
        self.page = page
        self.netbox = NetBox(Settings(lab.url, lab.token))
        known = msgspec.json.decode(lab.credentials.read_bytes(), type=dict[str, str])
        page.goto(f"{lab.url}/login/")
        page.fill("#id_username", known["username"])
        page.fill("#id_password", known["password"])
        page.press("#id_password", "Enter")
        page.wait_for_load_state("networkidle")
        tables = {name: {"columns": columns} for name, columns in COLUMNS.items()}
        self.netbox.patch("users/config", {"tables": tables})

    def take(self, name: str) -> None:
        """Write docs/images/<name>.png."""
        query, rest = PICTURES[name]
        path, _, filters = query.partition("?")
        key, _, value = filters.partition("=")
        [found] = self.netbox.get(path, **{key: value})["results"]
        self.page.goto(f"{self.netbox.url}/{path}/{found['id']}/" + rest.format(id=found["id"]))
        self.page.wait_for_load_state("networkidle")
        self.page.add_style_tag(content=STYLE)
        box = self.page.locator("#page-content").bounding_box()
        picture = self.page.screenshot(full_page=True, clip=box)
        write_if_changed(PAGE.parent / "images" / f"{name}.png", picture)


@contextmanager
def camera(lab: Instance) -> Iterator[Callable[[str], None]]:
    """A browser at that NetBox; yield what takes a picture."""
    from playwright.sync_api import sync_playwright

    if shutil.which("chromium") is None:
        sys.exit("pictures need Chromium: apt-get install chromium")
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *as_root])
        try:
            yield Camera(lab, browser.new_page(viewport={"width": WIDTH, "height": 300})).take
        finally:
            browser.close()


def walk(lab: Instance, take: Callable[[str], None]) -> None:
    """Type the page's blocks in order in a folder of their own; end with a message when one isn't as it says."""
    printed = ""
    with tempfile.TemporaryDirectory(prefix="ggi-walk-") as folder:
        (Path(folder) / "inventory").symlink_to(PROJECT / "inventory")
        shell = Shell(lab, Path(folder))
        pattern = r"^```(sh|text)\n(.*?)^```$|^!\[[^]]*\]\(images/([a-z-]+)\.png\)"
        for match in re.finditer(pattern, PAGE.read_text(), flags=re.MULTILINE | re.DOTALL):
            kind, block, picture = match.groups()
            if picture:
                take(picture)
            elif kind == "sh":
                printed = shell.type(block)
            else:
                compare(block, printed)


def compare(expected: str, printed: str) -> None:
    """End with a message unless the lines of `expected` are among those of `printed`, in that order."""
    lines = iter(level(printed).splitlines())
    for line in level(expected).splitlines():
        if line.strip() != "..." and line not in lines:
            sys.exit(f"{PAGE.name} says:\n{line}\nwhich is not, or not there, in what was printed:\n{printed}")


def level(text: str) -> str:
    """The text, with what differs from run to run made equal."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


@contextmanager
def laboratory(folder: Path | None) -> Iterator[Instance]:
    """The NetBox in `folder`, or an empty one that is there for the walk alone."""
    if folder is not None:
        yield find(folder)
        return
    own = state_folder() / "lab" / "walk"
    try:
        lab, _ = up(own, say=lambda line: print(line, file=sys.stderr))  # noqa: T201  a script
        lab.reset()  # a walk that was killed may have left something
        yield lab
    finally:
        down(own)


def main() -> None:
    """Walk, with a camera or without."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", action="store_true", help="write docs/images/netbox-*.png")
    parser.add_argument("folder", type=Path, nargs="?", help="folder of the NetBox lab")
    asked = parser.parse_args()
    with laboratory(asked.folder) as lab:
        if asked.pictures:
            with camera(lab) as take:
                walk(lab, take)
        else:
            walk(lab, lambda _: None)


if __name__ == "__main__":
    main()
