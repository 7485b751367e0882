"""Certificates of a server on the loopback, by an authority made for the test."""

from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.ports import HOST


@cache
def authority() -> str:
    """An authority's certificate that nobody has the key of, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    made = _certificate(name, key, name, key, x509.BasicConstraints(ca=True, path_length=0))
    return made.public_bytes(serialization.Encoding.PEM).decode()


def make_certificates(folder: Path) -> None:
    """`authority.crt`; `server.crt` and `server.key` for this machine's loopback; both as `server.pem`."""
    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of tests")])
    authority = _certificate(issuer, signing, issuer, signing, x509.BasicConstraints(ca=True, path_length=0))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server of tests")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    certificate = _certificate(subject, serving, issuer, signing, names)
    private = serving.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    root = authority.public_bytes(serialization.Encoding.PEM)
    for name, content in {
        "authority.crt": root, "server.crt": pem, "server.key": private, "server.pem": private + pem + root,
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    (folder / "server.key").chmod(0o600)


def _certificate(
    subject: x509.Name,
    of: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, subject, of.public_key(), x509.random_serial_number())
    return (
        made.not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .sign(by, hashes.SHA256())
    )
