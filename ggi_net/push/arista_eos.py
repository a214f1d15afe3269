"""The driver for Arista EOS: a change is a configuration session, tried before it is made, applied as one, on a timer.

The source is Arista's user manual ("Configure Session"). docs/arista-eos.md says what of this is still to be tried on a
real device.

What is entered are the commands that lead from what runs to what is intended, not `rollback clean-config` and the whole
configuration: lines that are none of our business stay (what the model of the device needs), and secrets that have not
changed are not entered again. That it is enough is proven before it is applied: what the session would run must mean
what is intended. Only going back is done with the whole file, which is the device's own.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netmiko.arista import AristaSSH

from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import ConfirmFailed, DeviceLocked, DeviceRefused, NothingKept, PushError
from ggi_net.push import eos_show
from ggi_net.push.cli import Cli, PinnedHostKey, artifact_of
from ggi_net.push.commands import commands
from ggi_net.push.diff import of_device, without_secret
from ggi_net.push.driver import Armed, Change, Identity
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.push.driver import Health, Target
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver

_DISK = "flash:"
_OURS, _LOCK, _TRIAL = "ggi-", "ggi-lock-", "ggi-try-"
_KEPT = re.compile(r"\bggi-(\d{8}T\d{6}Z-[0-9a-f]{6})\.cfg\b")
_KEEPS = 10
"""So many configurations of before a push are kept on the device."""
_SERIAL = re.compile(r"^Serial number: +(\S+)", re.MULTILINE)
_ERROR = re.compile(r"^\s*(% .*)$", re.MULTILINE)
_HARMLESS = re.compile(r"% Warning", re.IGNORECASE)
_SAVED = "Copy completed successfully"
_ANY_PROMPT = r"^[^\s#>]{1,80}[#>] ?"
"""After a commit the device may have another name."""
_COMMIT_SECONDS = 300.0
_LONGEST_NAME = 64
_AT_ONCE = 64


class _Shell(PinnedHostKey, AristaSSH):  # type: ignore[misc]  # netmiko has no type information
    """netmiko's EOS session, which accepts the one host key that it was given and no other."""


@dataclass(frozen=True)
class _Enter:
    """Enter `lines`; what would run then must mean `intended`."""

    lines: tuple[str, ...]
    intended: str


@dataclass(frozen=True)
class _Restore:
    """Run what is in a file on the device; `intended` is what it says."""

    file: str
    intended: str


