import pytest

from towpath.kernel.access.service import Role

PATH = "/api/towpath/v1/people/ldap"
ANN = {"login": "ann", "name": "Ann", "teams": {"crew": "Crew"}}


def test_an_administrator_brings_people(web, people):
    root = people("root", Role.admin)
    sent = {"people": [ANN]}
    dry = web.post(PATH, json=sent, headers=root.bearer)
    assert dry.json() == {"changes": ["add ann (Ann)", "put ann into crew"]}
    done = web.post(PATH, json=sent | {"apply": True}, headers=root.bearer)
    assert done.json() == dry.json()
    assert web.post(PATH, json=sent, headers=root.bearer).json() == {"changes": []}


@pytest.mark.parametrize("role", [Role.viewer, Role.maintainer])
def test_nobody_else_does(web, people, role):
    reply = web.post(PATH, json={"people": []}, headers=people("eve", role).bearer)
    assert reply.status_code == 403
