"""Small Debian hosts in namespaces of this machine, to push to: real sshd, FRR and nft, and files of their own.

A host is a PID, mount, network and UTS namespace with copies of /etc, and empty /run, /var/lib and /var/log. Ending its
first process ends all that runs in it, as a power cut does; its files stay. `systemctl` there is a script.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ggi_net.lab.namespaces import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

T = TypeVar("T")

USER = "ggi-automation"

SYSTEMCTL = """\
#!/bin/sh
# What the units of Debian's packages do, as far as the tests need it.
echo "$*" >>/run/systemctl.calls
case "$*" in
"reload frr") exec /usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf ;;
"is-active frr") vtysh -c 'show version' >/dev/null && echo active ;;
"is-active "*) echo inactive; exit 3 ;;
*) exit 0 ;;
esac
"""
SSHD = """\
Port 22
HostKey {home}/host.key
AuthorizedKeysFile {home}/login.pub
PermitRootLogin no
StrictModes no
UsePAM no
PidFile /run/sshd.pid
"""
BOOT = """\
set -eu
mount --make-rprivate /
for folder in etc run var/lib var/log var/tmp usr/local/sbin; do mount --bind "{home}/$folder" "/$folder"; done
mount -t proc proc /proc
hostname {name}
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
[ ! -e /var/lib/ggi/push/guard ] || sh /var/lib/ggi/push/guard boot
mkdir -p /run/sshd
install -d -o frr -g frr /run/frr
read -r linked
{addresses}
[ ! -e /etc/nftables.conf ] || nft -f /etc/nftables.conf
if [ -e /etc/frr/frr.conf ]; then
	for daemon in zebra staticd bgpd; do
		/usr/lib/frr/$daemon -d -A 127.0.0.1 -P 0
		while ! vtysh -d $daemon -c 'show version' >/dev/null 2>&1; do sleep 0.05; done
	done
	vtysh -b >/dev/null
fi
/usr/sbin/sshd -f {home}/sshd.conf
echo ready >/run/ready
exec sleep infinity
"""


@dataclass
class Machine:
    """One host; `addresses`: by interface its address."""

    name: str
    home: Path
    addresses: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def install(self) -> None:
        """Lay out its file system."""
        shutil.copytree("/etc", self.home / "etc", symlinks=True, ignore=_ignore)
        shutil.chown(self.home / "etc/frr", "frr", "frr")
        (self.home / "etc/nftables.conf").unlink(missing_ok=True)
        (self.home / "etc/frr/frr.conf").unlink(missing_ok=True)
        (self.home / "etc/frr/vtysh.conf").write_text("service integrated-vtysh-config\n")
        for folder in ("run", "var/lib", "var/log/frr", "var/tmp", "usr/local/sbin"):
            (self.home / folder).mkdir(parents=True)
        (self.home / "usr/local/sbin/systemctl").write_text(SYSTEMCTL)
        (self.home / "usr/local/sbin/systemctl").chmod(0o755)
        users = self.home / "etc/passwd"  # bash would read this machine's own start-up files
        users.write_text(users.read_text().replace("/bin/bash", "/bin/sh") + f"{USER}:x:4242:4242::/:/bin/sh\n")
        with (self.home / "etc/shadow").open("a") as shadow:
            shadow.write(f"{USER}:*:19000::::::\n")
        (self.home / "etc/sudoers.d/ggi").write_text(f"{USER} ALL=(root) NOPASSWD: ALL\n")
        (self.home / "etc/sudoers.d/ggi").chmod(0o440)
        for key in ("host.key", "login.key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.home / key], check=True)
        (self.home / "host.key.pub").rename(self.home / "host.pub")
        (self.home / "login.key.pub").rename(self.home / "login.pub")
        (self.home / "sshd.conf").write_text(SSHD.format(home=self.home))
        for path, text in self.files.items():
            (self.home / path.lstrip("/")).write_text(text)

    def start(self) -> None:
        """Power on; the network comes with `link`."""
        shutil.rmtree(self.home / "run")
        (self.home / "run").mkdir()
        configured = "\n".join(
            f"ip address add {address} dev {port}; ip link set {port} up" for port, address in self.addresses.items()
        )
        script = BOOT.format(home=self.home, name=self.name, addresses=configured)
        self.process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.PIPE, text=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The first process inside."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return until(lambda: int(children.read_text().split()[0]) if children.read_text().split() else 0)

    def linked(self) -> None:
        """Its cables are in: go on, and wait until it is up."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write("linked\n")
        self.process.stdin.flush()
        until(lambda: (self.home / "run/ready").exists() or self.process.poll() is not None, 30)
        assert self.process.poll() is None, f"{self.name} did not start"

    def stop(self) -> None:
        """Cut its power."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def run(self, *command: str, check: bool = True) -> str:
        """The output of a command inside."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "-p", *command],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr or done.stdout
        return done.stdout

    def read(self, path: str) -> str:
        """The text of a file of it."""
        return (self.home / path.lstrip("/")).read_text()


def cable(one: Machine, port: str, other: Machine, other_port: str) -> None:
    """A wire between two ports. One that is still there from before goes first: the kernel takes its time with that."""
    subprocess.run(
        ["nsenter", "--target", str(one.pid), "--net", "ip", "link", "delete", port], capture_output=True, check=False
    )
    subprocess.run(
        ["ip", "link", "add", port, "netns", str(one.pid), "type", "veth", "peer", "name", other_port, "netns",
         str(other.pid)],
        check=True,
    )  # fmt: skip


def within(machine: Machine) -> AbstractContextManager[None]:
    """Be in the network of a host: sockets made there belong to it."""
    return inside(f"/proc/{machine.pid}/ns/net")


def until(look: Callable[[], T], seconds: float = 10.0) -> T:
    """What `look` gives as soon as it is true."""
    limit = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.02)
    return found


def _ignore(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not os.access(Path(folder) / name, os.R_OK, follow_symlinks=False)}
