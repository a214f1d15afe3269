"""Whatever goes wrong between `ggi pull` and NetBox: the words that the user reads, and the exit status."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flaky import Fault, Flaky
from netbox_apply import client

from ggi_net.cli.main import main
from ggi_net.errors import NetBoxAway, NetBoxError, RightMissing
from ggi_net.source.netbox import client as client_module
from ggi_net.source.netbox import transport
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.pull import stored
from ggi_net.source.netbox.read import read, update
from ggi_net.source.netbox.settings import Settings

NETBOX_SAYS = {"Content-Type": "application/json", "API-Version": "4.7"}
GRAPHQL = "POST /graphql/"
LOG_IN = b"<!doctype html><title> NetBox | Log in </title><form>"


@pytest.fixture(scope="module")
def lab(federation_lab):
    federation_lab.restore("federation")
    return federation_lab


@pytest.fixture
def proxy(lab, tmp_path, monkeypatch):
    """A proxy before NetBox, which `ggi` takes for NetBox."""
    monkeypatch.setattr(client_module, "WAITS", (0.01, 0.01))
    monkeypatch.setenv("GGI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GGI_CONFIG", str(tmp_path / "netbox.yml"))
    (tmp_path / "netbox.yml").write_text("timeout: 60\n")
    monkeypatch.setenv("GGI_NETBOX_TOKEN", lab.token)
    with Flaky(lab.url) as made:
        monkeypatch.setenv("GGI_NETBOX_URL", made.url)
        yield made


@pytest.fixture
def ggi(capfd, proxy):
    """Run `ggi`: its exit status, and what it wrote, with the proxy's address as NETBOX."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        out, err = capfd.readouterr()
        token = os.environ["GGI_NETBOX_TOKEN"]
        assert token not in out + err
        assert token.partition(".")[2] not in out + err
        return stopped.value.code or 0, out, err.replace(proxy.url, "NETBOX").replace(proxy.url[7:], "HOST")

    return run


# -- what passes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/prefixes/", times=1, drop=True),
        Fault("/prefixes/", times=1, status=500, body=b"{}"),
        Fault("/prefixes/", times=1, status=502, body=b"<html>502 Bad Gateway</html>"),
        Fault("/prefixes/.*start=", times=1, forward=True, status=502),
        Fault("/prefixes/", times=2, status=503),
        Fault("/prefixes/", times=1, status=429, headers={"Retry-After": "0"}),
        Fault("/prefixes/", times=1, cut=0.5),
        Fault("/prefixes/", times=1, after=1, cut=0.9),
    ],
    ids=lambda fault: f"{fault.status or ''}{'cut' if fault.cut else ''}{'drop' if fault.drop else ''}",
)
def test_what_passes_is_tried_again(lab, proxy, fault):
    there = client(lab).all("ipam/prefixes", fields="id,prefix", limit=4)
    assert len(there) > 4
    proxy.faults.append(fault)
    assert NetBox(Settings(proxy.url, lab.token)).all("ipam/prefixes", fields="id,prefix", limit=4) == there
    assert fault.times == 0, "the fault did not happen"


def test_the_user_sees_nothing_of_what_passes(proxy, ggi):
    faults = [
        Fault("/devices/", times=1, drop=True),
        Fault(GRAPHQL, times=1, status=502),
        Fault(GRAPHQL, 1, 3, cut=0.5),
    ]
    proxy.faults += faults
    status, out, err = ggi("pull", "--way", "graphql")
    assert (status, err) == (0, "")
    assert "Estate 'demo': 0 gemeenten, 4 devices" in out
    assert [fault.times for fault in faults] == [0, 0, 0]


def test_the_wait_that_netbox_asks_for_is_kept(proxy, ggi, monkeypatch):
    waited = []
    monkeypatch.setattr(client_module.time, "sleep", waited.append)
    proxy.faults.append(Fault("GET /api/status/", times=1, status=429, headers={"Retry-After": "7"}))
    assert ggi("pull")[0] == 0
    assert [seconds for seconds in waited if seconds] == [7.0]


# -- what does not ------------------------------------------------------------------------------------

BUSY_HINT = "  hint: NetBox's own log says why; the same command can simply be run again\n"
STRANGER_HINT = (
    "  hint: check the URL; a login page or proxy before NetBox must let /api/ and /graphql/ through to it\n"
)
AWAY_HINT = "  hint: is NetBox up, and is the URL right? The same command can simply be run again\n"
CUT_HINT = "  hint: a proxy between here and NetBox may limit time or size; the same command can simply be run again\n"

