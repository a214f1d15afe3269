"""A small virtual machine for what the host's kernel can't do: `run(script)` and it is gone again.

qemu without KVM (so it works in a container, without root), Debian's kernel (see `ggi_net.lab.kernel`), the host's
root file system read-only below a tmpfs overlay: every program of the host is there and nothing can be changed.
`/mnt/share` is the only folder that outlives the machine.

Its clock counts instructions (1 ns each) while it is busy: however busy the host is, a protocol timer in the
machine never expires because the processor was late.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggi_net.errors import LabFailure
from ggi_net.lab.kernel import Kernel, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INIT = """#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp; mkdir -p /dev/pts /dev/shm /run/lock
mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /dev/shm; ln -sf /proc/self/fd /dev/fd
hostname vm; ip link set lo up
cd /mnt/share
{command} > log 2>&1 < /dev/null
echo $? > status.part; mv status.part status
sync; busybox reboot -f
"""

# Emulated, a repeated store is as many turns of a loop: for a kernel that clears each page with one, a page took 4096.
# A fifth level of page tables makes each walk of them longer.
_PROCESSOR = "max,erms=off,fsrm=off,la57=off"
# The kernel guards against attacks at each system call and allocation, and nobody attacks this machine.
_UNGUARDED = (
    "clearcpuid=rep_good nokaslr norandmaps mitigations=off init_on_alloc=0 randomize_kstack_offset=off "
    "hardened_usercopy=off audit=0 lsm="
)


@dataclass(frozen=True)
class Result:
    """How a script ended: its exit status, what it printed (both streams), and the seconds from power-on to off."""

    status: int
    log: str
    seconds: float


def run(
    command: Sequence[str],
    share: Path,
    *,
    kernel: Kernel | None = None,
    seconds: float = 120,
    memory_mb: int = 1024,
) -> Result:
    """Run `command` as root in a fresh virtual machine with `share` as its working folder (`/mnt/share`).

    `log` and `status` in `share` are written by the machine, `console` by its kernel. The machine is ended after
    `seconds`, and with the calling process. Raises LabFailure when qemu is missing, or the command did not end.
    """
    program = shutil.which("qemu-system-x86_64")
    if not program:
        raise LabFailure("qemu-system-x86_64 is not installed", hint="apt-get install qemu-system-x86")
    system = kernel or prepare()
    init, status = share / ".init", share / "status"
    status.unlink(missing_ok=True)
    init.write_text(_INIT.format(command=shlex.join(command)))
    init.chmod(0o755)
    arguments = [
        *("setpriv", "--pdeathsig", "KILL", program, "-M", "q35", "-cpu", _PROCESSOR, "-smp", "1"),
        *("-accel", "tcg,tb-size=256", "-icount", "shift=0,sleep=on", "-m", str(memory_mb)),
        *("-nodefaults", "-no-user-config", "-no-reboot"),
        *("-display", "none", "-serial", f"file:{share / 'console'}"),
        *("-kernel", str(system.image), "-initrd", str(system.initramfs), "-append"),
        f"console=ttyS0 quiet panic=-1 reboot=t tsc=reliable random.trust_cpu=on net.ifnames=0 {_UNGUARDED}",
        *("-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
        *("-fsdev", f"local,id=share,path={share},security_model=none"),
        *("-device", "virtio-9p-pci,fsdev=share,mount_tag=share", "-device", "virtio-rng-pci"),
    ]
    start = time.monotonic()
    with subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as qemu:
        try:
            said, _ = qemu.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise LabFailure(
                f"the virtual machine was still busy after {seconds:.0f} s: {_last_line(share / 'log')}",
                hint=f"its log is {share / 'log'}, its console {share / 'console'}",
            ) from None
        finally:
            qemu.kill()
    if not status.is_file():
        words = f"{_last_line(share / 'console')} {said.decode(errors='replace')}"
        raise LabFailure(
            f"the virtual machine ended before its command did: {words}", hint=f"its console is {share / 'console'}"
        )
    log = (share / "log").read_text(errors="replace")
    return Result(int(status.read_text()), log, time.monotonic() - start)


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines() if path.is_file() else []
    return lines[-1] if lines else "it said nothing"
