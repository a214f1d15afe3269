"""A CA, a receiver's and a sender's certificate, for syslog over TLS."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path


class Pair(NamedTuple):
    """The files of a certificate and its key."""

    certificate: Path
    key: Path


class Certificates(NamedTuple):
    """All of them; the sender is `idp-almelo.example`."""

    ca: Path
    server: Pair
    client: Pair

    def client_context(self) -> ssl.SSLContext:
        """TLS as the sender speaks it."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(*self.client)
        return context


def certificates(folder: Path) -> Certificates:
    """Make them in `folder`."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _signed("ca.example", ca_key, None, ca_key)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    pairs = []
    for name in ("logs.example", "idp-almelo.example"):
        key = ec.generate_private_key(ec.SECP256R1())
        pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
        pair.certificate.write_bytes(_signed(name, key, ca, ca_key).public_bytes(serialization.Encoding.PEM))
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        pairs.append(pair)
    return Certificates(folder / "ca.pem", *pairs)


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, ca: x509.Certificate | None, ca_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.subject if ca else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
