"""A real slapd, read as an importer reads it; it gives no more than 500 entries at once."""

from dataclasses import replace

import pytest

from tests.servers import slapd
from towpath.kernel.access.ldap.model import Directory
from towpath.kernel.access.ldap.reading import read
from towpath.kernel.errors import InvalidInput, Unavailable


@pytest.fixture(scope="module")
def directory():
    with slapd.server() as started:
        yield Directory(
            uri=started.uri, base=slapd.BASE, bind=slapd.READER, password=slapd.PASSWORD,
            ca_file=started.ca_file,
        )  # fmt: skip


def test_two_thousand_people_come_page_by_page_over_verified_tls(directory):
    found = {each.login: each for each in read(directory)}
    assert len(found) == 2000
    assert found["user0"].name == "Åsa Nummer 0"
    assert found["user0"].teams == {"crew": "Crew", "fleet-staff": "Fleet Staff"}
    assert found["user2"].teams == {"fleet-staff": "Fleet Staff"}
    assert found["user3"].teams == {"round": "Round"}, "a circle of groups ends"
    assert found["user4"].teams == {}


@pytest.mark.parametrize(
    "wrong",
    [{"ca_file": None}, {"password": "another"}, {"base": "dc=nobody"}, {"user_filter": "(uid=*"}],
    ids=["unknown certificate", "password", "base", "filter"],
)
def test_what_stands_in_the_way_is_told(directory, wrong):
    with pytest.raises(Unavailable, match="did not answer as it should"):
        read(replace(directory, **wrong))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"uri": "http://127.0.0.1"}, "no address of a directory"),
        ({"uri": "ldap://ldap.example", "plain": True}, "read on the way"),
        ({"login": "uid)(uid=*"}, "no name of an attribute"),
    ],
)
def test_what_would_be_unsafe_is_refused_before_anything_is_asked(directory, wrong, words):
    with pytest.raises(InvalidInput, match=words):
        read(replace(directory, **wrong))
