"""Certificates for labs and tests: authorities, their revocation lists, and what they sign; valid for a month."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_PEM = serialization.Encoding.PEM
_YESTERDAY = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
_NEXT_MONTH = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)


class Authority:
    """A certificate authority; `revoked` serial numbers go on its list."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._revoked: list[int] = []
        self._certificate = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """The authority's certificate."""
        return self._certificate.public_bytes(_PEM)

    @property
    def pem_with_list(self) -> bytes:
        """The certificate, followed by the revocation list."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(_YESTERDAY).next_update(_NEXT_MONTH)
        for serial in self._revoked:
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_YESTERDAY).build()
            builder = builder.add_revoked_certificate(revoked)
        return self.pem + builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM)

    def issue(self, name: str, *more: str, mail: str = "", revoked: bool = False) -> tuple[bytes, bytes]:
        """A certificate for a server of these DNS names, or for the user with that mail address; and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        alternatives = [x509.RFC822Name(mail)] if mail else [x509.DNSName(each) for each in (name, *more)]
        purposes = (
            [ExtendedKeyUsageOID.CLIENT_AUTH]
            if mail
            else [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        )
        certificate = (
            self._builder(subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        if revoked:
            self._revoked.append(certificate.serial_number)
        plain = serialization.NoEncryption()
        return certificate.public_bytes(_PEM), key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, plain)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return builder.not_valid_before(_YESTERDAY).not_valid_after(_NEXT_MONTH)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