FAILURES = {
    "server error": (
        Fault("/api/", status=500, headers={"Content-Type": "application/json"}, body=b'{"error": "no space"}'),
        4,
        f"GGI2005 NETBOX/api/status/: the server failed (500): no space\n{BUSY_HINT}",
    ),
    "bad gateway": (
        Fault("/api/", status=502, headers={"Content-Type": "text/html"}, body=b"<html>502 Bad Gateway</html>"),
        4,
        f"GGI2005 NETBOX/api/status/: the server failed (502)\n{BUSY_HINT}",
    ),
    "slow down": (
        Fault("/api/", status=429, headers={"Retry-After": "0"}),
        4,
        f"GGI2005 NETBOX/api/status/: NetBox, or a proxy before it, asks to slow down (429)\n{BUSY_HINT}",
    ),
    "slow down for long": (
        Fault("/api/", status=429, headers={"Retry-After": "3600"}),
        4,
        f"GGI2005 NETBOX/api/status/: NetBox, or a proxy before it, asks to slow down (429)\n{BUSY_HINT}",
    ),
    "dropped": (
        Fault("/api/", drop=True),
        4,
        (
            "GGI2003 NETBOX/api/status/: the connection with HOST broke off: "
            f"Remote end closed connection without response\n{AWAY_HINT}"
        ),
    ),
    "not JSON to the end": (
        Fault(
            "/api/status/",
            status=200,
            headers=NETBOX_SAYS,
            body=b'{"a":',
        ),
        4,
        f"GGI2006 NETBOX/api/status/: the answer is not complete JSON\n{CUT_HINT}",
    ),
    "JSON that is none of NetBox's": (
        Fault("/api/status/", status=200, headers=NETBOX_SAYS, body=b"5"),
        4,
        f"GGI2006 NETBOX/api/status/: the answer is not complete JSON\n{CUT_HINT}",
    ),
    "empty": (
        Fault("/api/status/", status=200, headers=NETBOX_SAYS),
        4,
        f"GGI2006 NETBOX/api/status/: the answer is not complete JSON\n{CUT_HINT}",
    ),
    "login page": (
        Fault("/api/", status=200, headers={"Content-Type": "text/html"}, body=LOG_IN),
        1,
        (
            "GGI2016 NETBOX/api/status/: what answers here is not NetBox's API: a page titled 'NetBox | Log in'\n"
            f"{STRANGER_HINT}"
        ),
    ),
    "redirect": (
        Fault("/api/", status=302, headers={"Location": "https://sso.example/login?next=secret"}),
        1,
        (
            "GGI2016 NETBOX/api/status/: NetBox's API does not redirect, but this answer leads to https://sso.example/login\n"
            "  hint: give the final address of NetBox itself (https, and without a login in front of /api/)\n"
        ),
    ),
    "another site": (
        Fault("/api/", status=404, headers={"Content-Type": "text/html"}, body=b"<h1>Not Found</h1>"),
        1,
        f"GGI2016 NETBOX/api/status/: what answers here is not NetBox's API\n{STRANGER_HINT}",
    ),
    "another API": (
        Fault("/api/", status=200, headers={"Content-Type": "application/json"}, body=b'{"hello": "world"}'),
        1,
        f"GGI2016 NETBOX/api/status/: what answers here is not NetBox's API\n{STRANGER_HINT}",
    ),
    "too old": (
        Fault("/api/", forward=True, headers={"API-Version": "4.4"}),
        1,
        (
            "GGI2015 NETBOX/api/status/: this NetBox is version 4.4\n"
            "  hint: upgrade NetBox to 4.5 or later; the toolkit is tested with 4.7\n"
        ),
    ),
}


