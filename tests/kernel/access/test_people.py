import pytest

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Unauthenticated


@pytest.fixture
def write(kernel):
    return kernel.db.write


@pytest.fixture
def root(write):
    return write(lambda tx: service.create_user(tx, "root", None, Role.admin))


def test_a_person_from_outside_is_made_once_and_kept_up_to_date(write):
    first = write(lambda tx: service.ensure_user(tx, "alice", "Alice", source="ldap"))
    again = write(lambda tx: service.ensure_user(tx, "alice", "Alice B.", source="ldap"))
    assert (first.id, again.name, again.source, again.role) == (
        again.id,
        "Alice B.",
        "ldap",
        Role.viewer,
    )


def test_a_source_outside_takes_over_nobody_unless_an_administrator_says_so(write, root):
    write(lambda tx: service.ensure_system_user(tx, "voice", "A voice"))
    for login in ("root", "voice"):
        with pytest.raises(Conflict, match="does not come from ldap"):
            write(lambda tx: service.ensure_user(tx, login, "Mallory", source="ldap"))  # noqa: B023
    with pytest.raises(Conflict):
        write(lambda tx: service.ensure_user(tx, "voice", "", source="ldap", adopt=True))
    adopted = write(lambda tx: service.ensure_user(tx, "root", "Root", source="ldap", adopt=True))
    assert adopted.id == root.id
    with pytest.raises(InvalidInput, match="needs a name"):
        write(lambda tx: service.ensure_user(tx, "bob", "Bob", source=""))


def test_a_deactivated_user_loses_sessions_and_tokens_within_one_request(
    kernel, write, root, password_hash
):
    write(lambda tx: service.create_user(tx, "alice", password_hash, Role.member))
    _, raw = write(lambda tx: service.create_token(tx, "alice", "t"))
    session = service.log_in(kernel, "alice", PASSWORD)
    gone = write(lambda tx: service.deactivate(tx, "alice"))
    assert gone.deactivated is not None
    assert kernel.db.read(lambda tx: service.authenticate_session(tx, session.raw)) is None
    with pytest.raises(Unauthenticated):
        kernel.db.read(lambda tx: service.authenticate_token(tx, raw))
    with pytest.raises(Unauthenticated):
        service.log_in(kernel, "alice", PASSWORD)
    for shut in (
        lambda tx: service.create_token(tx, "alice", "again"),
        lambda tx: service.open_session(tx, kernel, gone),
    ):
        with pytest.raises(Denied, match="was deactivated"):
            write(shut)


def test_whoever_is_let_in_again_starts_with_nothing(kernel, write, root, password_hash):
    write(lambda tx: service.create_user(tx, "alice", password_hash, Role.member))
    old = service.log_in(kernel, "alice", PASSWORD)
    write(lambda tx: service.deactivate(tx, "alice"))
    assert write(lambda tx: service.activate(tx, "alice")).deactivated is None
    assert kernel.db.read(lambda tx: service.authenticate_session(tx, old.raw)) is None
    assert service.log_in(kernel, "alice", PASSWORD)


def test_the_last_administrator_stays(write, root):
    with pytest.raises(Conflict, match="last administrator"):
        write(lambda tx: service.deactivate(tx, "root"))
    with pytest.raises(Conflict, match="last administrator"):
        write(lambda tx: service.set_role(tx, "root", Role.member))
    write(lambda tx: service.create_user(tx, "eve", None, Role.admin))
    assert write(lambda tx: service.set_role(tx, "root", Role.member)).role is Role.member


def test_a_source_that_falls_silent_takes_away_only_what_it_gave(write, root):
    made = write(lambda tx: service.create_user(tx, "alice", None, Role.member))

    def say(role):
        write(lambda tx: service.set_site_role(tx, made.id, "oidc", role))
        return write(lambda tx: service.known(tx, "alice")).role

    assert [say(Role.admin), say(Role.viewer), say(None)] == [
        Role.admin,
        Role.member,
        Role.member,
    ]
    with pytest.raises(NotFound):
        write(lambda tx: service.set_site_role(tx, "user_0", "oidc", Role.admin))


def test_a_service_account_has_an_owner_and_never_logs_in(kernel, write):
    with pytest.raises(NotFound, match="no team"):
        write(lambda tx: service.create_service_account(tx, "bot", "Bot", "crew", Role.member))
    write(lambda tx: service.add_team(tx, "crew"))
    made = write(lambda tx: service.create_service_account(tx, "bot", "Bot", "crew", Role.member))
    assert made.kind == "service"
    with pytest.raises(Unauthenticated):
        service.log_in(kernel, "bot", PASSWORD)
    with pytest.raises(Denied, match="only tokens"):
        write(lambda tx: service.open_session(tx, kernel, made))
    _, raw = write(lambda tx: service.create_token(tx, "bot", "ci"))
    assert kernel.db.read(lambda tx: service.authenticate_token(tx, raw)).login == "bot"


def test_voices_of_the_house_are_not_listed_and_not_changed(write, root):
    write(lambda tx: service.ensure_system_user(tx, "voice", "A voice"))
    assert [each.login for each in write(service.users)] == ["root"]
    with pytest.raises(InvalidInput, match="voice of the house"):
        write(lambda tx: service.deactivate(tx, "voice"))
