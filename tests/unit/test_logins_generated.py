"""Logins out of a made-up day of the federation, whose truth stands beside it: all hops and products, clocks apart."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ggi_net.authlog import read
from ggi_net.authlog.assemble import assemble
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.generate.run import generate
from ggi_net.authlog.line import Hop, Line
from ggi_net.authlog.places import Places, read_places

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.authlog.login import Login

DAY = date(2026, 11, 23)
NIGHT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[list[dict[str, str]], list[Login]]:
    """What really was, and the logins."""
    folder = tmp_path_factory.mktemp("federation")
    generate(folder, DAY, 500)
    places = read_places(folder / "places.json")
    lines = [
        line for path in sorted(folder.glob("*/**/*.*")) if path.is_file() for line in lines_of(path, folder, places)
    ]
    with (folder / "truth.csv").open() as text:
        truth = list(csv.DictReader(text))
    return truth, assemble(lines, places, Catalogue.load(), key=b"0123456789abcdef")


def lines_of(path: Path, folder: Path, places: Places) -> list[Line]:
    own = [host for host, server in places.servers.items() if server.gemeente == path.parent.name]
    host = next((name for name in own if "nps" not in name), "") if path.name == "radius.log" else ""
    hops = {"flr1": Hop.FEDERATION, "flr2": Hop.FEDERATION}
    name = str(path.relative_to(folder))
    return read.records(path.read_bytes(), read.Source(name=name, reference=NIGHT, host=host, hops=hops))


def test_there_are_as_many_logins_as_attempts(made):
    truth, logins = made
    assert len(logins) == len(truth)


def test_every_attempt_ended_as_its_login_says(made):
    truth, logins = made
    of_device = defaultdict(list)
    for login in logins:
        of_device[login.mac].append(login)
    for row in truth:
        at = datetime.fromisoformat(row["time"])
        login = min(of_device[row["mac"].replace("-", "").lower()], key=lambda login: abs(login.begin - at))
        assert abs(login.begin - at) <= timedelta(seconds=5)
        assert (login.outcome, login.home, login.visited) == (
            row["outcome"],
            login.home and row["home"],
            row["visited"],
        )


def test_most_logins_are_seen_at_every_hop_that_they_crossed(made):
    _, logins = made
    assert sum(not login.missing for login in logins) / len(logins) >= 0.995
