"""Made-up logs: every gemeente, every format read, the same for the same seed, and what was the matter known."""

from __future__ import annotations

import csv
import hashlib
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec
import pytest
from typer.testing import CliRunner

from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.generate import mix
from ggi_net.authlog.generate.chain import PROXIES, Chain
from ggi_net.authlog.generate.files import Files
from ggi_net.authlog.generate.lines import Attempt
from ggi_net.authlog.generate.people import Person, person
from ggi_net.authlog.generate.rhythm import minutes
from ggi_net.authlog.generate.run import Summary, generate
from ggi_net.authlog.generate.settings import places_of
from ggi_net.authlog.generate.stamps import length, midnight, stamp
from ggi_net.authlog.generate.world import World
from ggi_net.authlog.ingest.settings import read_settings
from ggi_net.authlog.line import Hop, Kind, Line, Product
from ggi_net.authlog.places import read_places
from ggi_net.authlog.read import Source, records
from ggi_net.errors import LogFolderInUse, TooFewLogins

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 11, 23)
LOGINS = 1500


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    folder = tmp_path_factory.mktemp("generated")
    return folder, generate(folder, DAY, LOGINS, seed=1)


@pytest.fixture(scope="module")
def world() -> World:
    return World(LOGINS, 1)


@pytest.fixture(scope="module")
def truth(made: tuple[Path, Summary]) -> list[dict[str, str]]:
    return list(csv.DictReader((made[0] / "truth.csv").read_text().splitlines()))


@pytest.fixture(scope="module")
def lines(made: tuple[Path, Summary]) -> dict[str, list[Line]]:
    """The lines of each file, by its path; read at once, which is faster than hundreds of files one by one."""
    end = datetime(2026, 11, 23, 23, tzinfo=UTC)
    folder = made[0]
    paths = [path for path in sorted(folder.rglob("*.[lj]*")) if path.parent != folder]
    contents = [path.read_bytes() for path in paths]
    ends = list(accumulate(map(len, contents)))
    found: dict[str, list[Line]] = defaultdict(list)
    for line in records(b"".join(contents), Source(name="all", reference=end)):
        path = str(paths[bisect_right(ends, line.offset)].relative_to(folder))
        found[path].append(msgspec.structs.replace(line, source=path))
    return found


def test_every_line_is_read_by_its_format(lines: dict[str, list[Line]]) -> None:
    products = {
        "govroam.json": Product.FREERADIUS,
        "radius.log": Product.FREERADIUS,
        "nps.log": Product.NPS,
        "hostapd.log": Product.HOSTAPD,
        "radsecproxy.log": Product.RADSECPROXY,
        "fticks.log": Product.FTICKS,
    }
    for path, found in lines.items():
        assert {line.product for line in found} == {products[path.rpartition("/")[2]]}, path
        assert not [line.raw for line in found if line.kind is Kind.UNPARSED], path


def test_every_gemeente_and_every_hop_is_there(lines: dict[str, list[Line]], made: tuple[Path, Summary]) -> None:
    folders = {path.partition("/")[0] for path in lines}
    assert len(World(LOGINS, 1).towns) == 342
    assert len(folders) > 250
    assert {path for path in lines if path.startswith("federation")} == {
        f"federation/{host}/{log}.log" for host in ("flr1", "flr2") for log in ("radsecproxy", "fticks")
    }
    assert made[1].lines == sum(len(found) for found in lines.values()) + made[1].attempts + 1
    settings = read_settings(made[0] / "logs.yml")
    assert settings.store == str(made[0] / "store")
    assert len(settings.sources) > 250
    assert read_places(made[0] / "places.json") == places_of(World(LOGINS, 1))


def test_files_are_in_order_of_time_and_of_that_day(lines: dict[str, list[Line]]) -> None:
    begin = datetime.fromtimestamp(midnight(DAY), UTC)
    for path, found in lines.items():
        times = [line.time for line in found]
        assert times == sorted(times), path
        assert times[0] >= begin - timedelta(seconds=10)
        assert times[-1] < begin + timedelta(days=1, minutes=10)


def test_every_attempt_has_its_lines(lines: dict[str, list[Line]], truth: list[dict[str, str]]) -> None:
    asked = sum(line.kind is Kind.REQUEST and line.hop == "visited" for found in lines.values() for line in found)
    answered = Counter(
        str(line.result)
        for path, found in lines.items()
        if path.endswith("govroam.json")
        for line in found
        if line.kind is Kind.RESULT and line.hop == "visited"
    )
    outcomes = Counter(row["outcome"] for row in truth)
    assert asked == len(truth)
    assert answered == {"accept": outcomes["accept"], "reject": outcomes["reject"]}
    assert len({row["login"] for row in truth}) == LOGINS


