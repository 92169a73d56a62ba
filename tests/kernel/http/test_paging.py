import pytest

from towpath.kernel.errors import InvalidInput
from towpath.kernel.http.paging import Cursor, Limit, link_next, page


def test_a_cursor_comes_back_as_it_was():
    cursor = Cursor((1_700_000_000_000_000, "run_01hv3k", "é/?&="))
    text = cursor.encode()
    assert Cursor.decode(text) == cursor
    assert text.isascii()
    assert not set(text) & set("+/=&?")


@pytest.mark.parametrize("text", ["", "%%%", "bm8", "eyJhIjoxfQ", "WzEuNV0", "é", "A" * 5])
def test_a_cursor_that_is_not_ours_is_refused(text):
    with pytest.raises(InvalidInput, match="not one of ours"):
        Cursor.decode(text)


def test_the_page_knows_whether_more_follows():
    assert page([1, 2, 3], 2) == ([1, 2], True)
    assert page([1, 2], 2) == ([1, 2], False)


def test_the_link_header_leads_to_the_next_page_and_keeps_the_question(routes, web_for):
    from starlette.requests import Request
    from starlette.responses import JSONResponse

    def boats(request: Request, limit: Limit = 2, after: str | None = None):
        start = int(Cursor.decode(after).values[0]) if after else 0
        rows, more = page(list(range(start, 5))[: limit + 1], limit)
        cursor = Cursor((rows[-1] + 1,)) if more else None
        return JSONResponse(rows, headers=link_next(request, cursor))

    routes.add_api_route("/boats", boats)
    web = web_for()
    seen, address = [], "/boats?colour=red"
    while address:
        reply = web.get(address)
        seen.append(reply.json())
        address = reply.links.get("next", {}).get("url")
        assert address is None or "colour=red" in address
    assert seen == [[0, 1], [2, 3], [4]]


def test_a_limit_beyond_the_largest_is_refused(routes, web_for):
    def boats(limit: Limit = 2):
        return limit

    routes.add_api_route("/boats", boats)
    web = web_for()
    assert web.get("/boats?limit=100").json() == 100
    assert web.get("/boats?limit=101").status_code == 422
