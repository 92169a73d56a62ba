"""Repositories, branches, commits and statuses as a program for GitHub asks for them."""

import pytest

from tests.forge.api.github import REPO as ANY
from tests.forge.api.github import faults
from towpath.forge import service
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.audit import service as audit

V3 = "/api/v3"
REPO = "/api/v3/repos/alice/boat"


@pytest.fixture
def boat(served, hosted):
    return hosted


def test_the_caller_is_told(served):
    said = served.call("GET", "/api/v3/user").json()
    assert (said["login"], said["type"]) == ("alice", "User")
    assert isinstance(said["id"], int)


def test_a_repository_is_created_for_its_owner(served):
    made = served.call("POST", "/api/v3/user/repos", json={"name": "hello", "private": True})
    assert made.status_code == 201
    said = made.json()
    assert (said["full_name"], said["default_branch"]) == ("alice/hello", "main")
    assert said["clone_url"] == f"{served.url}/alice/hello.git"
    again = served.call("GET", "/api/v3/repos/alice/hello").json()
    assert again.pop("permissions")["maintain"] is True
    assert again == said


def test_a_private_repository_says_so_and_is_listed_for_its_own(served):
    names = {}
    for wish in ({"private": True}, {"visibility": "private"}, {"private": False}, {}):
        made = served.call("POST", f"{V3}/user/repos", json=wish | {"name": f"b{len(names)}"})
        names[made.json()["full_name"]] = (made.json()["private"], made.json()["visibility"])
    assert list(names.values()) == [(True, "private")] * 2 + [(False, "internal")] * 2

    def listed(user):
        return {
            one["full_name"] for one in served.call("GET", f"{V3}/user/repos", user=user).json()
        }

    assert listed("alice") >= names.keys()
    assert listed("bob") & names.keys() == {"alice/b2", "alice/b3"}
    assert served.call("GET", f"{V3}/repos/alice/b0/collaborators/bob").status_code == 404
    people = served.call("GET", f"{V3}/repos/alice/b0/collaborators").json()
    assert [one["login"] for one in people if one["role_name"] == "admin"] == [
        one["login"] for one in people
    ]
    told = served.call("GET", f"{V3}/repos/alice/b0/collaborators/bob/permission").json()
    assert (told["permission"], told["role_name"]) == ("none", "none")


def test_only_who_administers_a_repository_hides_it_or_shows_it_again(served, boat):
    def change(user, **wish):
        return served.call("PATCH", f"{V3}/repos/alice/boat", user=user, json=wish).status_code

    assert change("alice", private=True) == 403  # a maintainer of the site, who governs it
    assert change("alice", private=False, description="floats") == 200
    served.kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.admin, login="bob"))
    assert change("bob", private=True) == 200
    assert change("alice", description="sinks") == 404
    assert change("bob", visibility="internal") == 200
    assert change("alice", description="sinks") == 200
    entries = served.kernel.db.read(
        lambda tx: audit.search(tx, audit.Search(what="repository.visibility"))
    )
    assert [each.after["visibility"] for each in entries] == ["internal", "private"]
    served.kernel.db.write(lambda tx: access.grant(tx, boat.id, None, login="bob"))


def test_a_repository_is_created_for_an_organisation_by_maintainers(served):
    wish = {"name": "lock", "default_branch": "trunk"}
    assert (
        served.call("POST", "/api/v3/orgs/canal/repos", user="bob", json=wish).status_code == 403
    )
    made = served.call("POST", "/api/v3/orgs/canal/repos", json=wish)
    assert (made.json()["full_name"], made.json()["default_branch"]) == ("canal/lock", "trunk")


def test_an_error_is_githubs_and_ours_in_one(served, boat):
    refused = served.call("POST", "/api/v3/user/repos", json={"name": "boat"})
    assert refused.status_code == 422
    said = refused.json()
    assert said["message"] == said["detail"] == "alice/boat exists already."
    assert said["next_step"]
    assert refused.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("name", ["..", "a/b", "x.git", "-x", "", "a\nb", "\u202e", "x" * 200])