class Collected(Files):
    """All lines of few logins, in memory."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def write(self, path: str, line: str) -> None:
        self.found.append((path, line))


def evidence(who: Person, fault: mix.Fault) -> list[Line]:
    """What all servers write of one attempt, read."""
    files = Collected()
    chain = Chain(files)
    assert chain.run(Attempt(who, fault, midnight(DAY) + 36_000, 1)) == "reject"
    chain.finish()
    end = datetime(2026, 11, 23, 23, tzinfo=UTC)
    hops = dict.fromkeys(PROXIES, Hop.FEDERATION)
    return [
        line
        for path, text in files.found
        for line in records(text.encode(), Source(name=path, reference=end, hops=hops))
    ]


CASES = [
    (fault, method, nps, away)
    for fault in (*mix.faults(), mix.SILENT, mix.DISTRUST)
    for method in fault.methods or ("PEAP", "TTLS", "TLS")
    for nps in (False, True)
    for away in (False, True)
    if not (nps and method == "TTLS")
    if not nps or fault.nps or fault.where in ("visited", "federation")
    if away or fault.where not in ("silent", "federation")
]


@pytest.mark.parametrize(
    ("fault", "method", "nps", "away"),
    CASES,
    ids=lambda value: value.cause if isinstance(value, mix.Fault) else str(value),
)
def test_the_truth_is_what_the_catalogue_finds_in_the_evidence(
    fault: mix.Fault, method: str, nps: bool, away: bool, world: World
) -> None:
    """Wherever it happens and whatever the home server is."""
    everybody = (person(world, town, number, 1, DAY.toordinal()) for town in world.towns for number in range(40))
    who = next(
        one for one in everybody if (one.method, one.home.nps, one.home is not one.visited) == (method, nps, away)
    )
    match = Catalogue.load().cause_of(evidence(who, fault))
    assert match is not None
    assert match.cause.id == mix.cause_of(fault, who)


def test_every_fault_names_a_cause_of_the_catalogue() -> None:
    catalogue = Catalogue.load()
    for fault in (*mix.faults(), mix.SILENT, mix.DISTRUST, mix.GONE):
        assert fault.cause in catalogue
        assert not fault.nps_cause or fault.nps_cause in catalogue


def test_the_mix_has_successes_failures_visitors_and_incidents(truth: list[dict[str, str]]) -> None:
    outcomes = Counter(row["outcome"] for row in truth)
    assert outcomes["accept"] > 0.7 * len(truth)
    assert outcomes["reject"] > 30
    assert outcomes["unfinished"] > 5
    away = [row for row in truth if row["home"] != row["visited"]]
    assert 0.1 < len(away) / len(truth) < 0.3
    assert "new certificate" in {row["incident"] for row in truth}


def test_visitors_come_from_near() -> None:
    world = World(LOGINS, 1)
    home = next(town for town in world.towns if town.slug == "almelo")
    visits = [world.visited(home, share / 1000) for share in range(1000)]
    distances = sorted(((town.x - home.x) ** 2 + (town.y - home.y) ** 2) ** 0.5 for town in visits)
    assert home not in visits
    assert distances[500] < 30
    assert distances[-1] > 50


def test_the_same_seed_makes_the_same_files_and_another_one_others(tmp_path: Path) -> None:
    def digest(name: str, seed: int) -> str:
        folder = tmp_path / name
        generate(folder, DAY, 100, seed)
        found = hashlib.sha256()
        for path in sorted(folder.rglob("*.[clj]*")):
            found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
        return found.hexdigest()

    assert digest("one", 1) == digest("two", 1) != digest("three", 2)


def test_people_keep_their_names_and_devices_on_another_day(tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []
    for day in (DAY, DAY + timedelta(days=1)):
        generate(tmp_path / str(day), day, 150, 1)
        rows = csv.DictReader((tmp_path / str(day) / "truth.csv").read_text().splitlines())
        seen.append({row["inner"]: row["mac"] for row in rows})
    both = seen[0].keys() & seen[1].keys()
    assert both
    assert all(seen[0][name] == seen[1][name] for name in both)


@pytest.mark.parametrize("logins", [1, 7, 1440, 99_999])
@pytest.mark.parametrize("weekday", [0, 6])
def test_a_day_has_all_its_logins_and_a_rhythm(logins: int, weekday: int) -> None:
    counts = minutes(logins, weekday)
    assert len(counts) == 1440
    assert sum(counts) == logins
    assert min(counts) >= 0
    if logins > 1440:
        assert sum(counts[8 * 60 : 9 * 60]) > 5 * sum(counts[3 * 60 : 4 * 60])


@pytest.mark.parametrize(("day", "hours"), [(DAY, 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_on_which_the_clock_changes(day: date, hours: int) -> None:
    assert length(day) == hours * 3600
    assert stamp(midnight(day)).asctime.endswith(f"00:00:00 {day.year}")


def test_memory_does_not_grow_with_the_logins(tmp_path: Path, world: World) -> None:
    """What waits for its second is soon written, and what waits to be written is little for each file."""
    files = Files(tmp_path)
    chain = Chain(files)
    everybody = [person(world, town, number, 1, DAY.toordinal()) for town in world.towns[:9] for number in range(9)]
    waiting, unwritten = [], []
    for second in range(1500):
        chain.until(second)
        chain.run(Attempt(everybody[second % len(everybody)], None, second, second))
        waiting.append(sum(map(len, chain._waiting.values())))
        unwritten.append(max(map(sum, ((len(line) for line in some) for some in files._waiting.values())), default=0))
    assert max(waiting) < 100
    assert max(unwritten) < 70_000
    assert files.bytes > 300_000


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(LogFolderInUse, match="not an empty folder"):
        generate(tmp_path, DAY, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(TooFewLogins):
        generate(tmp_path / "new", DAY, 0)


def test_the_command(tmp_path: Path) -> None:
    import typer

    from ggi_net.cli import logs_generate

    app = typer.Typer()
    logs_generate.add_to(app)
    app.command("other")(lambda: None)
    done = CliRunner().invoke(app, ["generate", str(tmp_path / "logs"), "--day", "2026-11-23", "--logins", "50"])
    assert done.exit_code == 0, done.output
    assert "50 logins" in done.output
    assert (tmp_path / "logs" / "truth.csv").exists()
