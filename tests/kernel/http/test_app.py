from fastapi import APIRouter
from starlette.testclient import TestClient

from towpath.kernel import builtin
from towpath.kernel.http.app import create_app
from towpath.kernel.plugin import Plugin


def part(name, path, said):
    routes = APIRouter()
    routes.add_api_route(path, lambda: said)
    return Plugin(name=name, package="towpath.kernel", routes=lambda _: (routes,))


def test_routes_come_in_the_order_of_the_parts_and_the_kernel_is_never_hidden(kernel):
    parts = (builtin.PLUGIN, part("first", "/boat", 1), part("greedy", "/{anything:path}", 2))
    with TestClient(create_app(kernel, parts)) as web:
        assert web.get("/boat").json() == 1
        assert web.get("/ship").json() == 2
        assert web.get("/healthz").text == "ok\n"


def test_openapi_lists_the_api_and_not_the_pages(web):
    told = web.get("/openapi.json").json()
    assert "/api/towpath/v1/me" in told["paths"]
    assert "/login" not in told["paths"]
    me = told["paths"]["/api/towpath/v1/me"]["get"]
    assert "application/problem+json" in me["responses"]["default"]["content"]
    assert me["security"] == [{"HTTPBearer": []}]
    assert told["info"]["title"] == "Towpath"


def test_two_applications_share_nothing_but_the_kernel(kernel):
    one, two = (create_app(kernel, (builtin.PLUGIN,)) for _ in range(2))
    with TestClient(one) as web:
        web.get("/api/towpath/v1/me")
    with TestClient(two) as web:
        assert "towpath/v1/me" not in web.get("/metrics").text


def test_at_its_end_the_application_stops_its_streams(kernel):
    app = create_app(kernel, (builtin.PLUGIN,))
    with TestClient(app):
        assert not app.state.stopping.is_set()
    assert app.state.stopping.is_set()
