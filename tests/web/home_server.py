"""A home organisation's FreeRADIUS on loopback: PEAP and TTLS with one account, and certificates made for the run."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "radius.almelo.example"
USER = "proef@almelo.example"
PASSWORD = "een-lang-wachtwoord-van-niemand"
SECRET = "gedeeld-geheim-van-de-proef"

_CONFIG = """
prefix = /usr
localstatedir = {folder}
logdir = {folder}
libdir = /usr/lib/freeradius
pidfile = {folder}/pid
security {{
  allow_vulnerable_openssl = yes
}}
log {{
  destination = stdout
}}
client here {{
  ipaddr = 127.0.0.1
  secret = {secret}
  require_message_authenticator = yes
}}
modules {{
  pap {{ }}
  mschap {{ }}
  eap {{
    default_eap_type = peap
    tls-config tls {{
      private_key_file = {folder}/server.key
      certificate_file = {folder}/server.pem
      ca_file = {folder}/ca.pem
      fragment_size = 1000
      tls_min_version = "1.2"
      tls_max_version = "1.2"
      ecdh_curve = "prime256v1"
    }}
    ttls {{
      tls = tls
      virtual_server = inner
    }}
    peap {{
      tls = tls
      virtual_server = inner
      default_eap_type = mschapv2
    }}
    mschapv2 {{ }}
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = {port}
  }}
  authorize {{
    eap {{
      ok = return
    }}
  }}
  authenticate {{
    eap
  }}
}}
server inner {{
  authorize {{
    if (&User-Name == "{user}") {{
      update control {{ &Cleartext-Password := "{password}" }}
    }}
    mschap
    eap {{
      ok = return
    }}
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type MS-CHAP {{
      mschap
    }}
    eap
  }}
}}
"""


def certificates(folder: Path) -> None:
    """An authority (ca.pem), another one (other.pem), and a server's certificate of the first."""
    key, authority = _authority("Proef CA")
    _, other = _authority("Andere CA")
    own = ec.generate_private_key(ec.SECP256R1())
    server = (
        _builder(NAME, own)
        .issuer_name(authority.subject)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    for name, certificate in (("ca", authority), ("other", other), ("server", server)):
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _authority(name: str):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(name, key)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _builder(name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """The server, for as long as it is needed; its port."""
    certificates(folder)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = _CONFIG.format(folder=folder, secret=SECRET, port=port, user=USER, password=PASSWORD)
    (folder / "radiusd.conf").write_text(text)
    (folder / "dictionary").write_text("$INCLUDE /usr/share/freeradius/dictionary\n")
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [shutil.which("freeradius", path="/usr/sbin"), "-f", "-d", str(folder), "-n", "radiusd"],
            stdout=output,
            stderr=output,
        )
    try:
        for _ in range(200):
            if b"Ready to process requests" in log.read_bytes():
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        else:
            raise AssertionError(log.read_text())
        yield port
    finally:
        process.terminate()
        process.wait(10)
