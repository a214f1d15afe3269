"""The driver for Juniper Junos: the whole configuration is loaded, compared, checked and committed by the device.

Three habits of Junos decide how. `commit check` confirms a confirmed commit that waits, without committing anything
else; so it is what confirms here, and is never used while somebody else's change waits. A commit makes active what the
candidate holds; so a change is taken back by loading the text of what ran before, which means the same whether the
device has gone back in the meantime or not. What `configure exclusive` did not commit is gone when the session ends.
"""

from __future__ import annotations

import math
import re
import secrets
from typing import TYPE_CHECKING

import msgspec

from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import ConfirmFailed, DeviceLocked, DeviceRefused, NothingKept, PushError
from ggi_net.push import junos_show as show
from ggi_net.push.cli import Cli, artifact_of
from ggi_net.push.commands import tree_diff
from ggi_net.push.driver import Armed, Change, Health, Identity
from ggi_net.push.junos_shell import JunosShell
from ggi_net.push.junos_text import loadable, masked, without_forms
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.config.statement import Statement
    from ggi_net.push.driver import Target
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver

_SERIAL = re.compile(r"^Chassis +(\S+)", re.MULTILINE)
_COUNT = re.compile(r"^Count: (\d+) lines", re.MULTILINE)
_ERROR = re.compile(r"^(?:terminal:(?P<line>\d+):\(\d+\) )?(?P<words>(?:error:|syntax error|missing).*)$", re.MULTILINE)
_LOCKED = re.compile(r"^error: configuration database locked by:\s+(.+?)(?:,|\n|\Z)", re.MULTILINE)
_NOTES = re.compile(r"\[edit.*\]|# commit confirmed will be rolled back .*|\{\S+\}(?:\[edit.*\])?")
"""What stands before a prompt, below an empty line."""
_CENSORED = "/* SECRET-DATA */"
_END_OF_TEXT = "\x04"
_COMMENT = "ggi"
_COMMIT_SECONDS = 300.0


