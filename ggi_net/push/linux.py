"""The driver for Debian hosts: the files and what the daemons make of them; the host's guard makes the change."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ggi_net.config.compare import differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import DeviceRefused, PushError
from ggi_net.push.driver import Change, Identity
from ggi_net.push.guard import Guard
from ggi_net.push.linux_apply import Step
from ggi_net.push.linux_files import Found, Wanted, file_diff, read_files, wanted
from ggi_net.push.linux_health import health
from ggi_net.push.ssh import Host
from ggi_net.render.platform import ArtifactKind
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.config.compare import Difference
    from ggi_net.push.driver import Armed, Health, Target
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver


class LinuxSession:
    """A session with one Debian host."""

    def __init__(self, target: Target, resolver: Resolver) -> None:
        self._target = target
        self._resolver = resolver
        self._root = target.connection.root.rstrip("/")
        self._kinds = {kind.path: kind for kind in target.platform.artifacts}
        self._rules = load_rules(target.platform.drift)
        self._host = Host(target.device, target.connection, resolver)
        self._guard = Guard(self._host, target.device, self._root, resolver)

    def identify(self) -> Identity:
        """The host's name, and its serial number where the firmware tells one."""
        answer = self._host.run(
            'hostname && { cat "$1" 2>/dev/null || true; }', f"{self._root}/sys/class/dmi/id/product_serial"
        )
        if answer.status:
            raise PushError(
                f"{self._target.device}: commands can't be run as root: {self._said(answer.errors or answer.output)}",
                hint="log in as root, or let the login use sudo without a password",
            )
        name, _, serial = answer.output.partition("\n")
        return Identity(name.strip(), serial.strip())

    def lock(self, holder: str) -> None:
        """Hold the host's lock with a process that ends with this connection."""
        self._guard.lock(holder)

    def armed(self) -> Armed | None:
        """What the host's guard would take back."""
        return self._guard.armed()

    def health(self) -> Health:
        """What the platform says is looked at."""
        return health(self._host, self._target, self._root, self._resolver)

    def compare(self, artifacts: Sequence[Artifact]) -> Change:
        """Compare content, mode and owner of every file, and by meaning what the daemons show of them."""
        items = wanted(self._target, artifacts, self._resolver)
        files = self.files([item.path for item in items])
        steps, diffs = [], []
        for item in items:
            found = files.get(item.path)
            text = self._file_diff(item.kind, found, item.file) or self._runs_else(item.kind, item.file.text)
            if text:
                steps.append(Step(item.kind, found, item.file))
                diffs.append(text)
        return Change("".join(diffs), tuple(steps))

    def before(self, run: str) -> Change:
        """Compare with what the guard kept of before `run`."""
        shown = [kind.file for kind in self._kinds.values() if self._shown_by(kind)]
        kept, texts = self._guard.kept(run, len(self._kinds), shown)
        files = self.files(list(kept))
        steps, diffs = [], []
        for path, old in kept.items():
            kind = self._kinds.get(path) or ArtifactKind(file=path, template="", path=path)
            found = files.get(path)
            text = self._file_diff(kind, found, old)
            if not text and kind.file in texts:
                text = self._runs_else(kind, texts[kind.file])
            if text:
                steps.append(Step(kind, found, old, back=True))
                diffs.append(text)
        return Change("".join(diffs), tuple(steps))

    def change(self, change: Change, run: str, seconds: int) -> None:
        """Let the guard keep what is there, arm itself and make the change."""
        steps = [step for step in change.steps if isinstance(step, Step)]
        shown = {step.kind.file: self._shown_by(step.kind) for step in steps if self._shown_by(step.kind)}
        self._guard.change(steps, list(self._kinds.values()), shown, run, seconds)

    def confirm(self, run: str) -> None:
        """Disarm the guard."""
        self._guard.confirm(run)

    def revert(self) -> None:
        """Let the guard bring back what ran before, now."""
        self._guard.restore()

    def close(self) -> None:
        """End the session, and with it the lock."""
        self._guard.close()
        self._host.close()

    def files(self, paths: Sequence[str]) -> dict[str, Found]:
        """Content, mode and owner of those of `paths` that exist."""
        return read_files(self._host, self._target.device, self._root, paths)

    def run(self, command: str) -> str:
        """The output of a command; raise DeviceRefused when it fails."""
        answer = self._host.run(command)
        if answer.status:
            raise DeviceRefused(
                f"{self._target.device}: `{command}` failed: {self._said(answer.errors or answer.output)}"
            )
        return answer.output

    def _file_diff(self, kind: ArtifactKind, old: Found | None, new: Found | None) -> str:
        return "" if old == new else file_diff(kind.file, old, new, self._resolver.masker)

    def _shown_by(self, kind: ArtifactKind) -> str:
        return self._rules.of(kind.file).shown_by

    def _runs_else(self, kind: ArtifactKind, intended: str) -> str:
        """What the daemon shows that is not `intended` although its file is, as a diff; else nothing."""
        command = self._shown_by(kind)
        if not command:
            return ""
        title = f"{kind.file}: in place, but not what the daemon runs\n"
        answer = self._host.run(command)
        if answer.status:
            return f"{title}-`{command}` failed: {self._said(answer.errors or answer.output)}\n"
        rules = self._rules.of(kind.file)
        reader = Reader(rules, secrets.token_bytes(32))
        wanted = reader.intended(intended, f"{self._target.device}/{kind.file}")
        shown = reader.running(answer.output, f"{kind.file} on {self._target.device}", wanted)
        found = differences(wanted, shown, rules, kind.file)
        return title + "".join(map(_as_diff, found)) if found else ""

    def _said(self, text: str) -> str:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return printable(self._resolver.masker(" / ".join(lines[-3:])), 300) or "it gave no reason"


def _as_diff(difference: Difference) -> str:
    above = "".join(f"{header} / " for header in difference.section)
    signs = (("-", difference.running), ("+", difference.intended))
    return "".join(f"{sign}{printable(above + text, 400)}\n" for sign, text in signs if text)


__all__ = ["Found", "LinuxSession", "Wanted", "wanted"]
