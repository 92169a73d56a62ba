import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.kernel.access import model
from towpath.kernel.access.model import Grant, Named, Principal, Role, may, require
from towpath.kernel.errors import Denied, InvalidInput

ROLES = st.sampled_from(Role)
SCOPES = st.frozensets(st.sampled_from(["runner", "repo:read:1", "repo:read:2"]))


def principal(role=Role.member, *scopes):
    return Principal("user_1", "alice", "Alice", role, frozenset(scopes))


@given(ROLES, ROLES)
def test_a_role_may_do_what_the_ones_before_it_may(has, wants):
    assert may(principal(has), wants) == (has >= wants)


@given(ROLES, ROLES, SCOPES, st.sampled_from([None, "runner", "repo:read:1"]))
def test_a_scope_never_adds_a_right_and_is_always_asked_for(has, wants, scopes, scope):
    narrow = may(principal(has, *scopes), wants, scope)
    assert narrow <= may(principal(has), wants)
    assert not narrow or not scopes or scope in scopes


def test_a_refusal_says_which_role_it_takes():
    with pytest.raises(Denied, match="needs the role admin; alice has member"):
        require(principal(), Role.admin)


def test_a_refusal_of_a_narrow_token_says_what_it_may():
    with pytest.raises(Denied, match="may only do: runner"):
        require(principal(Role.admin, "runner"), Role.viewer)
    with pytest.raises(Denied, match="or with repo:read:1"):
        require(principal(Role.admin, "runner"), Role.viewer, "repo:read:1")


@pytest.mark.parametrize("login", ["a", "alice", "towpath-gate", "x1", "a" * 39])
def test_logins_that_fit_an_address_and_a_mention(login):
    assert model.valid_login(login) == login


@pytest.mark.parametrize(
    "login", ["", "A", "-a", "a-", "a--b", "a b", "a/b", "a.b", "é", "a\n", "a" * 40]
)
def test_other_logins_are_refused(login):
    with pytest.raises(InvalidInput, match="cannot be a login"):
        model.valid_login(login)


def test_roles_go_by_name():
    assert model.valid_role("maintainer") is Role.maintainer
    with pytest.raises(InvalidInput, match="viewer, member, maintainer, admin"):
        model.valid_role("king")


@pytest.mark.parametrize(("length", "fits"), [(11, False), (12, True), (256, True), (257, False)])
def test_passwords_are_judged_by_their_length_alone(length, fits):
    if fits:
        assert model.valid_password("x" * length)
    else:
        with pytest.raises(InvalidInput, match="too short" if length < 12 else "too long"):
            model.valid_password("x" * length)


def test_scopes_are_kept_once_each_in_order():
    assert model.valid_scopes(("runner", "a:b", "runner")) == ("a:b", "runner")
    for bad in ("", "Runner", "a b", "x" * 101):
        with pytest.raises(InvalidInput, match="cannot be a scope"):
            model.valid_scopes((bad,))


RESOURCES = st.sampled_from(["repo_1", "repo_2", "repo_3"])
HOLDERS = st.sampled_from(["user_1", "user_2", "team_1", "team_2"])
GRANTS = st.lists(st.builds(Grant, RESOURCES, HOLDERS, ROLES), max_size=12)


@given(ROLES, st.sets(st.sampled_from(["team_1", "team_2"])), GRANTS, RESOURCES, ROLES)
def test_the_role_on_a_resource_is_what_somebody_would_find_by_trying_each_way(
    site, teams, grants, resource, wanted
):
    held = model.granted("user_1", teams, grants)
    decided = model.effective_role(site, held, Named(resource))
    ways = [site]
    for holder in ("user_1", *sorted(teams)):
        ways += [g.role for g in grants if (g.resource, g.holder) == (resource, holder)]
    assert (decided >= wanted) == any(way >= wanted for way in ways)
    assert model.effective_role(site, held, None) == site


@given(ROLES, GRANTS, RESOURCES)
def test_what_is_granted_elsewhere_or_to_others_changes_nothing(site, grants, resource):
    others = [g for g in grants if g.resource != resource or g.holder == "user_2"]
    held = model.granted("user_1", {"team_1", "team_2"}, others)
    assert model.effective_role(site, held, Named(resource)) == site


def test_a_maintainer_of_one_resource_is_nobody_special_on_another():
    alice = Principal("user_1", "alice", "Alice", Role.viewer, held={"repo_1": Role.maintainer})
    assert may(alice, Role.maintainer, resource=Named("repo_1"))
    for elsewhere in (Named("repo_2"), None):
        with pytest.raises(Denied, match="alice has viewer"):
            require(alice, Role.member, resource=elsewhere)


def test_a_grant_does_not_widen_a_narrow_token():
    alice = Principal(
        "user_1", "alice", "", Role.viewer, frozenset({"runner"}), {"repo_1": Role.admin}
    )
    assert not may(alice, Role.viewer, resource=Named("repo_1"))


@pytest.mark.parametrize("slug", ["a", "dock-crew", "x_1", "a" * 63])
def test_slugs_of_teams(slug):
    assert model.valid_slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "A", "-a", "a-", "a b", "a/b", "é", "a\n", "a" * 64])
def test_other_slugs_are_refused(slug):
    with pytest.raises(InvalidInput, match="slug of a team"):
        model.valid_slug(slug)


@given(ROLES, GRANTS, RESOURCES, ROLES)
def test_on_what_is_private_grants_alone_count_and_nobody_else_knows_of_it(
    site, grants, resource, wanted
):
    held = model.granted("user_1", {"team_1"}, grants)
    ours = ("user_1", "team_1")
    mine = [g.role for g in grants if g.resource == resource and g.holder in ours]
    alice = Principal("user_1", "alice", "Alice", site, held=held)
    hidden = Named(resource, private=True)
    known = site is Role.admin or bool(mine)
    assert model.knows(alice, hidden) == known
    assert may(alice, Role.viewer, resource=hidden) == known
    best = Role.admin if site is Role.admin else max(mine, default=None)
    assert may(alice, wanted, resource=hidden) == (best is not None and best >= wanted)


def test_a_narrow_token_knows_of_private_resources_only_what_its_scopes_name():
    held = {"repo_1": Role.admin, "repo_2": Role.admin}
    scopes = frozenset({"repo:read:repo_1", "runner"})
    alice = Principal("user_1", "alice", "Alice", Role.member, scopes, held)
    known = [model.knows(alice, Named(f"repo_{n}", private=True)) for n in (1, 2, 3)]
    assert known == [True, False, False]
    assert model.knows(alice, Named("repo_3"))


def test_a_scope_on_what_nobody_granted_lets_nobody_know():
    eve = Principal("user_1", "eve", "Eve", Role.maintainer, frozenset({"repo:read:repo_1"}))
    assert not model.knows(eve, Named("repo_1", private=True))


def test_a_voice_of_ours_holds_what_its_token_was_made_for():
    held = model.held_by_scopes(("repo:read:repo_1", "runner"), Role.viewer)
    assert held == {"repo_1": Role.viewer}
