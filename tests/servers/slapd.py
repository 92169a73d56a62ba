"""A real OpenLDAP for the tests: 2,000 people, groups, a group in a group, TLS by its own CA."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers.oidc import free_port

BASE = "dc=canal,dc=test"
READER, PASSWORD = f"cn=reader,{BASE}", "the reader's words"
ROOT = f"cn=root,{BASE}"
CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
database mdb
suffix "{base}"
rootdn "{root}"
rootpw "{password}"
directory {folder}/db
sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""


@dataclass
class Slapd:
    uri: str
    ca_file: str


def person(number: int) -> str:
    return f"uid=user{number},ou=people,{BASE}"


def entries(count: int) -> Iterator[str]:
    yield f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Canal\ndc: canal\n"
    yield (
        f"dn: {READER}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: {PASSWORD}\n"
    )
    for unit in ("people", "groups"):
        yield f"dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}\n"
    for number in range(count):
        yield (
            f"dn: {person(number)}\nobjectClass: inetOrgPerson\nuid: user{number}\n"
            f"cn: Åsa Nummer {number}\nsn: N\n"
        )
    groups = {
        "Crew": [person(0), person(1)],
        "Fleet Staff": [person(2), f"cn=Crew,ou=groups,{BASE}"],
        "Round": [person(3), f"cn=Round,ou=groups,{BASE}"],
    }
    for name, members in groups.items():
        listed = "\n".join(f"member: {each}" for each in members)
        yield f"dn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n{listed}\n"


@contextmanager
def server(count: int = 2000) -> Iterator[Slapd]:
    folder = Path(tempfile.mkdtemp(prefix="towpath-slapd-", dir="/tmp"))
    process = None
    try:
        (folder / "db").mkdir()
        _certificate(folder)
        said = {"base": BASE, "root": ROOT, "reader": READER, "password": PASSWORD}
        (folder / "slapd.conf").write_text(CONF.format(folder=folder, **said))
        (folder / "all.ldif").write_text("\n".join(entries(count)), encoding="utf-8")
        conf = ["-f", str(folder / "slapd.conf")]
        subprocess.run(
            ["/usr/sbin/slapadd", "-q", *conf, "-l", str(folder / "all.ldif")],
            check=True, capture_output=True,
        )  # fmt: skip
        uri = f"ldap://127.0.0.1:{free_port()}"
        process = subprocess.Popen(
            ["/usr/sbin/slapd", *conf, "-h", uri, "-d", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        yield _answering(Slapd(uri, str(folder / "cert.pem")))
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _answering(started: Slapd) -> Slapd:
    for _ in range(200):
        try:
            host, port = started.uri.removeprefix("ldap://").split(":")
            socket.create_connection((host, int(port)), 5).close()
            return started
        except OSError:
            time.sleep(0.05)
    raise AssertionError("slapd does not answer")


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here, now = x509.IPAddress(ip_address("127.0.0.1")), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
