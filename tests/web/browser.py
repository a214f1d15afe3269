"""A real Chromium that looks at pages, with axe-core to say what is not accessible in them."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
from playwright.sync_api import sync_playwright

from ggi_net.web.headers import headers_for
from ggi_net.web.static_files import FOLDER, STATIC

if TYPE_CHECKING:
    from collections.abc import Iterator

ORIGIN = "http://localhost:8443"
TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}
FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
LOOKS = {"runOnly": ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]}
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


class Browser:
    """One Chromium for all tests."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium

    @contextmanager
    def tab(self, size: str = "desktop", *, dark: bool = False, script: bool = True, **options: Any) -> Iterator[Any]:
        """A tab in a profile of its own. What it can't load, or may not by the pages' own policy, fails the test."""
        width, height = SIZES[size]
        context = self._chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
            java_script_enabled=script, reduced_motion="reduce", **options,
        )  # fmt: skip
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        try:
            yield page
            assert said == []
        finally:
            context.close()

    @contextmanager
    def showing(self, html: str, size: str = "desktop", **options: Any) -> Iterator[Any]:
        """A tab that shows `html` as our server would send it: with its headers and static files."""
        with self.tab(size, **options) as page:
            page.route("**/*", lambda route: _served(route, html))
            page.goto(f"{ORIGIN}/")
            yield page


def _served(route: Any, html: str) -> None:
    path, _, query = route.request.url.removeprefix(ORIGIN).partition("?")
    headers = {name.decode(): value.decode() for name, value in headers_for(path, 200, tls=False, query=query.encode())}
    if path == "/":
        route.fulfill(body=html, headers={**headers, "content-type": "text/html; charset=utf-8"})
        return
    file = FOLDER / path.removeprefix(STATIC)
    route.fulfill(body=file.read_bytes(), headers={**headers, "content-type": TYPES[file.suffix]})


def problems(page: Any) -> list[str]:
    """What axe-core finds on the page that is shown: its rule, its help, and where.

    All rules on a light desk and on a dark phone; those that colours and widths can change on the other two as well.
    """
    page.evaluate(AXE)
    found = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{size}: the page scrolls sideways")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            whole = (size, scheme) in (("desktop", "light"), ("phone", "dark"))
            found += [f"{size} {scheme}: {problem}" for problem in _axe(page, RULES if whole else LOOKS)]
    return found


def _axe(page: Any, rules: dict[str, Any]) -> list[str]:
    found = page.evaluate("rules => axe.run(document, {...rules, resultTypes: ['violations']})", rules)
    assert found["passes"], "axe looked at nothing"
    return [
        f"{violation['id']}: {violation['help']}: {json.dumps([node['html'][:200] for node in violation['nodes'][:4]])}"
        for violation in found["violations"]
    ]


@contextmanager
def started() -> Iterator[Browser]:
    """Chromium, for as long as the tests run."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *as_root])
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
