import pytest
from fastapi import APIRouter, Depends
from starlette.responses import PlainTextResponse

from towpath.kernel.access import service as access
from towpath.kernel.access.model import Named
from towpath.kernel.access.service import Role
from towpath.kernel.errors import Denied
from towpath.kernel.http.permissions import (
    Anybody,
    Needs,
    Special,
    entries,
    guarded,
    passes,
    undeclared,
)

SUNK, PRIVATE = "9", "8"


def boat(_, path):
    if path["boat"] == SUNK:
        return None
    return Named(f"boat_{path['boat']}", private=path["boat"] == PRIVATE)


HERE = Needs(Role.maintainer, boat, scopes=("boat:{}",))


def ok():
    return {}


def _told(reply):
    """All that a reply says but which request it answers."""
    return str(reply.json() | {"request_id": ""})


@pytest.fixture
def boats(routes, web_for):
    routes.add_api_route("/boats/{boat}", ok, dependencies=[Depends(HERE)])
    return web_for()


def test_a_role_granted_on_one_resource_opens_that_one_alone(boats, people, kernel):
    alice = people("alice", Role.viewer)
    kernel.db.write(lambda tx: access.grant(tx, "boat_1", Role.maintainer, login="alice"))
    assert boats.get("/boats/1", headers=alice.bearer).status_code == 200
    assert boats.get("/boats/2", headers=alice.bearer).status_code == 403
    assert boats.get("/boats/1").status_code == 401


def test_a_narrow_token_passes_with_the_scope_of_that_resource(boats, people):
    root = people("root", Role.admin, scopes=("boat:boat_1",))
    assert boats.get("/boats/1", headers=root.bearer).status_code == 200
    refusal = boats.get("/boats/2", headers=root.bearer)
    assert refusal.status_code == 403
    assert "boat:boat_2" in refusal.json()["next_step"]


def test_what_is_private_answers_strangers_as_what_is_not_there(boats, people, kernel):
    strangers = [people(role.name, role) for role in Role if role < Role.admin]
    strangers.append(people("narrow", Role.admin, scopes=("boat:boat_1",)))
    for each in strangers:
        hidden, missing = (boats.get(f"/boats/{n}", headers=each.bearer) for n in (PRIVATE, SUNK))
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert _told(hidden).replace(PRIVATE, SUNK) == _told(missing)
    root = people("root", Role.admin)
    assert boats.get(f"/boats/{PRIVATE}", headers=root.bearer).status_code == 200


def test_whoever_is_granted_too_little_on_what_is_private_is_told_so(boats, people, kernel):
    alice = people("alice", Role.maintainer)
    kernel.db.write(lambda tx: access.grant(tx, "boat_8", Role.viewer, login="alice"))
    refusal = boats.get(f"/boats/{PRIVATE}", headers=alice.bearer)
    assert refusal.status_code == 403
    assert "alice has viewer here" in refusal.json()["detail"]


def test_what_any_token_may_do_still_asks_for_the_role(routes, web_for, people):
    for path, role in (("/a", Role.viewer), ("/b", Role.admin)):
        needs = Depends(Needs(role, any_token=True))
        routes.add_api_route(path, ok, dependencies=[needs])
    narrow = people("alice", Role.member, scopes=("x",)).bearer
    web = web_for()
    assert [web.get(path, headers=narrow).status_code for path in ("/a", "/b")] == [200, 403]


def test_a_raw_route_is_checked_before_its_handler_runs(routes, web_for):
    def refuse(request):
        if "let-me" not in request.headers:
            raise Denied("No.")

    async def handler(_):
        """Say hello."""
        return PlainTextResponse("hello")

    routes.add_route("/raw", guarded(Special("the header let-me", refuse), handler))
    web = web_for()
    assert web.get("/raw").status_code == 403
    assert web.get("/raw", headers={"let-me": "in"}).text == "hello"


def test_every_way_in_is_listed_with_all_that_was_declared_for_it():
    inner = APIRouter(prefix="/inner", dependencies=[Depends(Anybody("why not"))])
    inner.add_api_route("/both", ok, methods=["GET"], dependencies=[Depends(HERE)])
    outer = APIRouter()
    outer.include_router(inner, prefix="/outer")
    outer.add_api_route("/bare", ok, methods=["POST"])
    found = {(each.method, each.path): each.declared for each in entries(outer.routes)}
    assert set(found[("GET", "/outer/inner/both")]) == {HERE, Anybody("why not")}
    assert found[("POST", "/bare")] == ()
    assert [each.split(" declares")[0] for each in undeclared(outer.routes)] == ["POST /bare"]


def test_who_passes_by_what_is_declared():
    assert passes((HERE,), Role.viewer, Role.maintainer)
    assert not passes((HERE,), Role.viewer)
    assert not passes((HERE,), Role.admin, narrow=True)
    assert not passes((HERE,), None)
    assert not passes((Needs(Role.maintainer),), Role.viewer, Role.admin)
    assert not passes((HERE,), Role.maintainer, private=True)
    assert passes((HERE,), Role.viewer, Role.maintainer, private=True)
    assert passes((Anybody("open"),), None)
    assert not passes((Anybody("open"), Special("a secret", lambda _: None)), Role.admin)
