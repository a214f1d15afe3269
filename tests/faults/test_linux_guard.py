"""The guard of a Debian host by itself: killed at any point of what it does, and run again, it brings the old back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest

from ggi_net.push.linux_files import Found, beside, stream

SCRIPTS = files("ggi_net.push")
TOOLS = ("mv", "rm", "sync", "cat", "ln", "flock", "mkdir", "sh")
MORTAL = """\
#!/bin/sh
# One tool of the host: at the call that was chosen it ends its caller instead.
read -r count <"$COUNT"
echo $((count + 1)) >"$COUNT"
if [ "$count" = "$DIES_AT" ]; then
	kill -KILL $PPID
	exit 1
fi
exec {tool} "$@"
"""
RUN = "20260101T000000Z-a"


class Place:
    """A file system with two old files, and a push that changes both, adds one, and takes one away."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.base = f"{self.root}/var/lib/ggi/push"
        (self.root / "etc").mkdir(parents=True)
        self.old = {"a": "old a\n", "b": "old b\n", "gone": "old gone\n"}
        self.new = {"a": "new a\n", "b": "new b\n", "added": "new added\n"}
        for name, text in self.old.items():
            (self.root / "etc" / name).write_text(text)
        self.tools = folder / "tools"
        self.tools.mkdir()
        for name in TOOLS:
            (self.tools / name).write_text(MORTAL.format(tool=shutil.which(name)))
            (self.tools / name).chmod(0o755)
        self.count = folder / "count"

    def push(self, seconds: int = 3600, apply: str = "true", test: str = "") -> subprocess.CompletedProcess[str]:
        """Send it as the driver does."""
        etc, folder = f"{self.root}/etc", f"{self.base}/{RUN}"
        lists = {
            "plan": "".join(f"put {etc}/{name}\n" for name in self.new) + f"drop {etc}/gone\n",
            "shows": "", "tests": f"{test}\n" if test else "",
            "apply": f"{apply}\n", "undo": f"echo undone >>{self.root}/undone\n",
        }  # fmt: skip
        sent = {f"{folder}/{name}": Found(text.encode(), 0o600, _me()) for name, text in lists.items()}
        sent |= {beside(f"{etc}/{name}"): Found(text.encode(), 0o640, _me()) for name, text in self.new.items()}
        given = stream((f"{self.base}/guard", (SCRIPTS / "guard.sh").read_bytes()), sent)
        given = given.replace(b"root:root", _me().encode())
        script = str(SCRIPTS / "receive.sh")
        return subprocess.run(
            ["sh", script, self.base, RUN, str(seconds)], input=given.decode(), capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip

    def guard(self, *words: str, dies_at: int = 0) -> int:
        """Call the guard, whose caller is killed at its `dies_at`-th tool; return how many it called."""
        self.count.write_text("1\n")
        environment = {
            **os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "COUNT": str(self.count),
            "DIES_AT": str(dies_at),
        }  # fmt: skip
        subprocess.run(
            ["/bin/sh", f"{self.base}/guard", *words], env=environment, check=False, timeout=60, capture_output=True
        )
        return int(self.count.read_text()) - 1

    def etc(self, *, all_of_it: bool = True) -> dict[str, str]:
        """What is in /etc, with or without what lies beside the files."""
        there = (self.root / "etc").iterdir()
        return {path.name: path.read_text() for path in there if all_of_it or not path.name.startswith(".ggi-")}

    @property
    def armed(self) -> bool:
        """Whether the old files would come back."""
        return Path(f"{self.base}/armed").exists()


def _me() -> str:
    return f"{Path.home().owner()}:{Path.home().group()}" if os.geteuid() else "root:root"


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if made.base.encode() in (process / "cmdline").read_bytes():
                os.killpg(int(process.name), signal.SIGKILL)


def test_a_confirmed_push_stays(place):
    assert place.push().returncode == 0
    assert place.armed
    place.guard("confirm", RUN)
    assert place.etc() == place.new
    place.guard("restore")
    assert place.etc() == place.new


def test_going_back_may_be_killed_anywhere_and_done_again(place):
    place.push()
    steps = place.guard("restore")
    assert place.etc() == place.old
    assert steps > 15
    for number in range(1, steps + 1):
        shutil.rmtree(place.base)
        place.push()
        assert place.etc(all_of_it=False) == place.new
        place.guard("restore", dies_at=number)
        place.guard("restore")
        assert (place.etc(), place.armed) == (place.old, False), f"killed at step {number}"


def test_confirming_may_be_killed_anywhere_and_is_decided_by_one_rename(place):
    place.push()
    steps = place.guard("confirm", RUN)
    for number in range(1, steps + 1):
        _again(place)
        place.push()
        place.guard("confirm", RUN, dies_at=number)
        armed = place.armed
        place.guard("restore")
        assert place.etc(all_of_it=False) == (place.old if armed else place.new), f"killed at step {number}"


def test_the_change_may_be_killed_anywhere(place):
    place.push(apply="true")
    place.guard("restore")
    for number in range(1, 40):
        _again(place)
        place.push(test="false")  # refused: only the guard is there
        _prepared(place)
        steps = place.guard("change", RUN, "3600", dies_at=number)
        assert place.armed or place.etc(all_of_it=False) == place.old, f"killed at step {number}"
        place.guard("restore")
        assert place.etc(all_of_it=False) == place.old, f"killed at step {number}"
        if steps < number:
            return
    pytest.fail("it never ended")


def test_a_hanging_command_is_ended_when_the_time_is_up(place):
    started = time.monotonic()
    done = place.push(seconds=1, apply="sleep 600")
    assert done.returncode != 0
    while place.armed:
        assert time.monotonic() < started + 20
        time.sleep(0.05)
    assert place.etc() == place.old
    assert (place.root / "undone").read_text() == "undone\n"


def test_a_refusing_test_changes_nothing_and_leaves_nothing(place):
    done = place.push(test="echo line 3 is wrong; false")
    assert (done.returncode, "line 3 is wrong" in done.stdout) == (3, True)
    assert place.etc() == place.old
    assert [path.name for path in Path(place.base).iterdir()] == ["guard"]


def test_files_that_come_in_incomplete_change_nothing(place, monkeypatch):
    whole = stream
    monkeypatch.setitem(globals(), "stream", lambda guard, sent: whole(guard, sent)[:-12])
    assert place.push().returncode == 3
    assert place.etc() == place.old


def test_a_link_that_somebody_put_there_is_not_followed(place):
    elsewhere = place.root / "elsewhere"
    elsewhere.write_text("precious\n")
    (place.root / "etc/.ggi-new.a").symlink_to(elsewhere)
    assert place.push().returncode == 0
    assert elsewhere.read_text() == "precious\n"


def test_a_file_has_its_mode_before_its_content(place, monkeypatch):
    seen = place.root / "seen"
    tools = place.root.parent / "first"
    tools.mkdir()
    (tools / "head").write_text(
        f"#!/bin/sh\nstat -L -c '%a %s' /proc/self/fd/3 >>{seen}\nexec {shutil.which('head')} \"$@\"\n"
    )
    (tools / "head").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    assert place.push().returncode == 0
    assert set(seen.read_text().splitlines()) == {"700 0", "600 0", "640 0"}


def _again(place: Place) -> None:
    shutil.rmtree(place.base, ignore_errors=True)
    shutil.rmtree(place.root / "etc", ignore_errors=True)
    (place.root / "etc").mkdir(parents=True)
    for name, text in place.old.items():
        (place.root / "etc" / name).write_text(text)


def _prepared(place: Place) -> None:
    """Bring the host to where a change is about to be made: everything kept, nothing renamed."""
    etc, folder = place.root / "etc", Path(place.base) / RUN
    folder.mkdir(parents=True, exist_ok=True)
    plan = "".join(f"put {etc}/{name}\n" for name in place.new) + f"drop {etc}/gone\n"
    for name, text in {"plan": plan, "shows": "", "tests": "", "apply": "true\n", "undo": "true\n"}.items():
        (folder / name).write_text(text)
    for name, text in place.new.items():
        Path(beside(f"{etc}/{name}")).write_text(text)
    subprocess.run(["sh", f"{place.base}/guard", "prepare", RUN], check=True)
