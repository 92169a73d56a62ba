import pytest

from tests.servers import oidc
from towpath.kernel.access.oidc import proof
from towpath.kernel.errors import Unavailable
from towpath.kernel.secrets import keys
from towpath.kernel.secrets import service as secrets
from towpath.kernel.secrets import store as rows
from towpath.kernel.secrets.sealing import Sealed


@pytest.fixture
def keep(kernel):
    """Keep a client secret as `towpath secrets set` does."""
    secrets.prepare(kernel)

    def put(value):
        ring = secrets.load(kernel)
        kernel.db.write(lambda tx: secrets.put(tx, ring, secrets.SITE, proof.NAME, value))

    return put


def test_a_file_comes_before_the_environment_and_that_before_what_is_kept(
    kernel, keep, configure, tmp_path
):
    assert not proof.client_secret(kernel)
    keep("kept")
    assert proof.client_secret(kernel) == "kept"
    configure(oidc_secret="of the environment")
    assert proof.client_secret(kernel) == "of the environment"
    file = tmp_path / "secret"
    file.write_text(" of a file\n")
    configure(oidc_secret_file=str(file))
    assert proof.client_secret(kernel) == "of a file"


def test_a_file_that_is_not_there_is_told_and_nothing_else_taken(kernel, keep, configure):
    keep("kept")
    configure(oidc_secret_file="/none/secret")
    with pytest.raises(Unavailable, match="file with our client secret"):
        proof.client_secret(kernel)


def test_a_lost_key_is_told_to_a_stranger_without_a_place(kernel, keep):
    keep("kept")
    keys.path_of(kernel).unlink()
    with pytest.raises(Unavailable) as refused:
        proof.client_secret(kernel)
    assert str(kernel.data) not in f"{refused.value.detail} {refused.value.next_step}"


def test_a_row_that_somebody_changed_is_not_taken_for_no_secret(kernel, keep):
    keep("kept")

    def spoil(tx):
        row = rows.row(tx, secrets.SITE, proof.NAME)
        rows.put(tx, row.place, Sealed(row.sealed.key, f"{row.sealed.key}:AAAA"))

    kernel.db.write(spoil)
    with pytest.raises(Unavailable, match="cannot be read"):
        proof.client_secret(kernel)


def test_people_log_in_with_what_is_kept_and_a_new_value_counts_at_once(house, log_in, keep):
    house(oidc_secret="")
    keep("not what the provider knows")
    assert log_in("ann").status_code == 401
    keep(oidc.SECRET)
    assert log_in("ann").headers["location"] == "/settings/tokens"
