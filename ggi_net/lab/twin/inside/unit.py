"""A systemd service as its unit file describes it, with its drop-ins: as much of it as a device's daemons use."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

_FOLDERS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"), Path("/usr/lib/systemd/system"))
_ALIASES = {"sshd": "ssh", "strongswan-swanctl": "strongswan", "syslog": "rsyslog"}


class Unit:
    """One service. Settings are lists in the order of the files; an empty value forgets what came before it."""

    def __init__(self, name: str) -> None:
        plain = name.removesuffix(".service")
        self.name = _ALIASES.get(plain, plain)
        self._settings: dict[str, list[str]] = {}
        file = next((f / f"{self.name}.service" for f in _FOLDERS if (f / f"{self.name}.service").exists()), None)
        self.exists = file is not None
        drop_ins = sorted(p for f in _FOLDERS for p in (f / f"{self.name}.service.d").glob("*.conf"))
        for path in [file, *drop_ins] if file else []:
            self._read(path.read_text())

    def _read(self, text: str) -> None:
        for line in text.replace("\\\n", " ").splitlines():
            key, separator, value = line.strip().partition("=")
            if not separator or key.startswith(("#", ";")):
                continue
            if value:
                self._settings.setdefault(key, []).append(value)
            else:
                self._settings.pop(key, None)

    def last(self, key: str, default: str = "") -> str:
        """The value of a setting that has one."""
        return self._settings.get(key, [default])[-1]

    def commands(self, key: str, environment: dict[str, str]) -> list[list[str]]:
        """The command lines of `key` with variables filled in; what stands before a path (`-`, `!`, `+`) is dropped."""
        found = []
        for line in self._settings.get(key, ()):
            words: list[str] = []
            for word in shlex.split(line):
                if word.startswith("$"):
                    words += environment.get(word.strip("${}"), "").split()
                else:
                    words.append(word)
            found.append([words[0].lstrip("-@!+:"), *words[1:]])
        return found

    def environment(self) -> dict[str, str]:
        """What the unit sets for its processes; `%H` is the host's name."""
        found = {}
        for path in self._settings.get("EnvironmentFile", ()):
            file = Path(path.lstrip("-"))
            lines = file.read_text().splitlines() if file.exists() else []
            for word in (w for line in lines if not line.startswith("#") for w in shlex.split(line)):
                key, separator, value = word.partition("=")
                if separator:
                    found[key] = value
        for line in self._settings.get("Environment", ()):
            for word in shlex.split(line):
                key, _, value = word.partition("=")
                found[key] = value.replace("%H", os.uname().nodename)
        return found
