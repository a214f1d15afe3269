"""The files of a twin, made at `up`: each device's own, its keys and certificates, and what an operator needs.

What a device has on disk is below its folder: `etc` and `lib` hold its changes to this machine's /etc and /var/lib,
`log` and `home` are its own. All of it is below the twin's folder, and nothing anywhere else.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from ggi_net.files import write_atomic
from ggi_net.lab.pki import Authority
from ggi_net.model.network import Role
from ggi_net.push.connections import Connection, Connections, write_connections
from ggi_net.render.platform import platform
from ggi_net.secrets import REFERENCE, LabSecrets, Resolver

if TYPE_CHECKING:
    from ggi_net.lab.twin.plan import Design

USER = "ggi"
"""The account that a device is managed with; a member of the group of automation accounts."""

PASSWORD = "secret://twin/ssh/password"  # noqa: S105  a reference
"""The password of that account on simulated devices."""

_GROUP, _NUMBER = "ggi-automation", 64001
_SHELL = "/usr/local/sbin/ggi-shell"
_NOBODY_ELSE = 0o7770
_STALE = (
    "etc/ssh/ssh_host_rsa_key",
    "etc/ssh/ssh_host_ecdsa_key",
    "etc/ssh/ssh_host_ed25519_key",
)

_SSHD = """\
Include /etc/ssh/sshd_config.d/*.conf
KbdInteractiveAuthentication no
UsePAM yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
"""
"""As Debian brings it; this machine's may have been changed."""

_IDENTITY = re.compile(r"^\s*local \{[^}]*?^\s*id = (\S+)$", re.MULTILINE)
"""A name by which a connection of swanctl.conf wants this device to be known."""

_EAPOL = """\
network={{
 key_mgmt=WPA-EAP
 eap=PEAP
 ssid="govroam"
 identity="test@{realm}"
 anonymous_identity="anonymous@{realm}"
 password="{password}"
 ca_cert="{authority}"
 phase2="auth=MSCHAPV2"
}}
"""


class Layout:
    """Lays out the files of every machine of a design in `folder`."""

    def __init__(self, design: Design, folder: Path) -> None:
        self._design = design
        self._folder = folder
        self._resolver = Resolver(LabSecrets.create(folder / "secrets.seed"))
        self._federation, self._users, self._lines = Authority("Federation"), Authority("Users"), Authority("Lines")
        self._user_ca = asyncssh.generate_private_key("ssh-ed25519")
        self._host_keys: dict[str, str] = {}

    def make(self) -> Path:
        """Make everything; return the connections file."""
        login = asyncssh.generate_private_key("ssh-ed25519")
        certificate = self._user_ca.generate_user_certificate(login, USER, principals=[USER])
        key = self._folder / "login.key"
        write_atomic(key, login.export_private_key(), mode=0o600)
        write_atomic(key.with_name("login.key-cert.pub"), certificate.export_certificate(), mode=0o600)
        self._logins()
        for name in self._design.artifacts:
            self._device(name)
        found = {}
        for machine in self._design.plan.machines:
            if machine.managed:
                password = PASSWORD if machine.shell else ""
                found[machine.name] = Connection(
                    host=self._design.placed[machine.name].device.management[0].partition("/")[0],
                    host_key=self._host_keys[machine.name],
                    username=USER,
                    key="" if password else str(key),
                    password=password,
                    enable=password,
                )
        connections = self._folder / "connections.json"
        write_connections(connections, Connections(devices=found, secrets=f"lab:{self._folder / 'secrets.seed'}"))
        return connections

    def _logins(self) -> None:
        """What `eapol_test` needs to log in as `test@<realm>` at the access points: see docs/twin.md."""
        folder = self._folder / "eapol"
        folder.mkdir(mode=0o700)
        authority = folder / "ca.pem"
        write_atomic(authority, self._users.pem)
        for realm in (realm for realms in self._design.realms.values() for realm in realms):
            text = _EAPOL.format(realm=realm, password=self._resolver.value(user_secret(realm)), authority=authority)
            write_atomic(folder / f"{realm}.conf", text, mode=0o600)
        for placed in self._design.placed.values():
            organisation, site = placed.organisation.slug, placed.site.slug
            secret = self._resolver.value(f"secret://{organisation}/radius/ap-{site}")
            write_atomic(folder / f"ap-{organisation}-{site}.secret", secret, mode=0o600)

    def _device(self, name: str) -> None:
        placed = self._design.placed[name]
        full = f"{name}.{placed.organisation.domain}"
        disk = Disk(self._folder / "devices" / name)
        kinds = {kind.file: kind for kind in platform(placed.device.platform).artifacts}
        for artifact in self._design.artifacts[name]:
            kind = kinds[artifact.file]
            mode = int(kind.mode, 8) & (_NOBODY_ELSE if REFERENCE.search(artifact.text) else 0o7777)
            disk.write(kind.path, self._resolver.resolve(artifact.text), mode, kind.owner)
        disk.write("/etc/hostname", f"{name}\n")
        disk.write("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {full} {name}\n::1 localhost\n")
        self._accounts(disk)
        disk.write("/etc/ssh/sshd_config", _SSHD)
        host_key = asyncssh.generate_private_key("ssh-ed25519")
        disk.write("/etc/ssh/ssh_host_ed25519_key", host_key.export_private_key(), 0o600)
        disk.write("/etc/ssh/ssh_host_ed25519_key.pub", host_key.export_public_key())
        write_atomic(self._folder / "devices" / name / "host.key", host_key.export_private_key(), mode=0o600)
        self._host_keys[name] = " ".join(host_key.export_public_key().decode().split()[:2])
        self._certificates(disk, name, full)
        if placed.device.role is Role.RADIUS:
            disk.folder("/var/log/freeradius", 0o750, "freerad:freerad")
            realms = self._design.realms.get(placed.organisation.slug, ())
            if realms and "/etc/ggi/govroam/users" in "".join(a.text for a in self._design.artifacts[name]):
                disk.write("/etc/ggi/govroam/users", "".join(map(self._user, realms)), 0o640, "root:freerad")
        disk.folder("/var/log/frr", 0o750, "frr:frr")

    def _user(self, realm: str) -> str:
        """A line of FreeRADIUS' `users`: one user for each realm, with a password that only this twin knows."""
        return f'test@{realm}\tCleartext-Password := "{self._resolver.value(user_secret(realm))}"\n'

    def _accounts(self, disk: Disk) -> None:
        """The management account, let in by the federation's user authority; it may use sudo."""
        home = "/tmp"  # noqa: S108  a folder of its own on the device, and nothing is kept there
        lines = {
            "passwd": f"{USER}:x:{_NUMBER}:{_NUMBER}::{home}:{_SHELL}",
            "group": f"{_GROUP}:x:{_NUMBER}:",
            "shadow": f"{USER}:*:19000:0:99999:7:::",
        }
        for file, line in lines.items():
            path = Path("/etc", file)
            owner = "root:shadow" if file == "shadow" else "root:root"
            disk.write(str(path), f"{path.read_text().rstrip()}\n{line}\n", path.stat().st_mode & 0o777, owner)
        disk.write(
            "/etc/sudoers.d/ggi-automation",
            f"Defaults:%{_GROUP} !use_pty, !syslog, !pam_session\n%{_GROUP} ALL=(root) NOPASSWD: ALL\n",
            0o440,
        )
        disk.write("/etc/ggi/pki/ssh-user-ca.pub", self._user_ca.export_public_key())
        disk.write("/etc/ggi/pki/ssh-revoked", "")
        disk.write(f"/etc/ggi/principals/{USER}", f"{USER}\n")

    def _certificates(self, disk: Disk, name: str, full: str) -> None:
        texts = {artifact.file: artifact.text for artifact in self._design.artifacts[name]}
        certificate, key = self._federation.issue(full)
        disk.write("/etc/ggi/pki/federation-ca.pem", self._federation.pem_with_list)
        disk.write("/etc/ggi/pki/radsec.pem", certificate)
        disk.write("/etc/ggi/pki/radsec.key", key, 0o640, "root:radsecproxy")
        if "swanctl.conf" in texts:
            certificate, key = self._lines.issue(full, *_IDENTITY.findall(texts["swanctl.conf"]))
            disk.write("/etc/ggi/pki/ipsec-ca.pem", self._lines.pem)
            disk.write("/etc/ggi/pki/ipsec.pem", certificate)
            disk.write("/etc/swanctl/private/ipsec.key", key, 0o600)
        if "radiusd.conf" in texts:
            certificate, key = self._users.issue(full)
            disk.write("/etc/ggi/pki/eap-ca.pem", self._users.pem_with_list)
            disk.write("/etc/ggi/pki/eap.pem", certificate)
            disk.write("/etc/ggi/pki/eap.key", key, 0o640, "root:freerad")


class Disk:
    """The files that a device has of its own; their folders are like this machine's, where it has them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for part in ("etc/upper", "etc/work", "lib/upper", "lib/work", "log", "home"):
            (folder / part).mkdir(parents=True)
        for stale in _STALE:
            self._hide(stale)

    def _hide(self, name: str) -> None:
        """Let a file of this machine be missing on the device (a whiteout of overlayfs)."""
        if Path("/", name).exists():
            target = self._real(f"/{name}")
            self._parents(f"/{name}")
            os.mknod(target, 0o20000, os.makedev(0, 0))

    def _real(self, path: str) -> Path:
        for start, part in (("/etc/", "etc/upper"), ("/var/lib/", "lib/upper"), ("/var/log/", "log")):
            if path.startswith(start):
                return self._folder / part / path.removeprefix(start)
        raise ValueError(f"{path} is not on a device's disk")

    def _parents(self, path: str) -> None:
        """Make the folders above a path, each with the owner and mode that it has on this machine."""
        for parent in reversed(Path(path).parents):
            if len(parent.parts) < (3 if parent.parts[:2] == ("/", "etc") else 4):
                continue
            own = self._real(str(parent))
            if not own.exists():
                own.mkdir()
                if parent.exists():
                    shutil.copymode(parent, own)
                    os.chown(own, parent.stat().st_uid, parent.stat().st_gid)

    def folder(self, path: str, mode: int, owner: str) -> None:
        """Make a folder."""
        self._parents(f"{path}/x")
        self._real(path).chmod(mode)
        shutil.chown(self._real(path), *owner.split(":"))

    def write(self, path: str, content: str | bytes, mode: int = 0o644, owner: str = "root:root") -> None:
        """Write a file, closed until it has its owner."""
        self._parents(path)
        target = self._real(path)
        target.unlink(missing_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        shutil.chown(target, *owner.split(":"))
        target.chmod(mode)


def user_secret(realm: str) -> str:
    """The reference of the password of `test@<realm>`, which exists in twins only."""
    return f"secret://twin/users/{realm}"


__all__ = ["PASSWORD", "USER", "Disk", "Layout", "user_secret"]
