import pytest
from structlog.testing import capture_logs

from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, PermanentError, Unavailable
from towpath.kernel.secrets import keys, service, store


def state(vault):
    ring = service.load(vault)
    return {each.id: each for each in vault.db.read(lambda tx: service.key_states(tx, ring))}


def the_check(vault):
    (check,) = vault.db.read(lambda tx: service.checks(vault, tx))
    return check


def test_a_secret_is_kept_replaced_listed_and_removed(vault, put, get):
    put()
    put(value="hunter3")
    assert get().reveal() == "hunter3"
    (named,) = vault.db.read(lambda tx: service.names(tx, "repository:1"))
    assert (named.owner, named.name, named.changed) == ("repository:1", "hook", vault.clock.now())
    assert vault.db.read(lambda tx: service.names(tx, "site")) == []
    vault.db.write(lambda tx: service.delete(tx, "repository:1", "hook"))
    with pytest.raises(NotFound):
        get()
    with pytest.raises(NotFound):
        vault.db.write(lambda tx: service.delete(tx, "repository:1", "hook"))


def test_the_audit_log_tells_that_it_was_set_and_not_what_it_is(vault, put):
    put()
    found = vault.db.read(lambda tx: audit.search(tx, Search(what="secret.")))
    assert [(e.action, e.subject) for e in found] == [("secret.set", "secret:repository:1/hook")]
    assert "hunter2" not in str(found)


def test_neither_rows_nor_the_log_hold_the_value(vault, put):
    with capture_logs() as logs:
        put()
    rows = vault.db.read(lambda tx: str(tx.rows(store.VALUE.select())))
    assert "hunter2" not in rows + str(logs)


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [("site", "", "v"), ("site", "1st", "v"), ("", "n", "v"), ("a b", "n", "v"),
     ("site", "n", ""), ("site", "n", "v" * 65_537), ("site", "n" * 101, "v")],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_without_repeating_it(vault, put, owner, name, value):
    with pytest.raises(InvalidInput) as raised:
        put(name, value, owner)
    assert "vvv" not in str(raised.value)


def test_a_second_start_finds_the_key_of_the_first(vault, put, get):
    put()
    service.prepare(vault)
    assert get().reveal() == "hunter2"
    assert len(state(vault)) == 1


def test_a_key_written_just_before_a_crash_is_used_by_the_next_start(make_kernel):
    kernel = make_kernel()
    made = keys.add(keys.load(kernel))
    service.prepare(kernel)
    assert kernel.db.read(store.current_key) == made


def test_while_keys_rotate_every_secret_can_be_read_and_then_none_needs_the_old_one(
    vault, put, get, work_off, monkeypatch
):
    monkeypatch.setattr(service, "_AT_ONCE", 2)
    for number in range(5):
        put(f"n{number}", f"value {number}")
    (old,) = state(vault)
    new = service.rotate(vault)
    assert [get(f"n{n}").reveal() for n in range(5)] == [f"value {n}" for n in range(5)]
    put("late", "set while rotating")
    work_off()
    assert [get(f"n{n}").reveal() for n in range(5)] == [f"value {n}" for n in range(5)]
    assert (state(vault)[old].secrets, state(vault)[new].secrets) == (0, 6)
    assert state(vault)[new].encrypts
    assert not state(vault)[old].encrypts


def test_a_rotation_cut_off_goes_on_where_it_was(vault, put, get, work_off, monkeypatch):
    monkeypatch.setattr(service, "_AT_ONCE", 1)
    for number in range(3):
        put(f"n{number}")
    new = service.rotate(vault)
    ring = service.load(vault)
    vault.db.write(lambda tx: service._seal_again(tx, ring, ""))
    assert state(vault)[new].secrets == 1
    work_off()
    assert state(vault)[new].secrets == 3


def test_an_old_key_is_dropped_only_when_no_secret_needs_it(vault, put, get, work_off):
    put()
    (old,) = state(vault)
    new = service.rotate(vault)
    with pytest.raises(Conflict, match="hook of repository:1"):
        service.drop_key(vault, old)
    work_off()
    service.drop_key(vault, old)
    assert list(state(vault)) == [new]
    assert get().reveal() == "hunter2"
    with pytest.raises(Conflict, match="Rotate first"):
        service.drop_key(vault, new)


def test_a_key_brought_to_every_host_beforehand_is_the_one_that_is_used(vault):
    brought = keys.add(service.load(vault))
    assert not state(vault)[brought].encrypts
    assert service.rotate(vault) == brought
    assert service.rotate(vault) != brought


def test_a_lost_key_says_which_secrets_it_costs_and_what_to_do(vault, put, get, work_off):
    assert the_check(vault).state == "good"
    put()
    file = keys.path_of(vault)
    kept = file.read_bytes()
    file.unlink()
    assert the_check(vault).state == "bad"
    assert "hook of repository:1" in the_check(vault).words
    with pytest.raises(Unavailable, match="from your backup"):
        get()
    with capture_logs() as logs:
        service.prepare(vault)
    assert [each["event"] for each in logs] == ["key of secrets is missing"]
    assert not file.exists()
    file.write_bytes(kept)
    assert get().reveal() == "hunter2"


def test_after_a_key_is_lost_for_good_a_rotation_lets_secrets_be_set_again(
    vault, put, get, work_off
):
    put()
    keys.path_of(vault).unlink()
    service.rotate(vault)
    work_off()
    with pytest.raises(Unavailable):
        get()
    put(value="hunter3")
    assert get().reveal() == "hunter3"
    assert the_check(vault).state == "good"


def test_a_row_moved_in_the_database_neither_opens_nor_stops_a_rotation(vault, put, get, work_off):
    put("a", "of a")
    put("b", "of b")
    stolen = vault.db.read(lambda tx: store.row(tx, "repository:1", "a")).sealed.text
    vault.db.write(
        lambda tx: tx.execute(
            store.VALUE.update().where(store.VALUE.c.name == "b").values(sealed=stolen)
        )
    )
    with pytest.raises(PermanentError):
        get("b")
    new = service.rotate(vault)
    work_off()
    assert state(vault)[new].secrets == 1
    assert get("a").reveal() == "of a"
