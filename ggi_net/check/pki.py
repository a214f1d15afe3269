"""Throw-away certificates, so that a daemon that is asked to check its configuration finds the files it names."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Pki(NamedTuple):
    """PEM: a certificate authority, and a certificate of it with its key."""

    authority: bytes
    certificate: bytes
    key: bytes

    def for_file(self, name: str) -> bytes:
        """What a file of that name holds, by the toolkit's names: `*.key`, `*-ca.pem`, else a certificate."""
        if name.endswith(".key"):
            return self.key
        stem = name.rpartition(".")[0]
        return self.authority if stem == "ca" or stem.endswith("-ca") else self.certificate


@cache
def throwaway_pki() -> Pki:
    """One authority and one certificate, valid for a day, made once per process."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed("throw-away authority", authority_key, authority_key, is_authority=True)
    certificate = _signed("throw-away", key, authority_key, is_authority=False)
    pem = serialization.Encoding.PEM
    return Pki(
        authority.public_bytes(pem),
        certificate.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey, *, is_authority: bool
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    issuer_name = name if is_authority else "throw-away authority"
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(issuer, hashes.SHA256())
    )
