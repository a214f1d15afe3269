"""The rollback on a Debian host: what is sent to the host's own guard, and what it answers.

The guard is a shell script (`guard.sh`, which says how it works) that every push puts on the host. It keeps what ran
before, makes the change, and brings the old files back unless it is told in time that all is well.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ggi_net.errors import DeviceLocked, DeviceRefused, NothingKept, PushError, RolledBack
from ggi_net.push.driver import Armed
from ggi_net.push.linux_apply import checks_of, commands_of
from ggi_net.push.linux_files import Found, beside, read_files, stream
from ggi_net.push.ssh import COMMAND_SECONDS, SESSION_BROKE
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import paramiko

    from ggi_net.push.linux_apply import Step
    from ggi_net.push.ssh import Answer, Host
    from ggi_net.render.platform import ArtifactKind
    from ggi_net.secrets import Resolver

KEPT = "/var/lib/ggi/push"
LOCKED = "/run/ggi"

_RUN = re.compile(r"[0-9A-Za-z-]+")
_UNCHANGED, _BACK, _NOT_ARMED = 3, 4, 5
_LONGEST_LOCK_SECONDS = 3600
_LOCK = """\
umask 077
mkdir -p -- "$1" && exec 9<>"$1/push.lock" || exit 1
flock -n 9 || {
	read -r pid holder <"$1/push.lock"
	[ "$holder" != "$2" ] || kill "$pid" # an older connection of this very push, which died unseen
	flock -w 2 9 || { printf 'locked %s\\n' "$holder"; exit 1; }
}
printf '%s %s\\n' $$ "$2" >"$1/push.lock" && echo held && exec timeout "$3" cat >/dev/null
"""


class Guard:
    """The guard of one host, over one session with it. `root` is the folder that stands for `/`."""

    def __init__(self, host: Host, device: str, root: str, resolver: Resolver) -> None:
        self._host = host
        self._device = device
        self._root = root
        self._base = root + KEPT
        self._resolver = resolver
        self._lock: paramiko.Channel | None = None

    def lock(self, holder: str) -> None:
        """Hold the host's lock with a process that ends with this connection; raise DeviceLocked.

        The kernel frees the lock with the process. A connection that is lost without the host seeing it holds on until
        sshd has missed the client for long enough (ClientAliveInterval), in any case not for ever.
        """
        try:
            channel = self._host.start(_LOCK, self._root + LOCKED, holder, str(_LONGEST_LOCK_SECONDS))
            said = channel.makefile("r").readline().strip()
        except SESSION_BROKE as error:
            raise PushError(f"{self._device}: it can't be locked: {printable(error)}", hint="try again") from None
        if said.startswith("locked "):
            raise DeviceLocked(f"{self._device}: {printable(said.removeprefix('locked '), 200)} is changing it")
        if said != "held":
            raise PushError(
                f"{self._device}: {LOCKED}/push.lock can't be held", hint="may this login run commands as root?"
            )
        self._lock = channel

    def armed(self) -> Armed | None:
        """The push that is armed."""
        answer = self._call("status")
        if answer.status:
            raise PushError(f"{self._device}: its guard does not work: {self._said(answer)}")
        run, _, left = answer.output.strip().partition(" ")
        return Armed(run, float(left) if left.isdigit() else None) if run else None

    def change(self, steps: Sequence[Step], kinds: Sequence[ArtifactKind], shown: Mapping[str, str], run: str,
               seconds: int) -> None:  # fmt: skip
        """Send the new files and let the guard put them in place, armed; raise DeviceRefused when it was taken back.

        `shown`: by file the command that shows what a daemon runs, whose answer is kept with the files.
        """
        moving = [step for step in steps if step.moves]
        folder = f"{self._base}/{run}"
        pairs = commands_of(steps)
        lists = {
            "plan": [f"{'drop' if s.new is None else 'put'} {self._root}{s.kind.path}" for s in moving],
            "shows": [f"{file} {command}" for file, command in shown.items()],
            "tests": checks_of(steps, kinds, self._root, folder),
            "apply": [command for command, _ in pairs],
            "undo": [back for _, back in pairs],
        }
        sent = {
            f"{folder}/{name}": Found("".join(f"{line}\n" for line in lines).encode(), 0o600, "root:root")
            for name, lines in lists.items()
        }
        sent[f"{self._base}/replace-rules"] = Found(_script("replace-rules.sh").encode(), 0o700, "root:root")
        sent |= {self._root + beside(step.kind.path): step.new for step in moving if step.new is not None}
        answer = self._host.run(
            _script("receive.sh"), self._base, run, str(seconds),
            given=stream((f"{self._base}/guard", _script("guard.sh").encode()), sent),
            seconds=max(COMMAND_SECONDS, seconds + 30),
        )  # fmt: skip
        if answer.status:
            raise self._refusal(answer)

    def confirm(self, run: str) -> None:
        """Disarm; raise RolledBack when it was too late."""
        answer = self._call("confirm", run)
        if answer.status == _NOT_ARMED:
            raise RolledBack(f"{self._device}: it could not be confirmed: {self._said(answer)}")
        if answer.status:
            raise PushError(f"{self._device}: it could not be confirmed: {self._said(answer)}")

    def restore(self) -> None:
        """Bring back what ran before the armed push."""
        answer = self._call("restore")
        if answer.status or answer.output.strip():
            raise PushError(
                f"{self._device}: going back: {self._said(answer)}", hint="the device goes on trying by itself"
            )

    def kept(self, run: str, most: int, shown: Sequence[str]) -> tuple[dict[str, Found | None], dict[str, str]]:
        """By path what each file was before `run` (None: there was none), and by file what its daemon showed then.

        `most`: how many files a push changes at most. Raises NothingKept.
        """
        folder = f"{KEPT}/{run}"
        paths = [f"{folder}/manifest", *(f"{folder}/{n + 1}" for n in range(most))]
        paths += [f"{folder}/shown.{file}" for file in shown]
        there = read_files(self._host, self._device, self._root, paths) if _RUN.fullmatch(run) else {}
        manifest = there.get(f"{folder}/manifest")
        if manifest is None:
            raise NothingKept(
                f"{self._device}: nothing is kept of before run {printable(run)}",
                hint=f"{KEPT} on the device has the last few runs; nothing is kept of one that changed nothing",
            )
        files: dict[str, Found | None] = {}
        for line in manifest.text.splitlines():
            copy, mode, owner, path = line.split(" ", 3)
            content = there.get(f"{folder}/{copy}")
            if copy != "-" and content is None:
                raise PushError(f"{self._device}: what is kept of before run {run} is not whole")
            path = path.removeprefix(self._root)
            files[path] = Found(content.content, int(mode, 8), owner) if content else None
        texts = {file: there[f"{folder}/shown.{file}"].text for file in shown if f"{folder}/shown.{file}" in there}
        return files, texts

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            with suppress(*SESSION_BROKE):
                self._lock.close()

    def _call(self, *words: str) -> Answer:
        return self._host.run('guard=$1; shift; [ ! -e "$guard" ] || exec sh "$guard" "$@"', f"{self._base}/guard",
                              *words)  # fmt: skip

    def _refusal(self, answer: Answer) -> PushError:
        first, _, rest = answer.output.strip().partition("\n")
        said = self._said(answer)
        if first.startswith("refused "):
            said = f"`{printable(first.removeprefix('refused '), 200)}` refused it: {self._words(rest)}"
        if answer.status == _UNCHANGED:
            return DeviceRefused(
                f"{self._device}: {said}; nothing was changed",
                hint="correct what the device refuses (or make room on its disk), then push again",
            )
        if answer.status == _BACK:
            in_use = "" if "going back, " in answer.output else " and in use"
            return DeviceRefused(
                f"{self._device}: {said}; what was there before is back{in_use}",
                hint="correct what the device refuses, then push again",
            )
        return PushError(f"{self._device}: {said}", hint="the device goes back by itself if it was armed")

    def _said(self, answer: Answer) -> str:
        return self._words(f"{answer.output}\n{answer.errors}")

    def _words(self, text: str) -> str:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return printable(self._resolver.masker(" / ".join(lines[-3:])), 300) or "it gave no reason"


@cache
def _script(name: str) -> str:
    return files("ggi_net.push").joinpath(name).read_text()