class JunosSession:
    """A session with one Junos device."""

    def __init__(self, target: Target, resolver: Resolver) -> None:
        self._target = target
        self._resolver = resolver
        self._rules = load_rules(target.platform.drift).of(artifact_of(target).file)
        self._key = secrets.token_bytes(32)
        self._exclusive = False
        self._read_last = ""
        self._cli = Cli(target, resolver, JunosShell, "juniper_junos")
        user, _, self._hostname = str(self._cli.shell.base_prompt).partition("@")
        self._cli.expect(re.compile(rf"^{re.escape(user)}@[\w.-]+[>#] ?", re.MULTILINE))

    def identify(self) -> Identity:
        """The name in the prompt and the serial number of the chassis."""
        found = _SERIAL.search(self._ask("show chassis hardware"))
        return Identity(self._hostname, found.group(1) if found else "")

    def lock(self, holder: str) -> None:
        """Take the candidate for this session alone; `holder` is not told to others, who see the user and since when.

        Raises DeviceLocked, also when somebody left changes in the candidate that are not committed.
        """
        if self._exclusive:
            return
        answer = self._cli.command("configure exclusive")
        if "Entering configuration mode" in answer:
            self._exclusive = True
            return
        found = _LOCKED.search(answer)
        if found:
            raise DeviceLocked(f"{self._target.device}: {self._cli.said(found[1])} is changing its configuration")
        if "configuration database modified" in answer:
            raise DeviceLocked(
                f"{self._target.device}: somebody left changes in its candidate configuration that are not committed",
                hint="look at them on the device (`configure`, `show | compare`), commit or discard them, push again",
            )
        raise DeviceRefused(f"{self._target.device}: no exclusive configuration mode: {self._cli.said(answer)}")

    def armed(self) -> Armed | None:
        """The confirmed commit that waits, by the comment that a push gave it."""
        newest = next(iter(self._commits()), None)
        if newest is None or not newest.pending:
            return None
        return Armed(newest.comment.removeprefix(f"{_COMMENT} ") if newest.comment.startswith(_COMMENT) else "")

    def health(self) -> Health:
        """Its BGP sessions and what goes out over them, and the room for its configurations."""
        instances = {
            address: instance for instance, address in show.neighbors(self._read(self._read_last or self.running()))
        }
        up = show.peers(self._whole("show bgp summary"))
        sent: dict[str, dict[int, list[frozenset[str]]]] = {}
        for address, established in up.items():
            if established:
                found = show.advertised(self._whole(f"show route advertising-protocol bgp {address}"))
                family = 6 if ":" in address else 4
                sent.setdefault(instances.get(address, "default"), {}).setdefault(family, []).append(found)
        return Health(
            sessions={f"{instances.get(address, 'default')}/{address}": state for address, state in up.items()},
            announced={
                instance: frozenset().union(*(frozenset.intersection(*sets) for sets in families.values()))
                for instance, families in sent.items()
            },
            free_bytes=show.free_bytes(self._ask("show system storage")),
        )

    def running(self) -> str:
        """The active configuration as the device shows it; raise PushError for a truncated or a censored one."""
        self._read_last = self._whole("show configuration")
        if _CENSORED in self._read_last:
            raise PushError(
                f"{self._target.device}: the device does not show secrets to this account",
                hint="give it a class with all permissions (`permissions all`)",
            )
        return self._read_last

    def compare(self, artifacts: Sequence[Artifact]) -> Change:
        """Compare by meaning; the diff is the device's own unless somebody else holds the lock."""
        [artifact] = artifacts
        return self._to(self._resolver.resolve(artifact.text))

    def before(self, run: str) -> Change:
        """What has to change for what ran before push `run`, of the device's own archive."""
        return self._to(self._archived(run))

    def change(self, change: Change, run: str, seconds: int) -> None:
        """Load, let the device check it, and commit it until it is confirmed: minutes are what the device counts."""
        [text] = change.steps
        minutes = max(1, math.ceil(seconds / 60))
        try:
            self._load(str(text))
            self._said("commit check", "configuration check succeeds")
            self._said(f'commit confirmed {minutes} comment "{_COMMENT} {run}"', "commit complete")
        except DeviceRefused:
            self._ask("rollback 0")
            raise

    def confirm(self, run: str) -> None:
        """Confirm by `commit check`, which commits nothing: what was committed is saved already."""
        waits = self.armed()
        if waits is None:
            return
        if waits.run != run:
            raise PushError(f"{self._target.device}: another change waits for its confirmation than that of run {run}")
        self.lock("")
        self._said("commit check", "configuration check succeeds")
        if self.armed() is not None:
            raise ConfirmFailed(f"{self._target.device}: it does not take the confirmation of run {run}")

    def revert(self) -> None:
        """Commit again what ran before the commit that waits."""
        entries = self._commits()
        if not entries or not entries[0].pending:
            return
        before = self._rollback(1, entries)
        self.lock("")
        self._load(before)
        self._said(f'commit comment "{_COMMENT} back to before {entries[0].comment}"', "commit complete")

    def close(self) -> None:
        """End the session."""
        self._cli.close()

    # -- comparing -------------------------------------------------------------------------------------

    def _to(self, text: str) -> Change:
        """What has to change for the device to run `text`."""
        running = self.running()
        wanted = self._reader.intended(text, f"{self._target.device}/{artifact_of(self._target).file}")
        there = self._read(running, wanted)
        diff = tree_diff(wanted, there, self._rules)
        if not diff:
            return Change("", ())
        every = Reader(msgspec.structs.replace(self._rules, ignored=()), self._key)
        step = loadable(wanted, every.running(running, f"configuration of {self._target.device}", wanted), self._rules)
        return Change(self._resolver.masker(self._own_diff(step) or diff), (step,))

    @property
    def _reader(self) -> Reader:
        return Reader(self._rules, self._key)

    def _read(self, running: str, wanted: Statement | None = None) -> Statement:
        if wanted is None:
            return self._reader.intended(running, f"configuration of {self._target.device}")
        return self._reader.running(running, f"configuration of {self._target.device}", wanted)

    def _own_diff(self, text: str) -> str:
        """The device's own diff; empty when it has none to give, since somebody else holds its lock or refuses it."""
        mine = self._exclusive
        try:
            self.lock("")
        except DeviceLocked:
            return ""
        try:
            self._load(text)
            diff = printable_lines(masked(self._ask("show | compare")))
        except DeviceRefused:
            diff = ""
        self._ask("rollback 0")
        if not mine:
            self._ask("exit configuration-mode")
            self._exclusive = False
        return diff

    # -- the archive -----------------------------------------------------------------------------------

    def _commits(self) -> list[show.Entry]:
        return show.commits(self._whole("show system commit"))

    def _archived(self, run: str) -> str:
        """What ran before push `run`; raise NothingKept."""
        entries = self._commits()
        mine = [entry.number for entry in entries if entry.comment == f"{_COMMENT} {run}"]
        if not mine:
            raise NothingKept(f"{self._target.device}: no commit of run {run} is in its archive")
        return self._rollback(mine[-1] + 1, entries)

    def _rollback(self, number: int, entries: list[show.Entry]) -> str:
        """The configuration of that number; raise PushError when `entries` are no longer those of the archive.

        Numbers count from what is active: when the device goes back by itself, each configuration gets another one.
        """
        text = self._whole(f"show system rollback {number}")
        if _ERROR.match(text):
            raise NothingKept(f"{self._target.device}: its archive has no configuration {number}")
        if self._commits() != entries:
            raise PushError(f"{self._target.device}: somebody committed meanwhile, or it went back", hint="try again")
        return text

    # -- talking ---------------------------------------------------------------------------------------

    def _ask(self, command: str, seconds: float = _COMMIT_SECONDS) -> str:
        """The answer to a command, in whichever mode the session is, without what stands before the prompt."""
        operational = command.startswith("show ") and not command.startswith("show | ")
        text = self._cli.command(f"run {command}" if self._exclusive and operational else command, seconds=seconds)
        lines = text.splitlines()
        while lines and _NOTES.fullmatch(lines[-1]):
            lines.pop()
        if lines and not lines[-1]:
            lines.pop()
        return "\n".join(lines)

    def _whole(self, command: str) -> str:
        """The answer to a show command, seen to be complete; raise PushError for one that is cut short."""
        text = self._ask(command)
        counted = _COUNT.search(self._ask(f"{command} | count"))
        if counted is None or int(counted[1]) not in (len(text.splitlines()), len(text.rstrip("\n").splitlines())):
            raise PushError(f"{self._target.device}: the answer to `{command}` came in incomplete", hint="try again")
        return text

    def _said(self, command: str, expected: str) -> str:
        """The answer to a command that must hold `expected`; raise DeviceRefused with the device's words."""
        answer = self._ask(command)
        if expected not in answer:
            what, words = command.partition(" comment")[0], " / ".join(line.strip() for line in answer.splitlines())
            raise DeviceRefused(f"{self._target.device} refused `{what}`: {self._words(words)}")
        return answer

    def _load(self, text: str) -> None:
        """Replace the candidate by `text`; raise DeviceRefused with the line that the device does not take."""
        begun = self._cli.command("load override terminal", expect=r"\^D at a new line to end input\]\s*")
        if "[Type" not in begun:
            found = _ERROR.search(begun)
            raise DeviceRefused(
                f"{self._target.device} loads nothing: {self._words(found['words'] if found else begun)}"
            )
        [answer] = self._cli.send(f"{text}{_END_OF_TEXT}", 1, seconds=_COMMIT_SECONDS)
        refused = next((found for found in _ERROR.finditer(answer) if found["line"]), None)
        if refused or "load complete" not in answer:
            lines = text.splitlines()
            number = int(refused["line"]) if refused else 0
            line = lines[number - 1].strip() if 0 < number <= len(lines) else "the configuration"
            words = refused["words"] if refused else "it was not loaded"
            self._ask("rollback 0")
            raise DeviceRefused(f"{self._target.device} refused '{self._words(line)}': {self._words(words)}")

    def _words(self, text: str) -> str:
        """The device's words for a message, without the forms in which it shows secrets."""
        return self._cli.said(without_forms(text))


def printable_lines(text: str) -> str:
    """A device's text with each line made safe to be shown."""
    return "".join(f"{printable(line, 400)}\n" for line in text.splitlines())
