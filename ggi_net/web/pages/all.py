"""All pages, for the application."""

from __future__ import annotations

from ggi_net.web.pages import attempt, audit, help_page, overview, proof, search

PAGES = (
    search.start, search.ask, search.found, attempt.one, attempt.because, proof.test, audit.newest, audit.read,
    overview.overview, help_page.explained,
)  # fmt: skip
