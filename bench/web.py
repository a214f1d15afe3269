"""The helpdesk's pages at 20 searches a second: from sending the form until the whole answer is there.

First on a store at rest, then while lines that nobody compacted yet are asked for. It takes less than three minutes.
"""

from __future__ import annotations

import asyncio
import csv
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from ggi_net.authlog.moments import NETHERLANDS
from ggi_net.authlog.question import Role, Viewer
from ggi_net.web.cookies import SESSION_COOKIE
from ggi_net.web.csrf import Csrf
from ggi_net.web.database import Database
from ggi_net.web.sessions import LOCAL, Sessions
from ggi_net.web.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGINS = 50_000
HOT = 200
"""Logins whose lines come in while the pages are up: what two minutes of a busy hour bring, before a compaction."""
RATE = 20
SECONDS = 20
HOT_SECONDS = 10
SEED = 5
HOT_KIND = "name, just ingested"


@dataclass
class Figures:
    """Seconds of each search, by what was typed, and of the overview the first time and once its charts are kept.

    `cpu` is of one search on a store at rest. `found` are those that a login was found for.
    """

    logins: int
    rate: int
    answers: dict[str, list[float]] = field(default_factory=dict)
    size: int = 0
    found: int = 0
    cpu: float = 0.0
    overview: tuple[float, float] = (0.0, 0.0)


def in_scratch() -> Figures:
    """Measure in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ggi-bench-web-") as folder:
        return measured(Path(folder), LOGINS)


def measured(folder: Path, logins: int) -> Figures:
    """Make logs of yesterday, store them, serve the pages, and ask; then add some, and ask for those."""
    day = str((datetime.now(NETHERLANDS) - timedelta(days=1)).date())
    _run(folder, "generate", str(folder / "logs"), "--day", day, "--logins", str(logins))
    for command in (["ingest"], ["compact", "--finish"], ["compact"]):
        _run(folder, *command, "--settings", str(folder / "logs" / "logs.yml"))
    _run(folder, "generate", str(folder / "more"), "--day", day, "--logins", str(HOT), "--seed", str(SEED))
    settings = _settings(folder)
    figures = Figures(logins=logins, rate=RATE)
    command = [sys.executable, "-m", "ggi_net", "web", "--settings", str(folder / "web.yml")]
    serving = subprocess.Popen(command, env=_environment(folder))
    try:
        asyncio.run(_measured(folder, settings, figures, serving.pid))
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(20)
    return figures


def _run(folder: Path, *command: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "ggi_net", "logs", *command], check=True, stdout=subprocess.DEVNULL,
        env=_environment(folder),
    )  # fmt: skip


def _add(folder: Path) -> None:
    """Store the lines of the other logs, with what is known of the first ones, and leave them as they came."""
    settings = (folder / "more" / "logs.yml").read_text()
    (folder / "more" / "logs.yml").write_text(settings.replace(f"{folder}/more/store", f"{folder}/logs/store"))
    _run(folder, "ingest", "--settings", str(folder / "more" / "logs.yml"))


def _environment(folder: Path) -> dict[str, str]:
    """Keys, audit log and sessions of the benchmark stay in its folder."""
    return {**os.environ, "GGI_STATE": str(folder / "own")}


def _settings(folder: Path) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / "web.yml"
    file.write_text(
        f"address: http://127.0.0.1:{port}\nlisten: 127.0.0.1:{port}\nlogs: logs/logs.yml\nstate: state\n"
        "rates: {pages: 100000, look_ups: 100000}\n"
    )
    return read_settings(file)


@dataclass(frozen=True)
class _Question:
    kind: str
    text: str
    home: str


def _questions(logs: Path) -> Iterator[_Question]:
    """Those who failed, by name and by MAC in turn, in an order that stays the same."""
    with (logs / "truth.csv").open() as file:
        failed = {row["inner"]: row for row in csv.DictReader(file) if row["outcome"] != "accept" and row["inner"]}
    people = sorted(failed.items())
    random.Random(SEED).shuffle(people)
    for number, (name, row) in enumerate(people):
        by_name = number % 2 == 0
        yield _Question("name" if by_name else "MAC address", name if by_name else row["mac"], row["home"])


class _Browsers:
    """Helpdesks of all gemeenten, each logged in."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient, figures: Figures) -> None:
        database = Database(settings.state_folder)
        self._sessions = Sessions(database, settings.sessions)
        self._csrf = Csrf(database.key("forms"), settings.origin)
        self._client, self._figures = client, figures
        self._cookies: dict[str, str] = {}

    def cookie(self, home: str) -> str:
        """That of the helpdesk of a gemeente."""
        if home not in self._cookies:
            viewer = Viewer(name=f"helpdesk.{home}", role=Role.HELPDESK, gemeenten=(home,))
            self._cookies[home] = self._sessions.begin(viewer, LOCAL)
        return self._cookies[home]

    async def ask_all(self, questions: list[_Question]) -> None:
        """Send the questions at the rate, whether others were answered or not."""
        for question in questions:
            self.cookie(question.home)
        begin = time.perf_counter() + 0.5
        await asyncio.gather(*(self._ask(question, begin + at / RATE) for at, question in enumerate(questions)))

    async def _ask(self, question: _Question, due: float) -> None:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        cookie = self.cookie(question.home)
        headers = {"cookie": f"{SESSION_COOKIE}={cookie}"}
        form = {"asked": question.text, "since": "2d", "reason": "MELDING-1", "csrf": self._csrf.token(cookie)}
        sent = await self._client.post("/", data=form, headers=headers)
        answer = await self._client.get(sent.headers["location"], headers=headers)
        took = time.perf_counter() - due
        if answer.status_code != 200:
            raise SystemExit(f"bench: no answer to {question.text}: {answer.status_code}")
        self._figures.found += 'class="hops"' in answer.text
        self._figures.answers.setdefault(question.kind, []).append(took)
        self._figures.size = max(self._figures.size, len(answer.content))


