"""Read a directory page by page, over a connection that is verified."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException

from towpath.kernel.access.ldap.model import Directory, Entry, Found, people
from towpath.kernel.errors import InvalidInput, Unavailable

_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_PAGE = 500
_SECONDS = 30


def read(directory: Directory) -> list[Found]:
    """Read everybody; Unavailable or InvalidInput says why that is not possible."""
    for attribute in (directory.login, directory.name):
        if not _ATTRIBUTE.fullmatch(attribute):
            raise InvalidInput(
                f"{attribute[:80]!r} is no name of an attribute.", next_step="Use one like uid."
            )
    try:
        with _connected(directory) as connection:
            users = list(_search(connection, directory, directory.user_filter))
            groups = list(_search(connection, directory, directory.group_filter))
    except (LDAPException, OSError) as error:
        raise Unavailable(
            f"The directory did not answer as it should: {str(error)[:300]}.",
            next_step="Check --uri, --base, the filters, --bind-dn, the password and --ca-file.",
        ) from error
    return people(directory, users, groups)


@contextmanager
def _connected(directory: Directory) -> Iterator[ldap3.Connection]:
    parts = urlsplit(directory.uri)
    if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname:
        raise InvalidInput(
            f"{directory.uri[:200]!r} is no address of a directory.",
            next_step="Use ldaps://HOST or ldap://HOST.",
        )
    secure = parts.scheme == "ldaps"
    if directory.plain and parts.hostname not in _LOCAL:
        raise InvalidInput(
            "Without TLS a password could be read on the way.",
            next_step="Leave --plain out; it is for a directory on this machine.",
        )
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=directory.ca_file)
    server = ldap3.Server(
        parts.hostname, parts.port, use_ssl=secure, tls=tls, connect_timeout=_SECONDS,
        get_info=ldap3.NONE,
    )  # fmt: skip
    connection = ldap3.Connection(
        server, directory.bind or None, directory.password or None, read_only=True,
        receive_timeout=_SECONDS, raise_exceptions=True,
    )  # fmt: skip
    try:
        connection.open()
        if not secure and not directory.plain:
            connection.start_tls()
        connection.bind()
        yield connection
    finally:
        held = connection.socket  # after StartTLS unbind alone would leave it open
        with suppress(LDAPException, OSError):
            connection.unbind()
        if held is not None:
            held.close()


def _search(connection: ldap3.Connection, directory: Directory, asked: str) -> Iterator[Entry]:
    wanted = sorted({directory.login, directory.name, "cn"})
    members = ["member", "uniqueMember", "memberUid"]
    found = connection.extend.standard.paged_search(
        directory.base, asked, attributes=[*wanted, *members], paged_size=_PAGE, generator=True
    )
    for each in found:
        if each["type"] == "searchResEntry":
            yield each["dn"], each["raw_attributes"]
