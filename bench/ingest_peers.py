"""The same logs read by others: liblognorm, which rsyslog's mmnormalize is made of, and lnav. Both are Debian's.

Neither stores anything: liblognorm writes JSON to a pipe that is thrown away, lnav is asked for the length of every
field, so that it has to find them. Both are given what they need to find the fields that the toolkit finds, and no
more.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_DATE = "%weekday:word% %month:word% %day:word% %clock:word% "
RULES = {
    "radsecproxy": "".join(
        f"rule=:{_DATE}%year:char-to::%: %answer:word% for user %outer:word% stationid "
        f"%mac:word%{cui} from %server:word%"
        " to %client:word% (%peer:char-to:)%) operator %operator:rest%\n"
        for cui in (" cui %cui:word%", "")
    ),
    "FreeRADIUS": "".join(
        f"rule=:{_DATE}%year:word% : Auth: (%session:char-to:)%)   {answer}: [%inner:char-to:]%] (from client"
        " %client:word% port %port:word% cli %mac:word% via TLS tunnel)\n"
        for answer in ("Login OK", "Login incorrect (%reason:char-to:)%)")
    ),
    "F-Ticks in syslog": "rule=:%month:word% %day:word% %clock:word% %host:word% %tag:word% "
    "F-TICKS/%federation:char-to:#%#REALM=%realm:char-to:#%#VISCOUNTRY=%country:char-to:#%#VISINST=%operator:char-to:#%"
    "#CSI=%mac:char-to:#%#RESULT=%result:char-to:#%#\n",
    "login log (JSON)": "rule=:%.:json%\n",
}

_CTIME = r"(?<timestamp>\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})"
PATTERNS = {
    "radsecproxy": rf"^{_CTIME}: (?<body>Access-(?<answer>\w+) for user (?<user>.*) stationid (?<mac>[^ ]+)"
    r"(?: cui (?<cui>[^ ]+))? from (?<server>[^ ]+) to (?<client>[^ ]+) \((?<peer>[^ ]+)\)"
    r"(?: operator (?<operator>[^ ]+))?)$",
    "FreeRADIUS": rf"^{_CTIME} : Auth: (?<body>\((?<session>\d+)\) +(?<answer>Login \w+)(?: \((?<why>.*?)\))?: "
    r"\[(?<user>.*)\] \(from client (?<client>[^ ]+) port \d+ cli (?<mac>[^ ]+) via TLS tunnel\))$",
    "F-Ticks in syslog": r"^(?<timestamp>\w{3} [ \d]\d \d\d:\d\d:\d\d) (?<server>[^ ]+) [^ ]+ "
    r"(?<body>F-TICKS/[^#]+#REALM="
    r"(?<user>[^#]*)#VISCOUNTRY=[^#]*#VISINST=(?<operator>[^#]*)#CSI=(?<mac>[^#]*)#RESULT=(?<answer>\w+)#)$",
}
_FIELDS = ("answer", "user", "mac", "cui", "server", "client", "operator", "session", "why")


def lognorm(log: Path, name: str) -> float:
    """Seconds that liblognorm takes; 0 where it isn't installed."""
    if shutil.which("lognormalizer") is None:
        return 0.0
    rules = log.with_name("rules")
    rules.write_text("version=2\n" + RULES[name])
    begin = time.perf_counter()
    with log.open() as file:
        found = subprocess.run(
            f"lognormalizer -r {rules} -e json | tail -c 20000",
            shell=True,
            stdin=file,
            stdout=subprocess.PIPE,
            check=True,
        )
    if b"unparsed-data" in found.stdout:
        raise SystemExit(f"bench: liblognorm does not read {name}")
    return time.perf_counter() - begin


def lnav(log: Path, name: str, count: int) -> float:
    """Seconds that lnav takes; 0 where it isn't installed, or has no format for these lines."""
    if shutil.which("lnav") is None or name not in PATTERNS:
        return 0.0
    folder = log.with_name("lnav")
    formats = folder / "formats" / "bench"
    formats.mkdir(parents=True, exist_ok=True)
    pattern = PATTERNS[name]
    fields = [field for field in _FIELDS if f"(?<{field}>" in pattern]
    definition = {
        "$schema": "https://lnav.org/schemas/format-v1.schema.json",
        "bench_log": {
            "title": "bench",
            "regex": {"line": {"pattern": pattern}},
            "timestamp-format": ["%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S"],
            "value": {field: {"kind": "string"} for field in fields},
            "sample": [{"line": log.open().readline().rstrip("\n")}],
        },
    }
    (formats / "format.json").write_text(json.dumps(definition))
    lengths = ", ".join(f'sum(length("{field}"))' for field in fields)
    begin = time.perf_counter()
    found = subprocess.run(
        ["lnav", "-n", "-N", "-I", str(folder), "-c", f";SELECT count(*), {lengths} FROM bench_log", str(log)],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "HOME": str(folder)},
    )
    seconds = time.perf_counter() - begin
    shutil.rmtree(folder)
    return seconds if str(count).encode() in found.stdout else 0.0
