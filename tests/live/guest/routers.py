"""The devices: each in a network, mount and host-name namespace of its own, with its artifacts where they belong."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

from space import Body, say, sh


class Router:
    """One device and the commands that run as if on it."""

    def __init__(self, name, record):
        self.name = name
        self.record = record
        self.body = Body(name)

    def sh(self, *command, text=None, ok=(0,)):
        return sh(*command, text=text, ok=ok, enter=self.body.enter)

    def start(self, *command):
        """A daemon that stays in the foreground; it ends with the machine."""
        with Path(f"/mnt/share/{self.name}.{Path(command[0]).name}.log").open("w") as out:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=self.body.enter
            )

    def place_files(self):
        """Write every artifact to the path that its platform gives, in place of what the package brought."""
        for stale in ("/etc/network/interfaces", "/etc/frr/frr.conf", "/etc/frr/vtysh.conf"):
            self.body.path(stale).unlink(missing_ok=True)
        for folder, owner in (("/run/frr", "frr"), ("/run/network", "root")):
            self.body.path(folder).mkdir()
            shutil.chown(self.body.path(folder), owner, owner)
        for item in self.record["files"]:
            path = self.body.path(item["path"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(item["text"])
            path.chmod(int(item["mode"], 8))
            shutil.chown(path, *item["owner"].split(":"))

    def has(self, path):
        return any(item["path"] == path for item in self.record["files"])

    def vtysh(self, *commands):
        """The JSON answers of several show commands, in one run of vtysh."""
        text = self.sh("vtysh", *(word for command in commands for word in ("-c", command)))
        decoder, answers, place = json.JSONDecoder(), [], 0
        for command in commands:
            place += len(text[place:]) - len(text[place:].lstrip())
            try:
                answer, place = decoder.raw_decode(text, place)
            except json.JSONDecodeError:
                raise SystemExit(f"{self.name}: {command}: {text[place : place + 300]!r}") from None
            answers.append(answer)
        return answers

    def frr_daemons(self):
        """What /etc/frr/daemons starts, with its options, in the order of starting; zebra and staticd always run."""
        settings = {}
        for line in self.body.path("/etc/frr/daemons").read_text().splitlines():
            key, separator, value = line.partition("=")
            if separator and not key.startswith("#"):
                settings[key.strip()] = value.strip().strip('"')
        return [
            [name, *settings.get(f"{name}_options", "").split()]
            for name in ("zebra", "staticd", "bgpd", "bfdd", "vrrpd")
            if name in ("zebra", "staticd") or settings.get(name) == "yes"
        ]


def wait(what, seconds, path):
    """Wait until `path` exists; stop the job when it does not in time."""
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    say(what)