@pytest.mark.parametrize(("fault", "status", "text"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_told_in_words(proxy, ggi, fault, status, text):
    proxy.faults.append(fault)
    assert ggi("pull") == (status, "", text)


def test_netbox_that_is_down(proxy, ggi, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GGI_NETBOX_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        status, out, err = ggi("pull")
    assert (status, out) == (4, "")
    assert err.startswith("GGI2003 http://127.0.0.1:")
    assert err.endswith(f": connection refused\n{AWAY_HINT}")


def test_netbox_that_is_slow(proxy, ggi, tmp_path):
    (tmp_path / "netbox.yml").write_text("timeout: 1\n")
    proxy.faults.append(Fault("/api/", wait=1.5))
    assert ggi("pull") == (
        4,
        "",
        (
            "GGI2004 NETBOX/api/status/: HOST did not answer within 1 seconds\n"
            "  hint: try again when it is less busy, or allow more time (`timeout` in the configuration, in seconds)\n"
        ),
    )


@pytest.mark.parametrize("way", ["graphql", "rest"])
def test_a_page_that_is_always_cut_off_leaves_the_snapshot_as_it_was(proxy, ggi, way):
    assert ggi("pull")[0] == 0
    before = stored()
    proxy.faults.append(Fault(f"{GRAPHQL}|GET /api/ipam/prefixes/", cut=0.5))
    status, out, err = ggi("pull", "--way", way)
    assert (status, out) == (4, "")
    assert err.startswith("GGI2006 NETBOX/")
    assert "the answer broke off: IncompleteRead(" in err
    assert stored() == before


# -- tokens -------------------------------------------------------------------------------------------


@pytest.fixture
def reader(lab):
    """A user who may see everything but prefixes, and a function that makes a token of that user's."""
    nb = client(lab)
    name = f"reader{os.urandom(4).hex()}"
    user = nb.post("users/users", {"username": name, "password": f"Aa1!{os.urandom(12).hex()}"})
    types = [
        f"{kind['app_label']}.{kind['model']}"
        for kind in nb.all("core/object-types", public="true")
        if (kind["app_label"], kind["model"]) != ("ipam", "prefix")
    ]
    right = {"name": name, "object_types": types, "actions": ["view"], "users": [user["id"]]}
    permission = nb.post("users/permissions", right)["id"]

    def token(**fields):
        made = nb.post("users/tokens", {"user": user["id"], "write_enabled": True, **fields})
        lab.sql(f"UPDATE users_token SET expires = '2020-01-01' WHERE id = {made['id']} AND expires IS NOT NULL;")
        return f"nbt_{made['key']}.{made['token']}" if made.get("key") else made["token"]

    def may_see(*more):
        nb.patch(f"users/permissions/{permission}", {"object_types": [*types, *more]})

    token.may_see = may_see
    return token


REFUSED_HINT = "  hint: make a new token in NetBox (your name, API Tokens) and put it where the old one stands\n"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expires": "2099-01-01T00:00:00Z"}, "Token expired"),
        ({"enabled": False}, "Token disabled"),
        ({"allowed_ips": ["192.0.2.0/24"]}, "Source IP 127.0.0.1 is not permitted to authenticate using this token."),
    ],
    ids=["expired", "disabled", "from elsewhere"],
)
def test_a_token_that_netbox_refuses(ggi, reader, monkeypatch, fields, reason):
    monkeypatch.setenv("GGI_NETBOX_TOKEN", reader(**fields))
    assert ggi("pull") == (
        1, "", f"GGI2008 NETBOX/api/status/: NetBox does not accept the token: {reason}\n{REFUSED_HINT}"
    )  # fmt: skip


def test_an_unknown_token(ggi, monkeypatch):
    monkeypatch.setenv("GGI_NETBOX_TOKEN", "nbt_abcdefghijkl.0123456789012345678901234567890123456789")
    assert ggi("pull")[::2] == (
        1, f"GGI2008 NETBOX/api/status/: NetBox does not accept the token: Invalid v2 token\n{REFUSED_HINT}"
    )  # fmt: skip


@pytest.mark.parametrize("way", ["plugin", "graphql", "rest"])
def test_a_token_without_rights_on_a_model(ggi, reader, monkeypatch, way):
    monkeypatch.setenv("GGI_NETBOX_TOKEN", reader())
    status, _, err = ggi("pull", "--way", way)
    assert status == 1
    assert err.startswith("GGI2009 NETBOX/api/")
    assert "the token may not view" in err
    assert "prefix" in err.splitlines()[0]
    assert "`ggi netbox init --print-permissions` lists what is needed" in err


@pytest.mark.parametrize("way", ["plugin", "graphql", "rest"])
def test_a_right_that_was_taken_away_does_not_look_like_a_deletion(lab, reader, way):
    nb = client(lab)
    limited = NetBox(Settings(lab.url, reader()))
    reader.may_see("ipam.prefix")
    before = read(limited, way)
    number = next(iter(before.tables["prefixes"]))
    nb.patch(f"ipam/prefixes/{number}", {"description": os.urandom(4).hex()})
    reader.may_see()
    with pytest.raises(RightMissing, match="the token may not view"):
        update(limited, before)


def test_a_read_only_token_reads_and_is_told_when_it_writes(lab, ggi, reader):
    nb = NetBox(Settings(lab.url, reader(write_enabled=False)))
    with pytest.raises(RightMissing) as refused:
        nb.post("dcim/regions", {"name": "x", "slug": "x"})
    assert str(refused.value) == (
        f"GGI2009 {lab.url}/api/dcim/regions/: the token may not add dcim/regions: "
        "You do not have permission to perform this action.\n"
        "  hint: is the token write-enabled, and has its user the permission to add them? "
        "`ggi netbox init --print-permissions` lists what is needed"
    )
    assert nb.get("status")["netbox-version"]


# -- TLS ----------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that no authority signed: its file, and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "netbox")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "netbox.pem", tmp_path / "netbox.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tuple(map(str, files))


def test_an_unknown_authority_is_refused_until_it_is_named(lab, ggi, certificate, monkeypatch):
    with Flaky(lab.url, certificate) as secure:
        monkeypatch.setenv("GGI_NETBOX_URL", secure.url)
        status, _, err = ggi("pull")
        assert status == 1
        assert err.startswith(f"GGI2007 {secure.url}/api/status/: no trusted connection with {secure.url[8:]}: ")
        assert "self-signed certificate" in err
        assert "GGI_NETBOX_CA" in err
        assert secure.seen == [], "the token was sent to a server that is not trusted"
        monkeypatch.setenv("GGI_NETBOX_CA", certificate[0])
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")  # requests would prefer it
        assert ggi("pull")[0] == 0


# -- what is written ----------------------------------------------------------------------------------


def test_a_lost_answer_to_a_post_is_not_sent_again_and_says_so(lab, proxy):
    nb = NetBox(Settings(proxy.url, lab.token))
    proxy.faults.append(Fault("POST /api/dcim/regions/", times=1, drop=True, forward=True))
    with pytest.raises(NetBoxAway) as lost:
        nb.post("dcim/regions", {"name": "Lost", "slug": "lost"})
    assert lost.value.maybe_done
    assert [request for request in proxy.seen if request.startswith("POST")] == ["POST /api/dcim/regions/"]
    assert len(client(lab).all("dcim/regions", slug="lost")) == 1
    proxy.faults.append(Fault("POST /api/dcim/regions/", times=1, drop=True))
    nb.post("dcim/regions", {"name": "Safe", "slug": "safe"}, again=True)
    assert len(client(lab).all("dcim/regions", slug="safe")) == 1


def test_a_delete_whose_answer_was_lost_is_done(lab, proxy):
    nb = NetBox(Settings(proxy.url, lab.token))
    made = nb.post("dcim/regions", {"name": "Gone", "slug": "gone"})
    proxy.faults.append(Fault("DELETE /api/dcim/regions/", times=1, drop=True, forward=True))
    nb.delete(f"dcim/regions/{made['id']}")
    assert client(lab).all("dcim/regions", slug="gone") == []


def test_no_exception_holds_the_token(lab, proxy):
    nb = NetBox(Settings(proxy.url, lab.token))
    proxy.faults.append(Fault("/api/", times=1, status=400, headers=NETBOX_SAYS,
                              body=f'{{"detail": "what is {lab.token}?"}}'.encode()))  # fmt: skip
    proxy.faults.append(Fault("/api/", drop=True))
    for _ in range(2):
        with pytest.raises(NetBoxError) as raised:
            nb.get("status")
        assert lab.token not in repr(raised.value) + str(raised.value)
        assert raised.value.__context__ is None
        assert raised.value.__cause__ is None


def test_an_answer_larger_than_any_of_netbox_is_not_taken_in(proxy, ggi, monkeypatch):
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 1 << 20)
    proxy.faults.append(
        Fault(
            "/api/",
            status=200,
            headers=NETBOX_SAYS,
            body=b" " * (2 << 20),
        )
    )
    status, _, err = ggi("pull")
    assert status == 4
    assert "the answer broke off: more than 1 MiB" in err
