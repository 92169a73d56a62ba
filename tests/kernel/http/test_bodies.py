import hashlib

import pytest
from starlette.requests import Request

LIMIT = 1_048_576


@pytest.fixture
def echo(routes, web_for):
    async def take(request: Request):
        body = await request.body()
        return {"length": len(body), "digest": request.state.body_digest.hexdigest()}

    async def stream(request: Request):
        return {"length": sum([len(part) async for part in request.stream()])}

    routes.add_api_route("/take", take, methods=["POST"])
    routes.add_api_route("/stream/take", stream, methods=["POST"])
    return web_for()


def pieces(total, piece=100_000):
    while total > 0:
        yield b"x" * min(piece, total)
        total -= piece


def test_a_body_of_the_limit_passes_and_its_digest_is_known(echo):
    body = b"x" * LIMIT
    assert echo.post("/take", content=body).json() == {
        "length": LIMIT,
        "digest": hashlib.sha256(body).hexdigest(),
    }


def test_a_body_that_announces_too_much_is_refused_before_it_is_read(echo):
    reply = echo.post("/take", content=b"x" * (LIMIT + 1))
    assert reply.status_code == 413
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["connection"] == "close"
    assert str(LIMIT) in reply.json()["detail"]


def test_a_chunked_body_is_refused_once_it_passes_the_limit(echo):
    assert echo.post("/take", content=pieces(LIMIT)).json()["length"] == LIMIT
    reply = echo.post("/take", content=pieces(LIMIT + 1))
    assert reply.status_code == 413
    assert reply.json()["request_id"]


def test_a_length_that_is_no_number_is_refused(echo):
    assert echo.post("/take", headers={"Content-Length": "-5"}).status_code == 413


def test_routes_that_stream_count_for_themselves(echo):
    assert echo.post("/stream/take", content=pieces(3 * LIMIT)).json() == {"length": 3 * LIMIT}
