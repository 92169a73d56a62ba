import pytest

from towpath.kernel.access.service import Role
from towpath.kernel.secrets import service

API = "/api/towpath/v1/secrets"
VALUE = "a value nobody may see again"


@pytest.fixture
def root(people, kernel):
    service.prepare(kernel)
    return people("root", Role.admin).bearer


def test_a_secret_of_the_site_is_set_listed_by_name_and_removed(web, root, kernel):
    assert web.put(f"{API}/site/oidc", json={"value": VALUE}, headers=root).status_code == 204
    listed = web.get(API, headers=root)
    assert [(each["owner"], each["name"]) for each in listed.json()] == [("site", "oidc")]
    assert VALUE not in listed.text
    ring = service.load(kernel)
    assert kernel.db.read(lambda tx: service.get(tx, ring, "site", "oidc")).reveal() == VALUE
    assert web.delete(f"{API}/site/oidc", headers=root).status_code == 204
    assert web.delete(f"{API}/site/oidc", headers=root).status_code == 404


def test_keys_are_rotated_and_dropped(web, root):
    (old,) = web.get(f"{API}/keys", headers=root).json()
    assert (old["encrypts"], old["at_hand"], old["secrets"]) == (True, True, 0)
    new = web.post(f"{API}/keys", headers=root).json()["key"]
    assert web.delete(f"{API}/keys/{new}", headers=root).status_code == 409
    assert web.delete(f"{API}/keys/{old['id']}", headers=root).status_code == 204
    assert [each["id"] for each in web.get(f"{API}/keys", headers=root).json()] == [new]


@pytest.mark.parametrize("body", [{"value": VALUE, "more": 1}, {"value": [VALUE]}, {"v": VALUE}])
def test_a_refused_value_is_not_repeated(web, root, body):
    reply = web.put(f"{API}/site/oidc", json=body, headers=root)
    assert reply.status_code == 422
    assert VALUE not in reply.text


def test_only_administrators_have_to_do_with_secrets(web, people):
    alice = people("alice", Role.maintainer).bearer
    assert web.get(API, headers=alice).status_code == 403
    assert web.get(f"{API}/keys", headers=alice).status_code == 403
    assert web.post(f"{API}/keys", headers=alice).status_code == 403
    assert web.delete(f"{API}/keys/key_1", headers=alice).status_code == 403
    assert web.put(f"{API}/site/x", json={"value": "x"}, headers=alice).status_code == 403
    assert web.delete(f"{API}/site/x", headers=alice).status_code == 403
