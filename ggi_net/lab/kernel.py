"""A kernel for the small virtual machine: Debian's own, unpacked beside the system, never installed.

Many hosts (containers, cloud kernels) lack VRF, 802.1Q, XFRM interfaces or the `inet` family of nftables. Debian's
`linux-image-amd64` has them all. Its package is downloaded once by apt (which checks its signature), the image and
the modules that the network needs are kept, with a small initramfs that loads them.
"""

from __future__ import annotations

import gzip
import lzma
import os
import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.errors import LabFailure
from ggi_net.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODULES = (
    *("crc32c_generic", "virtio_pci", "virtio_rng", "9pnet_virtio", "9p", "overlay"),
    *("veth", "bridge", "8021q", "vrf", "dummy", "macvlan", "tun", "af_packet_diag", "sch_netem"),
    *("xfrm_user", "xfrm_interface", "esp4", "esp6", "gcm", "ghash_generic", "ctr", "seqiv", "echainiv"),
    *("cbc", "authenc", "sha512_generic", "drbg"),  # and what the kernel's random numbers for ESP are made with
    *("nf_tables", "nft_ct", "nft_log", "nft_limit", "nft_reject_inet", "nft_fib_inet", "nft_xfrm", "nft_nat"),
    *("nft_masq", "nft_chain_nat", "nft_quota", "nft_objref", "nft_hash", "nft_numgen", "nft_socket"),
    *("nft_meta_bridge",),  # what an access point keeps its visitors apart with
    *("nf_conntrack_netlink", "nf_log_syslog", "nfnetlink_log", "tcp_diag", "udp_diag"),
)
"""What the virtual machine can do beyond a bare kernel; what these depend on comes with them."""

RADIO_MODULES = ("ccm", "cmac", "mac80211_hwsim")
"""Virtual radios, which a script loads itself: `insmod` for each line of `Kernel.radios`, the last with `radios=N`."""

_INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for m in $($b cat /modules/order); do $b insmod /modules/$m || echo "insmod $m failed"; done
options=trans=virtio,version=9p2000.L,msize=512000
for wait in 1 2 3 4 5 6 7 8 9; do $b mount -t 9p -o ro,$options,cache=loose host /host && break; $b sleep 0.3; done
$b mount -t tmpfs -o size=75% tmpfs /over; $b mkdir -p /over/upper /over/work
$b mount -t overlay -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work overlay /root || $b reboot -f
$b mkdir -p /root/mnt/share
$b mount -t 9p -o rw,$options share /root/mnt/share || $b reboot -f
for d in proc sys dev; do $b mount --move /$d /root/$d; done
exec $b switch_root /root /mnt/share/.init
"""


@dataclass(frozen=True)
class Kernel:
    """A kernel image and the initramfs that goes with it."""

    image: Path
    initramfs: Path

    @property
    def radios(self) -> Path:
        """A file with the paths of the modules for virtual radios, one a line, in the order of loading."""
        return self.image.with_name("radios")


def cache_folder() -> Path:
    """Where what can be made again is kept: below XDG_CACHE_HOME (default ~/.cache)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ggi" / "kernel"


def prepare(folder: Path | None = None) -> Kernel:
    """The kernel in `folder` (default: the cache), downloaded and unpacked when it is not there yet (about 5 s).

    Needs apt-get, dpkg-deb and busybox-static. Raises LabFailure.
    """
    base = folder or cache_folder()
    kernel = Kernel(base / "vmlinux", base / "initramfs.gz")
    recipe = "\n".join((*MODULES, *RADIO_MODULES, _INIT))
    stamp = base / "recipe"
    if stamp.is_file() and stamp.read_text() == recipe and kernel.image.is_file() and kernel.initramfs.is_file():
        return kernel
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base, prefix=".unpack.") as scratch:
        tree = Path(scratch) / "tree"
        _run(["dpkg-deb", "-x", str(_package(base)), str(tree)])
        image = next((tree / "boot").glob("vmlinuz-*"))
        paths = {path.stem.replace("-", "_"): path for path in (tree / "lib" / "modules").rglob("*.ko")}
        present = _with_what_they_need(MODULES, paths)
        write_atomic(kernel.initramfs, gzip.compress(_initramfs(present), 1, mtime=0))
        radios = {n: d for n, d in _with_what_they_need(RADIO_MODULES, paths).items() if n not in present}
        for name, data in radios.items():
            write_atomic(base / "modules" / name, data)
        write_atomic(kernel.radios, "".join(f"{base.resolve()}/modules/{name}\n" for name in radios))
        write_atomic(kernel.image, _unpacked(image.read_bytes()))
    write_atomic(stamp, recipe)
    return kernel


