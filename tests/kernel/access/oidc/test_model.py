import pytest

from towpath.kernel.access.oidc.model import pairs, person, rules
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Denied, InvalidInput
from towpath.kernel.settings import Settings

RULES = rules(Settings(oidc_groups="ops=admin,devs=member", oidc_teams="ops=crew"))


def claims(**more):
    return {"sub": "1", "preferred_username": "ann", "name": "Ann", "groups": ["ops"]} | more


def test_groups_become_role_and_teams():
    found = person(RULES, claims(groups=["devs", "ops", "unknown"]))
    assert (found.role, found.teams) == (Role.admin, {"crew": "crew"})
    assert person(RULES, claims(groups="devs")).role == Role.member
    assert person(RULES, claims(groups=[])).role == Role.viewer


@pytest.mark.parametrize("groups", [None, 7, {"ops": 1}, [["ops"], 3]])
def test_a_claim_of_another_shape_names_no_group(groups):
    assert person(RULES, claims(groups=groups)).role == Role.viewer


@pytest.mark.parametrize(
    ("said", "login"),
    [("Ann", "ann"), ("ann.b@example.com", "ann-b"), ("_ann__b_", "ann-b")],
)
def test_what_a_provider_calls_somebody_becomes_a_login(said, login):
    assert person(RULES, claims(preferred_username=said)).login == login


@pytest.mark.parametrize("said", ["", "@example.com", "ß", "a" * 40, None, 7])
def test_what_cannot_be_a_login_is_refused(said):
    with pytest.raises(Denied):
        person(RULES, claims(preferred_username=said))


@pytest.mark.parametrize("subject", [None, "", 7, "x" * 256])
def test_without_a_subject_nobody_is_known(subject):
    with pytest.raises(Denied, match="'sub'"):
        person(RULES, claims(sub=subject))


def test_group_names_with_commas_and_equal_signs_take_semicolons():
    read = pairs("X", "cn=ops,dc=example=admin; cn=devs,dc=example=member", str)
    assert read == {"cn=ops,dc=example": "admin", "cn=devs,dc=example": "member"}


@pytest.mark.parametrize("text", ["ops", "=admin", "ops=king"])
def test_a_mapping_that_cannot_be_read_is_named(text):
    with pytest.raises(InvalidInput):
        rules(Settings(oidc_groups=text))
