import pytest

from towpath.kernel.access.ldap.model import Directory, people
from towpath.kernel.errors import InvalidInput


def entry(uid, dn=None, **more):
    values = {"uid": [uid.encode()], "cn": [f"{uid} of all".encode()]}
    return dn or f"uid={uid},dc=x", values | {k: [v.encode()] for k, v in more.items()}


@pytest.mark.parametrize("uid", ["*)(uid=*", "a\\2a", "../a", "a\x00b", "a,dc=y"])
def test_a_hostile_name_in_the_directory_becomes_a_plain_word(uid):
    (found,) = people(Directory(uri="", base=""), [entry(uid)], [])
    assert found.login.replace("-", "").isalnum()


def test_two_names_that_become_one_login_are_refused():
    with pytest.raises(InvalidInput, match="both be a-b"):
        people(Directory(uri="", base=""), [entry("a.b"), entry("a_b")], [])


def test_groups_may_name_members_by_uid_or_with_other_spelling():
    group = ("cn=g,dc=x", {"cn": [b"G"], "memberUid": [b"ann"], "member": [b"UID=bob, DC=x"]})
    found = people(Directory(uri="", base=""), [entry("ann"), entry("bob")], [group])
    assert [each.teams for each in found] == [{"g": "G"}, {"g": "G"}]
