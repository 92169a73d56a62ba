import pytest
from starlette.responses import Response, StreamingResponse


def test_an_unchanged_reply_is_a_304_without_body(web, people):
    alice = people("alice")
    first = web.get("/api/towpath/v1/me", headers=alice.bearer)
    assert first.headers["etag"].startswith('W/"')
    known = alice.bearer | {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = web.get("/api/towpath/v1/me", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("as_known", ["*", "{strong}", ' "a" ,  W/{strong}'])
def test_tags_are_compared_weakly_and_a_star_knows_every_reply(web, people, as_known):
    alice = people("alice")
    strong = web.get("/api/towpath/v1/me", headers=alice.bearer).headers["etag"][2:]
    known = alice.bearer | {"If-None-Match": as_known.format(strong=strong)}
    assert web.get("/api/towpath/v1/me", headers=known).status_code == 304


def test_a_changed_reply_comes_whole_with_a_new_tag(web, people):
    alice, bob = people("alice"), people("bob")
    first = web.get("/api/towpath/v1/me", headers=alice.bearer)
    known = bob.bearer | {"If-None-Match": first.headers["etag"]}
    other = web.get("/api/towpath/v1/me", headers=known)
    assert other.json()["login"] == "bob"
    assert other.headers["etag"] != first.headers["etag"]


def test_tagged_replies_may_be_kept_by_the_caller_but_asked_for_each_time(web, people):
    reply = web.get("/api/towpath/v1/me", headers=people("alice").bearer)
    assert reply.headers["cache-control"] == "private, no-cache"


def test_pages_streams_and_own_tags_are_left_alone(routes, web_for):
    routes.add_api_route(
        "/own",
        lambda: Response("1", media_type="application/json", headers={"ETag": '"mine"'}),
    )
    routes.add_api_route(
        "/many", lambda: StreamingResponse(iter(["[1", ",2]"]), media_type="application/json")
    )
    web = web_for()
    assert web.get("/own").headers["etag"] == '"mine"'
    assert web.get("/many").json() == [1, 2]
    assert "etag" not in web.get("/many").headers
    assert "etag" not in web.get("/login").headers


def test_errors_carry_no_tag(web):
    assert "etag" not in web.get("/api/towpath/v1/me").headers


def test_a_time_is_compared_when_no_tag_is_sent(routes, web_for):
    at = "Tue, 14 Nov 2023 22:13:20 GMT"
    headers = {"Last-Modified": at}
    routes.add_api_route(
        "/dated", lambda: Response("1", media_type="application/json", headers=headers)
    )
    web = web_for()
    tag = web.get("/dated").headers["etag"]
    asked = [{"If-Modified-Since": at}, {"If-None-Match": tag, "If-Modified-Since": "x"}]
    assert [web.get("/dated", headers=one).status_code for one in asked] == [304, 304]
    older = "Tue, 14 Nov 2023 22:13:19 GMT"
    asked = [{"If-Modified-Since": older}, {"If-None-Match": '"x"', "If-Modified-Since": at}]
    asked += [{"If-Modified-Since": wrong} for wrong in ("now", "Tue, 14 Nov 2023 22:13:20")]
    assert [web.get("/dated", headers=one).status_code for one in asked] == [200] * 4
