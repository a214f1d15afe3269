"""What the tests of the pages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for the tests of a file.

    Not for those of a process: as long as it is open an event loop counts as running, and no other test may run one.
    """
    from browser import started

    with started() as found:
        yield found