def test_a_hostile_name_is_refused(served, name):
    refused = served.call("POST", "/api/v3/user/repos", json={"name": name})
    assert refused.status_code == 422


def test_a_body_that_does_not_fit_names_the_field(served):
    refused = served.call("POST", "/api/v3/user/repos", json={"title": "x"})
    assert (refused.status_code, "name: Field required" in refused.json()["message"]) == (
        422,
        True,
    )


def test_nobody_gets_in_without_a_token(served, boat):
    refused = served.call("GET", REPO, user=None)
    assert refused.status_code == 401
    assert "www-authenticate" in refused.headers
    assert refused.json()["message"]


def test_what_is_not_there_is_404(served, boat):
    missing = ("/repos/alice/none", "/repos/../boat", "/repos/alice/boat/branches/none")
    more = ("/repos/alice/boat/commits/none", "/repos/alice/boat/git/ref/heads/none")
    for path in missing + more:
        assert served.call("GET", f"/api/v3{path}").status_code == 404


def test_branches_come_in_pages(served, boat):
    for number in range(5):
        boat.put(f"b{number}")
    first = served.call("GET", f"{REPO}/branches?per_page=4")
    assert [branch["name"] for branch in first.json()] == ["b0", "b1", "b2", "b3"]
    assert 'page=2>; rel="next"' in first.headers["link"]
    second = served.call("GET", f"{REPO}/branches?per_page=4&page=2")
    assert [(one["name"], one["protected"]) for one in second.json()] == [
        ("b4", False),
        ("main", True),
    ]
    assert 'rel="next"' not in second.headers["link"]
    assert 'rel="prev"' in second.headers["link"]


def test_a_branch_with_slashes_is_found(served, boat):
    sha = boat.put("feature/one")
    assert served.call("GET", f"{REPO}/branches/feature/one").json()["commit"]["sha"] == sha
    found = served.call("GET", f"{REPO}/git/ref/heads/feature/one").json()
    assert (found["ref"], found["object"]["sha"]) == ("refs/heads/feature/one", sha)


def test_an_annotated_tag_is_told_from_a_commit(served, boat):
    boat.copy.git("tag", "-a", "v1", "-m", "one")
    boat.copy.git(
        f"--git-dir={boat.path}", "fetch", "--quiet", str(boat.copy.path), "v1:refs/tags/v1"
    )
    found = served.call("GET", f"{REPO}/git/ref/tags/v1").json()["object"]
    assert (found["type"], found["sha"]) == ("tag", boat.copy.sha("v1^{tag}"))


@pytest.mark.parametrize("name", ["main", "heads/main", "SHA"])
def test_a_commit_is_found_by_each_of_its_names(served, boat, name):
    sha = boat.copy.sha("main")
    said = served.call("GET", f"{REPO}/commits/{name.replace('SHA', sha)}").json()
    assert said["sha"] == sha
    assert said["commit"]["author"]["name"] == "Alice"
    assert said["commit"]["message"] == "first"
    assert said["commit"]["tree"]["sha"] == boat.copy.sha("main^{tree}")


@pytest.mark.parametrize("name", ["--all", "main..main", "HEAD", "main^", "@{-1}", "%00"])
def test_a_revision_expression_is_no_name(served, boat, name):
    assert served.call("GET", f"{REPO}/commits/{name}").status_code in {404, 422}


