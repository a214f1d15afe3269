"""Where somebody goes after logging in: to the page that they wanted, and never to another site."""

from __future__ import annotations

import re

START = "/"
_PATH = re.compile(r"/(?![/\\])[!-~]{0,500}")
_NEVER = ("/inloggen", "/uitloggen", "/static/", "/api/")


def onward(wanted: object) -> str:
    """`wanted` when it is a path of these pages, else the first page.

    Browsers take `//host`, `/\\host` and paths with tabs or line ends for addresses of other sites (WHATWG URL).
    """
    if not isinstance(wanted, str) or not _PATH.fullmatch(wanted) or "\\" in wanted or wanted.startswith(_NEVER):
        return START
    return wanted
