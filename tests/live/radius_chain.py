"""The rendered RADIUS chain in namespaces: three gemeenten's servers, both federation proxies, and an access point."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from radius_servers import WITH_US, Hub, Namespace, Server, resolved, wait_until

from ggi_net.lab.pki import Authority

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.model.estate import Estate

RADIUS = ("radius-almelo-01", "radius-enschede-01", "radius-losser-01")
PROXIES = ("flr-asd-01", "flr-apd-01")
PASSWORD = "welkom01"
USERS = ("jan@almelo.example", "piet@losser.example", "anna@griffie.almelo.example")

# The access points that log in: an address in each site's mgmt network, and the site's visitor VLAN.
STADSKANTOOR = "198.19.0.70"
WERF = "198.19.0.40"
GEMEENTEHUIS = "198.19.0.165"
SERVER_OF = {STADSKANTOOR: "198.19.0.74", WERF: "198.19.0.10", GEMEENTEHUIS: "198.19.0.170"}
SITE_OF = {
    STADSKANTOOR: "enschede/radius/ap-stadskantoor",
    WERF: "almelo/radius/ap-werf",
    GEMEENTEHUIS: "losser/radius/ap-gemeentehuis",
}


class Login(NamedTuple):
    """What an access point saw of one login: whether it was let in, and all that eapol_test said."""

    accepted: bool
    output: str


class Chain:
    """The running servers; `prepare` is called before the first daemon starts."""

    def __init__(self, folder: Path, estate: Estate, *, prepare: Callable[[Chain], None] | None = None) -> None:
        self.folder = folder
        self.estate = estate
        self.federation, self.users = Authority("Federation"), Authority("Users of Almelo")
        self.hub = Hub()
        self.spaces: list[Namespace] = [self.hub]
        try:
            self.servers = {name: self._server(name) for name in (*RADIUS, *PROXIES)}
            self.access_point = self._access_point()
            if prepare:
                prepare(self)
            for name in PROXIES:
                self.start_proxy(name)
            for name in RADIUS:
                self._start_radius(name)
            self._wait_for_links()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End every daemon and namespace."""
        for space in reversed(self.spaces):
            space.close()

    def space(self, name: str) -> Namespace:
        """The namespace with that name."""
        return next(space for space in self.spaces if space.name == name)

    def start_proxy(self, name: str) -> None:
        """Start radsecproxy of any server."""
        server = self.servers[name]
        server.start("radsecproxy", self.proxy_log(name), *_as("radsecproxy"), "radsecproxy", "-f")

    def proxy_log(self, name: str) -> Path:
        """Where radsecproxy's own lines are (in the foreground it writes them to standard error)."""
        return self.folder / f"{name}.radsecproxy"

    def log(self, name: str) -> list[dict[str, str]]:
        """The JSON lines of one server's FreeRADIUS; fails on a line that isn't one object of strings."""
        path = self.servers[name].outside("/var/log/freeradius/govroam.json")
        lines = [json.loads(line) for line in path.read_bytes().decode("ascii").splitlines()] if path.exists() else []
        assert all(isinstance(value, str) for line in lines for value in line.values())
        return lines

    def login(
        self,
        user: str,
        *,
        method: str = "PEAP",
        password: str = PASSWORD,
        outer: str = "",
        at: str = STADSKANTOOR,
        ssid: str = "govroam",
        mac: str = "02:00:00:00:00:01",
        certificate: str = "",
        tls13: bool = False,
    ) -> Login:
        """One login with eapol_test as the access point's client."""
        realm = user.rpartition("@")[2]
        settings = {
            "ssid": "govroam",
            "identity": user if method != "TLS" or not outer else outer,
            "ca_cert": str(self.folder / "eap-ca.pem"),
            "domain_match": "radius-almelo-01.almelo.example",
        }
        if tls13:
            settings["phase1"] = "tls_disable_tlsv1_3=0"
        if method == "TLS":
            settings |= {
                "client_cert": str(self.folder / f"{certificate}.pem"),
                "private_key": str(self.folder / f"{certificate}.key"),
            }
        else:
            settings |= {"anonymous_identity": outer or f"anonymous@{realm}", "password": password}
            settings["phase2"] = "auth=PAP" if method == "TTLS" else "auth=MSCHAPV2"
        lines = "".join(f' {key}="{value}"\n' for key, value in settings.items())
        config = self.folder / f"{mac.replace(':', '')}.conf"
        config.write_text(f"network={{\n key_mgmt=WPA-EAP\n eap={method}\n{lines}}}\n")
        done = self.access_point.run(
            "eapol_test",
            "-c",
            str(config),
            "-a",
            SERVER_OF[at],
            "-A",
            at,
            "-s",
            self.secret(at),
            "-r0",
            "-t",
            "12",
            "-M",
            mac,
            "-N",
            f"30:s:02-AA-BB-CC-DD-01:{ssid}",
            "-N",
            "32:s:ap1.enschede.example",
            check=False,
        )
        return Login(done.returncode == 0, done.stdout)

    def secret(self, at: str) -> str:
        """The secret that the access point at that address shares with its gemeente."""
        return resolved(f"secret://{SITE_OF[at]}")

    def radclient(self, attributes: str, *, kind: str = "auth", port: int = 1812, at: str = STADSKANTOOR) -> str:
        """Send one hand-made request from an access point; return what radclient said."""
        source = f"Packet-Src-IP-Address = {at}\n"
        done = self.access_point.run(
            "radclient",
            "-x",
            "-t",
            "3",
            "-r",
            "1",
            f"{SERVER_OF[at]}:{port}",
            kind,
            self.secret(at),
            stdin=source + attributes,
            check=False,
        )
        return done.stdout + done.stderr

    def over_radsec(self, source: str, target: str, users: list[str]) -> list[tuple[int, str]]:
        """Send a first EAP request for each user over TLS from one server's place to another; codes and messages."""
        key = "/etc/ggi/pki/radsec"
        program = str(Path(__file__).with_name("radius_tls.py"))
        address = self.servers[target].address_of(6)
        done = self.servers[source].run(
            sys.executable, program, address, f"{key}.pem", f"{key}.key", stdin=json.dumps(users)
        )
        return [tuple(answer) for answer in json.loads(done.stdout)]

    def _server(self, name: str) -> Server:
        server = Server(self.estate, name, self.folder, self.hub)
        self.spaces.append(server)
        certificate, key = self.federation.issue(f"{name}.{self.estate.placed(name).organisation.domain}")
        server.write("/etc/ggi/pki/federation-ca.pem", self.federation.pem_with_list)
        server.write("/etc/ggi/pki/radsec.pem", certificate)
        server.write("/etc/ggi/pki/radsec.key", key, 0o640, "root", "radsecproxy")
        if name in RADIUS:
            self._radius_files(server)
            for path in ("/etc/freeradius/3.0", "/var/log/freeradius", "/run/freeradius"):
                server.cover(path, "freerad")
        server.cover("/etc/ggi")
        if server.outside("/etc/radsecproxy.conf").exists():
            server.cover("/etc/radsecproxy.conf")
        server.run("nft", "-f", str(server.outside("/etc/nftables.conf")))
        return server

    def _radius_files(self, server: Server) -> None:
        if server.name != "radius-almelo-01":
            return
        certificate, key = self.users.issue("radius-almelo-01.almelo.example")
        for user, revoked in (("jan", False), ("klaas", True)):
            pair = self.users.issue(user, mail=f"{user}@almelo.example", revoked=revoked)
            (self.folder / f"{user}.pem").write_bytes(pair[0])
            (self.folder / f"{user}.key").write_bytes(pair[1])
        (self.folder / "eap-ca.pem").write_bytes(self.users.pem)
        server.write("/etc/ggi/pki/eap-ca.pem", self.users.pem_with_list)
        server.write("/etc/ggi/pki/eap.pem", certificate)
        server.write("/etc/ggi/pki/eap.key", key, 0o640, "root", "freerad")
        users = "".join(
            f'{user}\tCleartext-Password := "{PASSWORD}"\n\tTunnel-Private-Group-Id = "110"\n' for user in USERS
        )
        server.write("/etc/ggi/govroam/users", users, 0o640, "root", "freerad")

    def _start_radius(self, name: str) -> None:
        server = self.servers[name]
        log = self.folder / f"{name}.freeradius"
        server.start(
            "freeradius", log, *_as("freerad"), "freeradius", "-f", "-d", "/etc/freeradius/3.0", "-n", "radiusd"
        )
        if server.outside("/etc/radsecproxy.conf").exists():
            self.start_proxy(name)

    def _access_point(self) -> Namespace:
        space = Namespace("access-point")
        self.spaces.append(space)
        self.hub.connect(space)
        for address in SERVER_OF:
            space.address(address)
        return space

    def _wait_for_links(self) -> None:
        """Until every RadSec connection that the configurations name is there, and FreeRADIUS answers."""
        wanted = {name: _links(self.servers[name].artifacts.get("radsecproxy.conf", "")) for name in self.servers}
        wait_until(lambda: all(len(self._linked(n)) >= wanted[n] for n in wanted), 30, "RadSec connections")
        ready = "Ready to process requests"
        logs = [self.servers[name].outside("/var/log/freeradius/radius.log") for name in RADIUS]
        wait_until(lambda: all(log.exists() and ready in log.read_text() for log in logs), 10, "FreeRADIUS")

    def _linked(self, name: str) -> set[str]:
        """The peers that a server's radsecproxy has opened a TLS connection to."""
        log = self.proxy_log(name)
        return set(re.findall(r"TLS connection to (\S+) .* up$", log.read_text() if log.exists() else "", re.MULTILINE))

    def established(self, name: str) -> int:
        """How many RadSec connections a server has."""
        done = self.servers[name].run("ss", "-Htn", "state", "established", "( sport = :2083 or dport = :2083 )")
        return len(done.stdout.splitlines())


def _links(text: str) -> int:
    """How many RadSec connections a radsecproxy opens itself."""
    return len(re.findall(r"^server \S+ \{\n    type tls", text, flags=re.MULTILINE))


def _as(user: str) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *WITH_US, "--")
