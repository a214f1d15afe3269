"""The helpdesk's pages at 20 searches a second: from sending the form until the whole answer is there."""

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

LOGINS = 100_000
RATE = 20
SECONDS = 30
SEED = 5


@dataclass
class Figures:
    """Seconds of each search, by what was typed, and of the overview the first time and once its charts are kept."""

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
    """Make logs of yesterday, store them, serve the pages, and ask."""
    _stored(folder, logins)
    settings = _settings(folder)
    figures = Figures(logins=logins, rate=RATE)
    command = [sys.executable, "-m", "ggi_net", "web", "--settings", str(folder / "web.yml")]
    serving = subprocess.Popen(command, env=_environment(folder))
    try:
        asyncio.run(_asked(settings, list(_questions(folder)), figures, serving.pid))
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(20)
    return figures


def _stored(folder: Path, logins: int) -> None:
    logs = folder / "logs"
    yesterday = (datetime.now(NETHERLANDS) - timedelta(days=1)).date()
    given = ["--settings", str(logs / "logs.yml")]
    for command in (
        ["generate", str(logs), "--day", str(yesterday), "--logins", str(logins)], ["ingest", *given],
        ["compact", *given, "--finish"], ["compact", *given],
    ):  # fmt: skip
        subprocess.run(
            [sys.executable, "-m", "ggi_net", "logs", *command], check=True, stdout=subprocess.DEVNULL,
            env=_environment(folder),
        )  # fmt: skip


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


def _questions(folder: Path) -> Iterator[_Question]:
    """Those who failed, by name and by MAC in turn, in an order that stays the same."""
    with (folder / "logs" / "truth.csv").open() as file:
        failed = {row["inner"]: row for row in csv.DictReader(file) if row["outcome"] != "accept" and row["inner"]}
    people = sorted(failed.items())
    random.Random(SEED).shuffle(people)
    for number, (name, row) in enumerate(people):
        by_name = number % 2 == 0
        yield _Question("name" if by_name else "MAC address", name if by_name else row["mac"], row["home"])


async def _asked(settings: Settings, questions: list[_Question], figures: Figures, pid: int) -> None:
    database = Database(settings.state_folder)
    sessions, csrf = Sessions(database, settings.sessions), Csrf(database.key("forms"), settings.origin)
    cookies = {
        home: sessions.begin(Viewer(name=f"helpdesk.{home}", role=Role.HELPDESK, gemeenten=(home,)), LOCAL)
        for home in {question.home for question in questions[: RATE * SECONDS]}
    }
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=settings.origin, limits=limits, timeout=60) as client:
        await _up(client)

        async def ask(question: _Question, due: float) -> None:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            cookie = cookies[question.home]
            headers = {"cookie": f"{SESSION_COOKIE}={cookie}"}
            form = {"asked": question.text, "since": "2d", "reason": "MELDING-1", "csrf": csrf.token(cookie)}
            sent = await client.post("/", data=form, headers=headers)
            answer = await client.get(sent.headers["location"], headers=headers)
            took = time.perf_counter() - due
            if answer.status_code != 200:
                raise SystemExit(f"bench: no answer to {question.text}: {answer.status_code}")
            figures.found += 'class="hops"' in answer.text
            figures.answers.setdefault(question.kind, []).append(took)
            figures.size = max(figures.size, len(answer.content))

        before = _cpu(pid)
        begin = time.perf_counter() + 0.5
        some = questions[: RATE * SECONDS]
        await asyncio.gather(*(ask(question, begin + number / RATE) for number, question in enumerate(some)))
        figures.cpu = (_cpu(pid) - before) / len(some)
        cookie = next(iter(cookies.values()))
        figures.overview = (await _overview(client, cookie), await _overview(client, cookie))


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
        f"The answer page of the helpdesk: {figures.rate} searches a second for {SECONDS} s, each of another person "
        f"whose login failed, on a store of {figures.logins:,} logins of yesterday. Measured from the moment that a "
        "search was due until the whole page was there: form, look-up on record, answer with evidence. One process "
        "serves; the questions come from the same machine."
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
        f"A search took {figures.cpu * 1000:.0f} ms of processor. "
        f"The largest answer had {figures.size / 1024:.0f} KiB. The overview with its charts takes {first:.1f} s "
        f"when its figures are new, {again * 1000:.0f} ms after that; no answer waits for it."
    )
    return "\n".join(lines) + "\n"