def test_statuses_are_joined_into_one_word(served, boat):
    sha = boat.copy.sha("main")

    def say(context, state):
        wish = {"state": state, "context": context, "target_url": "https://ci.test/1"}
        return served.call("POST", f"{REPO}/statuses/{sha}", json=wish)

    assert served.call("GET", f"{REPO}/commits/main/status").json()["state"] == "pending"
    assert say("build", "success").status_code == 201
    assert served.call("GET", f"{REPO}/commits/main/status").json()["state"] == "success"
    assert say("lint", "error").json()["creator"]["login"] == "alice"
    joined = served.call("GET", f"{REPO}/commits/{sha}/status").json()
    assert (joined["state"], joined["total_count"]) == ("failure", 2)
    listed = served.call("GET", f"{REPO}/commits/{sha}/statuses").json()
    assert [one["context"] for one in listed] == ["build", "lint"]


def test_a_status_needs_a_commit_and_a_member(served, boat):
    wish = {"state": "success"}
    assert served.call("POST", f"{REPO}/statuses/{'a' * 40}", json=wish).status_code == 422
    assert served.call("POST", f"{REPO}/statuses/--all", json=wish).status_code == 422
    sha = boat.copy.sha("main")
    refused = served.call("POST", f"{REPO}/statuses/{sha}", user="charlie", json=wish)
    assert refused.status_code == 403
    odd = served.call("POST", f"{REPO}/statuses/{sha}", json={"state": "fine"})
    assert odd.status_code == 422


def test_a_narrow_token_reads_its_repository_alone(served, boat):
    other = service.create_repository(served.kernel, "alice", "other")
    headers = {"Authorization": f"Bearer {served.token('bob', f'repo:read:{boat.id}')}"}
    assert served.call("GET", REPO, headers=headers).status_code == 200
    path = f"/api/v3/repos/{other.full_name}"
    assert served.call("GET", path, headers=headers).status_code == 403
    sha = boat.copy.sha("main")
    wish = {"state": "success"}
    said = served.call("POST", f"{REPO}/statuses/{sha}", headers=headers, json=wish)
    assert said.status_code == 403


def test_an_unchanged_answer_costs_a_304(served, boat):
    tag = served.call("GET", REPO).headers["etag"]
    assert served.call("GET", REPO, headers={"If-None-Match": tag}).status_code == 304


def test_repositories_are_as_github_describes_them(said):
    said("GET", ANY)
    said("POST", "/user/repos", 201, json={"name": "hello", "auto_init": True})
    said("POST", "/orgs/{org}/repos", 201, where={"org": "canal"}, json={"name": "lock"})
    assert len(said("GET", "/user/repos")) == 3
    assert len(said("GET", "/orgs/{org}/repos", where={"org": "canal"})) == 1
    assert len(said("GET", "/users/{username}/repos", where={"username": "Alice"})) == 2
    assert said("PATCH", ANY, json={"description": "floats"})["description"] == "floats"
    said("DELETE", ANY, 403)


def test_whoever_creates_a_repository_administers_it_and_still_lands_nothing_alone(served):
    """Bob is a member: each way to main that does not need another person is closed to him."""
    ask = lambda method, path, **body: served.call(method, path, user="bob", json=body)  # noqa: E731
    sent = {"name": "barge", "auto_init": True}
    assert ask("POST", "/api/v3/user/repos", **sent).status_code == 201
    here = "/api/v3/repos/bob/barge"
    assert ask("GET", here).json()["permissions"]["admin"] is True
    tip = ask("GET", f"{here}/branches/main").json()["commit"]["sha"]
    assert ask("POST", f"{here}/git/refs", ref="refs/heads/topic", sha=tip).status_code == 201
    file = {"message": "m", "content": "aGk=", "branch": "topic"}
    head = ask("PUT", f"{here}/contents/new", **file).json()["commit"]["sha"]
    opened = ask("POST", f"{here}/pulls", title="Mine", head="topic", base="main")
    pull = f"{here}/pulls/{opened.json()['number']}"
    for method, path, body in (
        ("PUT", f"{here}/contents/new", file | {"branch": "main"}),
        ("PATCH", f"{here}/git/refs/heads/main", {"sha": head, "force": True}),
        ("DELETE", f"{here}/git/refs/heads/main", {}),
        ("PATCH", here, {"default_branch": "topic"}),
        ("DELETE", f"{here}/branches/main/protection", {}),
        ("POST", f"{pull}/reviews", {"event": "APPROVE"}),
        ("PUT", f"{pull}/merge", {}),
    ):
        answer = ask(method, path, **body)
        assert 400 <= answer.status_code < 500, (method, path)
    about = ask("GET", f"{here}/branches/main").json()
    assert (about["commit"]["sha"], about["protected"]) == (tip, True)
    of_the_site = served.call("PATCH", here, user="alice", json={"default_branch": "topic"})
    assert of_the_site.json()["default_branch"] == "topic"


