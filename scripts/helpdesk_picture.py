#!/usr/bin/env python3
"""Write docs/pictures/helpdesk.png: the helpdesk's answer to a question, as a browser shows it.

Usage: scripts/helpdesk_picture.py   (needs Chromium: apt-get install chromium)

It opens the application over the logins of the pages' tests, asks for one person, and takes a picture of the answer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "tests" / "web"))

from browser import started  # noqa: E402
from site_of_pages import HELPDESK, Account, Site, day  # noqa: E402

from ggi_net.files import write_if_changed  # noqa: E402
from ggi_net.web.ending import Ending  # noqa: E402

PICTURE = PROJECT / "docs" / "pictures" / "helpdesk.png"
WIDTH, SHARPNESS = 1100, 1.25


def main() -> None:
    """Ask, look, write."""
    with tempfile.TemporaryDirectory(prefix="ggi-picture-") as folder, started() as browser:
        site = Site(Path(folder), day(), Account(Ending.ACCEPTED))
        html = site.client(HELPDESK).ask("j.jansen").text
        with browser.showing(html, device_scale_factor=SHARPNESS) as tab:
            tab.set_viewport_size({"width": WIDTH, "height": 900})
            end = tab.locator(".hops").bounding_box()
            height = end["y"] + end["height"] + 16
            picture = tab.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    PICTURE.parent.mkdir(exist_ok=True)
    write_if_changed(PICTURE, picture)


main()
