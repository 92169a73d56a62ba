"""The services of artifacts and caches as their clients speak to them, and who may not."""

import pytest

from tests.pipelines.leaving import SERVICES, leaver, next_leaver

TWO = "on: push\njobs:\n" + "".join(
    f"  {name}:\n    runs-on: linux\n    steps: [{{run: make}}]\n" for name in "ab"
)


@pytest.fixture
def boat(canal):
    return leaver(canal)


def test_an_artifact_is_created_listed_fetched_and_deleted(boat):
    number = boat.leave(b"oak and tar")
    (listed,) = boat.call("ArtifactService/ListArtifacts")["artifacts"]
    assert listed["database_id"] == str(number)
    assert (listed["name"], listed["size"]) == ("boat", "11")
    assert listed["digest"].startswith("sha256:")
    assert boat.client.get(boat.address()).content == b"oak and tar"
    assert boat.call("ArtifactService/DeleteArtifact", name="boat")["artifact_id"] == str(number)
    assert boat.call("ArtifactService/ListArtifacts")["artifacts"] == []


def test_lists_are_narrowed_by_name_and_by_number(boat):
    boat.leave(name="a")
    number = boat.leave(name="b")
    for narrow in ({"name_filter": "b"}, {"id_filter": str(number)}):
        found = boat.call("ArtifactService/ListArtifacts", **narrow)["artifacts"]
        assert [each["name"] for each in found] == ["b"]


def test_the_address_leads_back_the_way_the_job_came(boat):
    headers = {"Authorization": f"Bearer {boat.taken.runtime}"}
    body = {"workflow_run_backend_id": boat.taken.run, "name": "boat"}
    for relay, expected in (
        ("127.0.0.1:4711", "http://127.0.0.1:4711/"),
        ("towpath.localhost:80", "http://towpath.localhost:80/"),
        ("evil.example:80", f"{boat_url(boat)}/"),
        ("127.0.0.1:80/x", f"{boat_url(boat)}/"),
    ):
        url = f"{SERVICES}ArtifactService/CreateArtifact"
        sent = {**headers, "Towpath-Relay": relay}
        answer = boat.client.post(url, json=body, headers=sent).json()
        assert answer["signed_upload_url"].startswith(expected)


def boat_url(boat) -> str:
    return str(boat.client.app.state.kernel.url)


def test_without_the_token_of_a_job_nothing_is_said(boat):
    url = f"{SERVICES}ArtifactService/ListArtifacts"
    for token in ("", "x", "a.b.c", "e30.eyJzdWIiOiJqb2JfMSJ9.secret"):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        assert boat.client.post(url, json={}, headers=headers).status_code == 401


def test_a_job_that_is_over_may_nothing_more(canal, boat):
    boat.leave()
    canal.finish(boat.taken)
    assert boat.ask("ArtifactService/ListArtifacts").status_code == 401


def test_the_token_of_one_job_says_nothing_of_another_run(canal, boat):
    boat.leave()
    other = leaver(canal, key="k2")
    for method in ("ListArtifacts", "GetSignedArtifactURL", "DeleteArtifact", "CreateArtifact"):
        answer = other.ask(
            f"ArtifactService/{method}", workflow_run_backend_id=boat.taken.run, name="boat"
        )
        assert answer.status_code == 403, method
        assert answer.json()["code"] == "permission_denied"
    assert other.call("ArtifactService/ListArtifacts")["artifacts"] == []
    assert other.ask("ArtifactService/GetSignedArtifactURL", name="boat").status_code == 404


def test_a_secret_that_is_nearly_right_is_wrong(boat):
    head, body, secret = boat.taken.runtime.split(".")
    for wrong in (secret[:-1], secret + "a", secret.swapcase(), ""):
        headers = {"Authorization": f"Bearer {head}.{body}.{wrong}"}
        url = f"{SERVICES}ArtifactService/ListArtifacts"
        assert boat.client.post(url, json={}, headers=headers).status_code == 401


def test_a_name_serves_once_in_a_run(canal):
    first = leaver(canal, workflow=TWO)
    second = next_leaver(canal)
    first.leave()
    answer = second.ask("ArtifactService/CreateArtifact", name="boat")
    assert answer.status_code == 409
    assert "overwrite" in answer.json()["msg"]
    second.call("ArtifactService/DeleteArtifact", name="boat")
    second.leave(b"tar")
    assert first.client.get(first.address()).content == b"tar"


def test_another_job_does_not_finish_what_it_did_not_begin(canal):
    first = leaver(canal, workflow=TWO)
    second = next_leaver(canal)
    first.put(first.begin(), b"oak")
    assert second.finalize(b"oak").status_code == 404


NONSENSE = [
    ("ArtifactService/CreateArtifact", {"name": "../x"}),
    ("ArtifactService/CreateArtifact", {"name": "a", "expires_at": "soon"}),
    ("ArtifactService/CreateArtifact", {"name": 1}),
    ("ArtifactService/FinalizeArtifact", {"name": "boat", "size": "-1"}),
    ("ArtifactService/FinalizeArtifact", {"name": "boat", "size": "9" * 40}),
    ("ArtifactService/ListArtifacts", {"id_filter": "x"}),
    ("CacheService/CreateCacheEntry", {"key": "a,b", "version": "v"}),
    ("CacheService/CreateCacheEntry", {"key": "a", "version": "../v"}),
    ("CacheService/GetCacheEntryDownloadURL", {"key": "a", "restore_keys": ["b"] * 11}),
]


def test_what_makes_no_sense_is_refused_in_words(boat):
    boat.begin()
    for method, body in NONSENSE:
        answer = boat.ask(method, **body)
        assert answer.status_code == 422, (method, body)
        assert answer.json()["code"] == "invalid_argument"
        assert answer.json()["msg"]


def test_a_body_that_is_no_json_is_refused(boat):
    headers = {"Authorization": f"Bearer {boat.taken.runtime}"}
    url = f"{SERVICES}ArtifactService/ListArtifacts"
    assert boat.client.post(url, content=b"\xff", headers=headers).status_code == 422


def test_a_cache_is_kept_and_found_again(boat):
    assert boat.find("npm-1") == ""
    assert boat.keep("npm-1", b"modules")["ok"]
    assert boat.find("npm-1") == "npm-1"
    assert boat.find("npm-2", "npm-") == "npm-1"
    assert boat.find("npm-1", version="other") == ""
    again = boat.keep("npm-1", b"other modules")
    assert again["ok"] is False
    assert "already" in again["message"]
