"""The certificates and keys of the devices, made for one test run by an authority of its own."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = dt.timedelta(days=1)


class Authority:
    """A certificate authority that lives as long as the test run."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.name = _name(name)
        self.certificate = (
            _builder(self.name, self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA384())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, names: list[str]) -> tuple[str, str]:
        """A certificate for a device by its names, the first of which is its subject, and its key; both as PEM."""
        key = ec.generate_private_key(ec.SECP384R1())
        certificate = (
            _builder(_name(names[0]), self.name, key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(self.key, hashes.SHA384())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem, secret.decode()


def device_files(authority: Authority, estate, device: str) -> list[dict[str, str]]:
    """The IPsec certificate, its key and the authority's certificate as files of a device.

    A router has an IKE identity per VRF, `<vrf>.<name>.<domain>`; its one certificate holds them all.
    """
    placed = estate.placed(device)
    name = f"{device}.{placed.organisation.domain}"
    vrfs = [vrf.name for vrf in estate.standard_of(placed.organisation).vrfs]
    certificate, key = authority.issue([name, *(f"{vrf}.{name}" for vrf in vrfs)])
    texts = {
        "/etc/ggi/pki/ipsec.pem": certificate,
        "/etc/ggi/pki/ipsec-ca.pem": authority.pem,
        "/etc/swanctl/private/ipsec.key": key,
    }
    return [{"path": path, "mode": "0600", "owner": "root:root", "text": text} for path, text in texts.items()]


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 2 * _DAY)
    )