@pytest.fixture
def renamed(served, boat):
    """What was alice/boat and is alice/ship, of which alice is the admin."""
    kernel = served.kernel
    kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.admin, login="alice"))
    yield served.call("PATCH", REPO, json={"name": "ship"})
    kernel.db.write(lambda tx: access.grant(tx, boat.id, None, login="alice"))


def test_the_old_name_of_a_repository_leads_to_the_new_one(served, boat, renamed):
    assert (renamed.status_code, renamed.json()["full_name"]) == (200, "alice/ship")
    moved = served.call("GET", REPO + "/commits?per_page=1")
    there = "/api/v3/repos/alice/ship/commits?per_page=1"
    assert (moved.status_code, moved.headers["location"]) == (301, there)
    assert faults("GET", ANY, 301, moved.json()) == []
    assert len(served.call("GET", REPO + "/commits", follow_redirects=True).json()) == 1
    status = f"{REPO}/statuses/{boat.copy.sha('main')}"
    assert served.call("POST", status, json={"state": "success"}).status_code == 307
    said = served.call("POST", status, json={"state": "success"}, follow_redirects=True)
    assert said.status_code == 201


def test_git_and_pages_are_led_to_the_new_name(served, boat, renamed):
    boat.copy.git("push", "--quiet", served.remote("alice/boat"), "HEAD:refs/heads/after")
    refs = served.call("GET", "/api/v3/repos/alice/ship/branches").json()
    assert {one["name"] for one in refs} == {"main", "after"}
    page = served.call("GET", "/alice/boat/branches", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (301, "/alice/ship/branches")


def test_a_job_fetches_by_the_name_it_began_with(served, boat, renamed):
    token = served.token("bob", f"repo:read:{boat.id}")
    remote = served.url.replace("://", f"://x:{token}@") + "/alice/boat.git"
    boat.copy.git("-c", "http.followRedirects=false", "fetch", "--quiet", remote, "main")
    assert boat.copy.sha("FETCH_HEAD") == boat.copy.sha("main")


def test_who_is_not_let_in_does_not_hear_the_new_name(served, boat, renamed):
    for refused in (
        served.call("GET", REPO, user=None),
        served.call("PATCH", REPO, user="charlie", json={"description": "x"}),
    ):
        assert refused.status_code in {401, 403}
        assert "ship" not in refused.text


def test_only_its_admin_renames_a_repository(served, boat):
    assert served.call("PATCH", REPO, json={"name": "ship"}).status_code == 403
    assert served.call("GET", REPO).status_code == 200


def test_a_repository_is_deleted_by_its_admins_alone_and_by_no_narrow_token(served, boat):
    served.kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.admin, login="alice"))
    assert served.call("DELETE", REPO, user="bob").status_code == 403
    token = served.token("alice", f"repo:write:{boat.id}", f"repo:read:{boat.id}")
    narrow = {"Authorization": f"Bearer {token}"}
    assert served.call("DELETE", REPO, headers=narrow).status_code == 403
    assert served.call("DELETE", REPO).status_code == 204
    assert served.call("GET", REPO).status_code == 404
    assert boat.copy.git("ls-remote", served.remote("alice/boat"), code=None).returncode != 0
    assert served.call("POST", "/api/v3/user/repos", json={"name": "boat"}).status_code == 201