def _package(base: Path) -> Path:
    """The newest kernel package in `base`; downloaded when there is none."""
    found = sorted(base.glob("linux-image-*.deb"))
    if not found:
        depends = _run(["apt-cache", "depends", "linux-image-amd64"])
        name = re.search(r"Depends: (linux-image-[0-9.]+-[0-9]+-amd64)$", depends, re.MULTILINE)
        if not name:
            raise LabFailure("apt knows no linux-image-amd64", hint="run `apt-get update` on Debian 12 (amd64)")
        _run(["apt-get", "download", name[1]], cwd=base)
        found = sorted(base.glob("linux-image-*.deb"))
    return found[-1]


def _unpacked(image: bytes) -> bytes:
    """The ELF kernel inside a bzImage: emulated, its own unpacking takes longer than all the rest of the boot.

    Offsets by Linux, Documentation/arch/x86/boot.rst (protocol 2.08); qemu boots the result by its PVH note.
    """
    (setup_sectors,) = struct.unpack_from("<B", image, 0x1F1)
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    try:
        return lzma.LZMADecompressor().decompress(image[start : start + length])
    except lzma.LZMAError as error:
        raise LabFailure(f"the kernel image is not compressed with xz: {error}", hint="use Debian's kernel") from None


def _with_what_they_need(modules: Iterable[str], paths: Mapping[str, Path]) -> dict[str, bytes]:
    """The modules and those that they depend on by file name, in the order in which they must be loaded."""
    found: dict[str, bytes] = {}

    def add(name: str) -> None:
        path = paths.get(name.replace("-", "_"))
        if path is None or path.name in found:  # built into the kernel, or there already
            return
        data = path.read_bytes()
        depends = re.search(rb"\x00depends=([^\x00]*)\x00", data)
        for other in depends[1].decode().split(",") if depends and depends[1] else ():
            add(other)
        found[path.name] = data

    for module in modules:
        add(module)
    return found


def _initramfs(modules: Mapping[str, bytes]) -> bytes:
    """A cpio archive (newc) with busybox, the init script and the modules, loaded in their order."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise LabFailure("busybox is not installed", hint="apt-get install busybox-static")
    files = [(f"modules/{name}", data, 0o100644) for name, data in modules.items()]
    files += [
        ("modules/order", "\n".join(modules).encode(), 0o100644),
        ("bin/busybox", Path(busybox).read_bytes(), 0o100755),
        ("init", _INIT.encode(), 0o100755),
    ]
    folders = [(name, b"", 0o040755) for name in ("bin", "dev", "proc", "sys", "modules", "host", "over", "root")]
    return b"".join(_member(*entry) for entry in (*folders, *files, ("TRAILER!!!", b"", 0)))


def _member(name: str, data: bytes, mode: int) -> bytes:
    """One member of a newc cpio archive (Linux, Documentation/driver-api/early-userspace/buffer-format.rst)."""
    encoded = name.encode() + b"\0"
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _run(command: list[str], cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True, timeout=300)
    except FileNotFoundError:
        raise LabFailure(f"{command[0]} is not installed", hint="this needs Debian's apt and dpkg") from None
    except subprocess.TimeoutExpired:
        raise LabFailure(f"{' '.join(command)}: no end after 300 s") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise LabFailure(f"{' '.join(command)}: {last}") from None
    return done.stdout