class EosSession:
    """A session with one EOS device.

    EOS has no lock that ends with the session that took it. Who pushes is in a configuration session of its own for as
    long, over a connection of its own; everybody can see who is in one, and that ends with the connection. Anybody else
    in a configuration session keeps a push out, too: what is committed there takes the place of all that runs.
    """

    def __init__(self, target: Target, resolver: Resolver) -> None:
        self._target = target
        self._resolver = resolver
        self._rules = load_rules(target.platform.drift).of(artifact_of(target).file)
        self._secrets = tuple(re.compile(pattern) for pattern in self._rules.secrets)
        self._locked: tuple[Cli, str] | None = None
        self._cli = self._open()

    def identify(self) -> Identity:
        """The name in the prompt and the serial number of the chassis."""
        found = _SERIAL.search(self._cli.command("show version"))
        return Identity(self._cli.shell.base_prompt, found.group(1) if found else "")

    def lock(self, holder: str) -> None:
        """Be in a configuration session that says who we are; raise DeviceLocked when somebody else is in one."""
        for name, config in eos_show.sessions(self._cli).sessions.items():
            if name.startswith(_OURS) and config.pending and not config.instances:
                self._cli.command(f"configure session {name} abort")
        name = _LOCK + re.sub(r"[^A-Za-z0-9.-]+", "-", holder)[: _LONGEST_NAME - len(_LOCK)]
        cli = self._open()
        self._locked = cli, name
        self._accepted(cli.command(f"configure session {name}"), "no configuration session")
        for other, config in eos_show.sessions(self._cli).sessions.items():
            inside = next(iter(config.instances.values()), None)
            if inside and config.pending and other != name and not other.startswith(_TRIAL):
                raise DeviceLocked(
                    f"{self._target.device}: {self._cli.said(inside.user)} ({self._cli.said(inside.terminal)}) is in "
                    f"configuration session '{self._cli.said(other)}'"
                )

    def armed(self) -> Armed | None:
        """The commit that waits for its confirmation; its time is told differently by each release, so not at all."""
        name = self._waiting()
        return Armed(run=name.removeprefix(_OURS)) if name else None

    def health(self) -> Health:
        """Its BGP sessions, what it announces where the target says what it should, and the room on its disk."""
        return eos_show.health(self._cli, self._target.announces, _DISK)

    def running(self) -> str:
        """The running configuration as the device shows it; raise PushError for a truncated one."""
        return self._whole(self._cli.command("show running-config"), "running configuration")

    def compare(self, artifacts: Sequence[Artifact]) -> Change:
        """Compare by meaning; what differs is tried in a session, so that the diff is the device's own."""
        [artifact] = artifacts
        intended = self._resolver.resolve(artifact.text)
        lines = self._plan(intended, self.running())
        return self._tried(_Enter(lines, intended)) if lines else Change("", ())

    def before(self, run: str) -> Change:
        """Compare with the configuration that was kept before push `run`."""
        if run not in self._kept():
            raise NothingKept(f"{self._target.device}: no configuration of before run {run} is on its disk")
        said = self._cli.command(f"more {_DISK}{_file(run)}")
        kept = self._whole(said, f"configuration of before run {run}")
        return self._tried(_Restore(_file(run), kept)) if self._plan(kept, self.running()) else Change("", ())

    def change(self, change: Change, run: str, seconds: int) -> None:
        """Keep what runs, and commit on a timer: the device applies all of it at once, and takes it back by itself."""
        self._keep(run)
        name = f"{_OURS}{run}"
        with self._session(name):
            for step in change.steps:
                self._prepare(step)
            minutes, rest = divmod(seconds, 60)
            timer = f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"
            said = self._cli.command(f"commit timer {timer}", expect=_ANY_PROMPT, seconds=_COMMIT_SECONDS)
            self._accepted(said, "the commit is refused")
        self._cli.renamed()
        if self._waiting() != name:
            raise PushError(f"{self._target.device}: the commit waits for no confirmation")

    def confirm(self, run: str) -> None:
        """Keep what was committed, and save it; raise ConfirmFailed when it is not saved."""
        name = f"{_OURS}{run}"
        if self._waiting() == name:
            said = self._cli.command(f"configure session {name} commit", seconds=_COMMIT_SECONDS)
            if self._waiting():
                raise PushError(f"{self._target.device}: the change can't be confirmed: {self._cli.said(said)}")
        self._save()
        for old in sorted(self._kept())[:-_KEEPS]:
            self._cli.command(f"delete {_DISK}{_file(old)}")

    def revert(self) -> None:
        """Let what was committed go back now."""
        name = self._waiting()
        if name:
            said = self._cli.command(f"configure session {name} abort", expect=_ANY_PROMPT, seconds=_COMMIT_SECONDS)
            self._cli.renamed()
            if self._waiting():
                raise PushError(f"{self._target.device}: it does not go back at once: {self._cli.said(said)}")

    def close(self) -> None:
        """End the session, and with it the lock."""
        if self._locked:
            cli, _ = self._locked
            self._locked = None
            with suppress(PushError):
                cli.command("abort", seconds=1.0)
            cli.close()
        self._cli.close()

    def _open(self) -> Cli:
        return Cli(self._target, self._resolver, _Shell, "arista_eos", _enable)

    def _waiting(self) -> str:
        """The session whose commit waits for its confirmation; empty when none does."""
        return eos_show.sessions(self._cli).waiting

    def _kept(self) -> list[str]:
        """The pushes of which the device keeps what ran before."""
        return _KEPT.findall(self._cli.command(f"dir {_DISK}"))

    def _keep(self, run: str) -> None:
        """Keep what runs under `run`, and as what the device starts with; raise DeviceRefused when it can't be kept."""
        said = self._cli.command(f"copy running-config {_DISK}{_file(run)}")
        if _SAVED not in said:
            raise DeviceRefused(
                f"{self._target.device}: what runs can't be kept on its disk: {self._cli.said(_refusal(said) or said)}",
                hint="nothing was changed; make room on the device, then push again",
            )
        if self._cli.command("show running-config diffs").strip():
            self._save()

    def _save(self) -> None:
        """Let the device start with what runs now; raise ConfirmFailed when it does not."""
        said = self._cli.command("write memory")
        if _SAVED not in said:
            raise ConfirmFailed(
                f"{self._target.device}: what runs could not be saved: {self._cli.said(_refusal(said) or said)}",
                hint="make room on the device, then push again",
            )

    def _tried(self, step: _Enter | _Restore) -> Change:
        """The change that a step makes, tried in a session that is given up again; empty when it makes none."""
        name = f"{_TRIAL}{secrets.token_hex(4)}"
        with self._session(name):
            self._prepare(step)
            diff = self._cli.command("show session-config diffs")
            self._abandon(name)
        shown = of_device(artifact_of(self._target).file, diff, self._secrets, self._resolver.masker)
        return Change(shown, (step,)) if shown else Change("", ())

    def _prepare(self, step: object) -> None:
        """Make a step in the configuration session that we are in; raise DeviceRefused unless it says what is meant."""
        if isinstance(step, _Restore):
            self._accepted(self._cli.command("rollback clean-config"), "its old configuration can't be brought back")
            said = self._cli.command(f"copy {_DISK}{step.file} session-config")
            self._accepted(said, f"{step.file} can't be read")
            intended = step.intended
        elif isinstance(step, _Enter):
            self._enter(step.lines)
            intended = step.intended
        else:
            raise TypeError(f"not a step of this driver: {type(step).__name__}")
        candidate = self._whole(self._cli.command("show session-config"), "configuration of the session")
        left = self._plan(intended, candidate)
        if left:
            raise DeviceRefused(
                f"{self._target.device}: {len(left)} lines short of what is meant, the first '{self._line(left[0])}'",
                hint="nothing was changed; the device takes these lines for something else",
            )

    @contextmanager
    def _session(self, name: str) -> Iterator[None]:
        """Be in a configuration session; it is given up when anything goes wrong in it."""
        self._accepted(self._cli.command(f"configure session {name}"), "no configuration session")
        try:
            yield
        except PushError:
            with suppress(PushError):
                self._abandon(name)
            raise

    def _abandon(self, name: str) -> None:
        """Out of a session and of its sections, and away with it."""
        self._cli.command("end")
        self._cli.command(f"configure session {name} abort")

    def _enter(self, lines: Sequence[str]) -> None:
        """Enter lines; raise DeviceRefused with the line that the device refused. A text gets one answer."""
        units = list(_units(lines, self._rules.text_end))
        for start in range(0, len(units), _AT_ONCE):
            group = units[start : start + _AT_ONCE]
            answers = self._cli.send("".join(f"{unit}\n" for unit in group), len(group))
            for unit, answer in zip(group, answers, strict=False):
                refusal = _refusal(answer)
                if refusal:
                    line = self._line(unit.partition("\n")[0])
                    raise DeviceRefused(
                        f"{self._target.device} refused '{line}': {self._cli.said(refusal)}",
                        hint="nothing was changed; correct what the device refuses, then push again",
                    )

    def _accepted(self, said: str, what: str) -> None:
        refusal = _refusal(said)
        if refusal:
            raise DeviceRefused(f"{self._target.device}: {what}: {self._cli.said(refusal)}", hint="nothing was changed")

    def _plan(self, intended: str, running: str) -> tuple[str, ...]:
        """The lines that lead from one configuration to the other."""
        reader = Reader(self._rules, secrets.token_bytes(32))
        wanted = reader.intended(intended, f"{self._target.device}/{artifact_of(self._target).file}")
        there = reader.running(running, f"running-config of {self._target.device}", wanted)
        return tuple(commands(wanted, there, self._rules))

    def _whole(self, text: str, what: str) -> str:
        if not re.search(r"^end\s*\Z", text, re.MULTILINE):
            raise PushError(f"{self._target.device}: the {what} came in incomplete", hint="try again")
        return text

    def _line(self, line: str) -> str:
        """A line of a configuration as people may see it."""
        return printable(self._resolver.masker(without_secret(line.strip(), self._secrets)), 160)


def _enable(shell: Any) -> None:
    """Take the rights of the enable mode where the login did not give them."""
    if not shell.check_enable_mode():
        shell.enable()


def _file(run: str) -> str:
    """What ran before push `run` is called so on the device's disk."""
    return f"{_OURS}{run}.cfg"


def _refusal(said: str) -> str:
    """What the device says instead of taking something; empty when it took it."""
    found = next((match for match in _ERROR.finditer(said) if not _HARMLESS.match(match[1])), None)
    return found[1] if found else ""


def _units(lines: Sequence[str], end: str) -> Iterator[str]:
    """The lines, each text (a banner) with all that belongs to it as one."""
    text: list[str] = []
    for line in lines:
        if text:
            text.append(line)
            if line.strip() == end:
                yield "\n".join(text)
                text = []
        elif re.fullmatch(r"banner (?:login|motd)", line.strip()):
            text = [line]
        else:
            yield line