async def _measured(folder: Path, settings: Settings, figures: Figures, pid: int) -> None:
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=settings.origin, limits=limits, timeout=60) as client:
        await _up(client)
        browsers = _Browsers(settings, client, figures)
        questions = list(islice(_questions(folder / "logs"), RATE * SECONDS))
        before = _cpu(pid)
        await browsers.ask_all(questions)
        figures.cpu = (_cpu(pid) - before) / len(questions)
        cookie = browsers.cookie(questions[0].home)
        figures.overview = (await _overview(client, cookie), await _overview(client, cookie))
        await asyncio.to_thread(_add, folder)
        people = [_Question(HOT_KIND, one.text, one.home) for one in _questions(folder / "more") if one.kind == "name"]
        await browsers.ask_all([*islice(cycle(people), RATE * HOT_SECONDS)])


def _cpu(pid: int) -> float:
    """Seconds of processor that a process used so far (proc(5))."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def _up(client: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            await client.get("/hulp")
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            return
    raise SystemExit("bench: the pages did not come up")


async def _overview(client: httpx.AsyncClient, cookie: str) -> float:
    begin = time.perf_counter()
    answer = await client.get("/overzicht", headers={"cookie": f"{SESSION_COOKIE}={cookie}"})
    answer.raise_for_status()
    return time.perf_counter() - begin


def page(figures: Figures) -> str:
    """The part of docs/benchmarks.md."""
    text = (
        f"The answer page of the helpdesk: {figures.rate} searches a second, each of another person whose login "
        f"failed, on a store of {figures.logins:,} logins of yesterday; {SECONDS} s by name and MAC address in turn, "
        f"then {HOT_SECONDS} s for people of {HOT} more logins, whose lines were just ingested and are not compacted. "
        "Measured from the moment that a search was due until the whole page was there: form, look-up on record, "
        "answer with evidence. One process serves; the questions come from the same machine."
    )
    head = "| searched by | searches | half within | 95% within | longest |\n| --- | ---: | ---: | ---: | ---: |"
    lines = ["## Web\n", f"{text}\n", head]
    for kind, seconds in sorted(figures.answers.items()):
        ordered = sorted(seconds)
        half, most, last = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95, 1))
        lines.append(
            f"| {kind} | {len(ordered)} | {half * 1000:.0f} ms | {most * 1000:.0f} ms | {last * 1000:.0f} ms |"
        )
    asked = sum(map(len, figures.answers.values()))
    first, again = figures.overview
    lines.append(
        f"\n{figures.found} of {asked} found a login; some attempts end before anybody hears whose they are. "
        f"A search on the store at rest took {figures.cpu * 1000:.0f} ms of processor. "
        f"The largest answer had {figures.size / 1024:.0f} KiB. The overview with its charts takes {first:.1f} s "
        f"when its figures are new, {again * 1000:.0f} ms after that; no answer waits for it."
    )
    return "\n".join(lines) + "\n"
