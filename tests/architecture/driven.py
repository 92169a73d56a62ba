"""How each address that changes something is driven, or why it leaves no entry.

A new route that changes: add how to drive it to DRIVEN, or the reason to EXCEPTIONS.
"""

from tests.architecture.town import API, BOAT, PASSWORD, RESULTS, V3

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
REPO = f"{V3}/repos/{{owner}}/{{repo}}"
PAGE = "/{owner:owner}/{name}"
SENT = "it sends a message, which the delivery log keeps"
DRAFT = "only its author sees it: told when it is given"
MACHINE = "the progress of a job, by its runner's lease: told by the run itself"
OF_JOB = "by a job, with its own token: what its run keeps, and the page of the run shows"
PUSHED = "test_a_push_is_told_with_who_pushed drives it with git"
REFUSES = "it only refuses and says what to do instead"
REACTIONS = {
    f"{REPO}/issues/{{number}}": lambda town: f"{BOAT}/issues/{town.request()}",
    f"{REPO}/issues/comments/{{comment_id}}": (
        lambda town: f"{BOAT}/issues/comments/{town.comment()}"
    ),
    f"{REPO}/pulls/comments/{{comment_id}}": lambda town: f"{BOAT}/pulls/comments/{town.remark()}",
}
EXCEPTIONS = {
    **{(method, f"{V3}/{{rest:path}}"): REFUSES for method in CHANGING},
    ("PUT", f"{REPO}/pulls/{{number}}/reviews/{{review_id}}"): DRAFT,
    ("DELETE", f"{REPO}/pulls/{{number}}/reviews/{{review_id}}"): DRAFT,
    ("PUT", f"{REPO}/pulls/{{number}}/merge"): "it asks the gate, which keeps what it decides",
    ("POST", f"{REPO}/hooks/{{hook}}/pings"): SENT,
    ("POST", f"{REPO}/hooks/{{hook}}/tests"): SENT,
    ("POST", "/{owner}/{name}.git/git-upload-pack"): "it only reads",
    ("POST", "/{owner}/{name}/git-upload-pack"): "it only reads",
    ("POST", "/{owner}/{name}.git/git-receive-pack"): PUSHED,
    ("POST", "/{owner}/{name}/git-receive-pack"): PUSHED,
    ("POST", f"{API}/hooks/pre-receive"): "it only asks; the push that follows is told",
    ("POST", f"{API}/runner/claim"): MACHINE,
    ("POST", f"{API}/runner/jobs/{{job}}/steps"): MACHINE,
    ("POST", f"{API}/runner/jobs/{{job}}/heartbeat"): MACHINE,
    ("POST", f"{API}/runner/jobs/{{job}}/finish"): MACHINE,
    ("PUT", f"{API}/runner/jobs/{{job}}/log"): MACHINE,
    ("PUT", "/api/towpath/v1/uploads/{upload}"): OF_JOB,
    **{
        ("POST", f"{RESULTS}{service}Service/{method}"): OF_JOB
        for service, methods in {
            "Artifact": (
                "CreateArtifact",
                "FinalizeArtifact",
                "ListArtifacts",
                "GetSignedArtifactURL",
                "DeleteArtifact",
            ),
            "Cache": ("CreateCacheEntry", "FinalizeCacheEntryUpload", "GetCacheEntryDownloadURL"),
        }.items()
        for method in methods
    },
}
DRIVEN = {
    ("POST", "/login"): lambda town: town.post("/login", login="alice", password=PASSWORD),
    ("POST", "/login/recover"): lambda town: town.post("/login/recover", key=town.door()),
    ("POST", "/logout"): lambda town: (town.log_in(), town.post("/logout"))[1],
    ("POST", "/settings/tokens"): lambda town: town.form("/settings/tokens", name="laptop"),
    ("POST", "/settings/tokens/{token_id}/revoke"): lambda town: town.form(
        f"/settings/tokens/{town.token()}/revoke"
    ),
    ("POST", "/settings/sessions/{session}/end"): lambda town: town.form(
        f"/settings/sessions/{town.session('admin')}/end"
    ),
    ("POST", "/settings/sessions/end"): lambda town: town.form("/settings/sessions/end"),
    ("POST", "/settings/people"): lambda town: town.form("/settings/people", login="paul"),
    ("POST", "/settings/service-accounts"): lambda town: town.form(
        "/settings/service-accounts", login="robot", owner=town.team("robots")
    ),
    ("POST", "/settings/people/{login}"): lambda town: town.form(
        "/settings/people/alice", name="Alice", role="maintainer"
    ),
    ("POST", "/settings/people/{login}/active"): lambda town: town.form(
        "/settings/people/alice/active", active="1"
    ),
    ("POST", "/settings/password"): lambda town: town.form(
        "/settings/password", old=town.own_password(), new="a bridge over quiet water"
    ),
    ("POST", "/settings/people/{login}/password"): lambda town: town.form(
        "/settings/people/alice/password", password=PASSWORD
    ),
    ("PUT", f"{API}/users/{{login}}/password"): lambda town: town.call(
        "PUT", f"{API}/users/alice/password", password=PASSWORD
    ),
    ("POST", "/settings/people/{login}/grants"): lambda town: town.form(
        "/settings/people/alice/grants", resource="alice/boat", role="admin"
    ),
    ("POST", "/settings/people/{login}/sessions/end"): lambda town: town.form(
        "/settings/people/alice/sessions/end"
    ),
    ("POST", "/settings/people/{login}/sessions/{session}/end"): lambda town: town.form(
        f"/settings/people/alice/sessions/{town.session('alice')}/end"
    ),
    ("POST", "/settings/teams"): lambda town: town.form("/settings/teams", slug="hands"),
    ("POST", "/settings/teams/{slug}/grants"): lambda town: town.form(
        f"/settings/teams/{town.team('granted')}/grants", resource="alice/boat", role="member"
    ),
    ("POST", "/settings/teams/{slug}/members"): lambda town: town.form(
        f"/settings/teams/{town.team('grows')}/members", login="alice"
    ),
    ("POST", "/settings/teams/{slug}/members/{login}/remove"): lambda town: town.form(
        f"/settings/teams/{town.team('shrinks', 'alice')}/members/alice/remove"
    ),
    ("POST", "/settings/teams/{slug}/remove"): lambda town: town.form(
        f"/settings/teams/{town.team('fades')}/remove"
    ),
    ("POST", "/work/{item}/retry"): lambda town: town.form(f"/work/{town.parked()}/retry"),
    ("POST", "/new"): lambda town: town.form("/new", owner="alice", name="page"),
    ("POST", "/runs/{run}/artifacts/{artifact}/remove"): lambda town: town.form(
        f"{town.left()}/remove"
    ),
    ("DELETE", f"{API}/runs/{{run}}/artifacts/{{artifact}}"): lambda town: town.call(
        "DELETE", f"{API}{town.left()}"
    ),
    ("DELETE", f"{API}/repos/{{owner}}/{{name}}/caches/{{cache}}"): lambda town: town.call(
        "DELETE", f"{API}/repos/alice/boat/caches/{town.cached()}"
    ),
    ("POST", "/runs/{run}/cancel"): lambda town: town.form(f"/runs/{town.run()}/cancel"),
    ("POST", f"{PAGE}/merge_requests/new"): lambda town: town.form(
        "/alice/boat/merge_requests/new", source=town.branch(), target="main", title="A"
    ),
    ("POST", f"{PAGE}/merge_requests/{{number:int}}/say"): lambda town: town.form(
        f"/alice/boat/merge_requests/{town.request()}/say", verdict="approve"
    ),
    ("POST", f"{PAGE}/merge_requests/{{number:int}}/close"): lambda town: town.form(
        f"/alice/boat/merge_requests/{town.request()}/close"
    ),
    ("POST", f"{PAGE}/merge_requests/{{number:int}}/reopen"): lambda town: town.form(
        f"/alice/boat/merge_requests/{town.closed()}/reopen"
    ),
    ("POST", f"{PAGE}/merge_requests/{{number:int}}/threads/{{thread}}/resolve"): (
        lambda town: town.form(f"{town.thread()}/resolve")
    ),
    ("POST", f"{PAGE}/merge_requests/{{number:int}}/threads/{{thread}}/reopen"): (
        lambda town: town.form(f"{town.thread()}/reopen")
    ),
    ("POST", f"{PAGE}/visibility"): lambda town: town.form("/alice/boat/visibility", private="1"),
    ("POST", f"{PAGE}/roles"): lambda town: town.form(
        "/alice/boat/roles", login="alice", role="maintainer"
    ),
    ("POST", f"{PAGE}/settings"): lambda town: town.form(
        f"/canal/{town.hosted_by('canal')}/settings", name="renamed"
    ),
    ("PUT", f"{API}/repos/{{owner}}/{{name}}/grants"): lambda town: town.call(
        "PUT", f"{API}/repos/alice/boat/grants", login="alice", role="admin"
    ),
    ("POST", f"{PAGE}/webhooks"): lambda town: town.form(
        "/alice/boat/webhooks", url="https://a.example/x", events="push", active="1"
    ),
    ("POST", f"{PAGE}/webhooks/{{hook:int}}"): lambda town: town.form(
        town.webhook("/alice/boat/webhooks"), url="https://b.example/x"
    ),
    ("POST", f"{PAGE}/webhooks/{{hook:int}}/remove"): lambda town: town.form(
        town.webhook("/alice/boat/webhooks") + "/remove"
    ),
    ("POST", f"{PAGE}/secrets"): lambda town: town.form(
        "/alice/boat/secrets", name="KEY", value="hunter2"
    ),
    ("POST", f"{PAGE}/secrets/{{secret}}/remove"): lambda town: town.form(
        "/alice/boat/secrets/KEY/remove"
    ),
    **{
        (method, f"{API}{pattern}/secrets/{{secret}}"): lambda town, m=method, p=path: town.call(
            m, f"{API}{p}/secrets/key", **({"value": "hunter2"} if m == "PUT" else {})
        )
        for pattern, path in (
            ("/repos/{owner}/{name}", "/repos/alice/boat"),
            ("/owners/{owner}", "/owners/alice"),
        )
        for method in ("PUT", "DELETE")
    },
    ("PUT", f"{REPO}/actions/secrets/{{secret_name}}"): lambda town: town.call(
        "PUT", f"{BOAT}/actions/secrets/boxed", **town.boxed()
    ),
    ("DELETE", f"{REPO}/actions/secrets/{{secret_name}}"): lambda town: town.call(
        "DELETE", f"{BOAT}/actions/secrets/boxed"
    ),
    ("POST", f"{REPO}/hooks"): lambda town: town.call(
        "POST", f"{V3}/repos/alice/boat/hooks", config={"url": "https://a.example/x"}
    ),
    ("PATCH", f"{REPO}/hooks/{{hook}}"): lambda town: town.call(
        "PATCH", town.webhook(f"{V3}/repos/alice/boat/hooks"), active=False
    ),
    ("DELETE", f"{REPO}/hooks/{{hook}}"): lambda town: town.call(
        "DELETE", town.webhook(f"{V3}/repos/alice/boat/hooks")
    ),
    **{
        ("POST", f"{on}/reactions"): lambda town, at=at: town.call(
            "POST", f"{at(town)}/reactions", content="eyes"
        )
        for on, at in REACTIONS.items()
    },
    **{
        ("DELETE", f"{on}/reactions/{{reaction_id}}"): lambda town, at=at: town.call(
            "DELETE", town.reacted(at(town))
        )
        for on, at in REACTIONS.items()
    },
    ("POST", f"{REPO}/hooks/{{hook}}/deliveries/{{delivery}}/attempts"): lambda town: town.call(
        "POST", town.sent(f"{BOAT}/hooks") + "/attempts"
    ),
    ("POST", f"{PAGE}/webhooks/{{hook:int}}/deliveries/{{delivery:int}}/again"): (
        lambda town: town.form(town.sent("/alice/boat/webhooks") + "/again")
    ),
    ("POST", f"{API}/users"): lambda town: town.call("POST", f"{API}/users", login="zoe"),
    ("POST", f"{API}/people/ldap"): lambda town: town.call(
        "POST", f"{API}/people/ldap", people=[{"login": "yara", "name": "Yara"}], apply=True
    ),
    ("POST", f"{API}/tokens"): lambda town: town.call("POST", f"{API}/tokens", name="cli"),
    ("DELETE", f"{API}/tokens/{{token_id}}"): lambda town: town.call(
        "DELETE", f"{API}/tokens/{town.token()}"
    ),
    ("POST", f"{API}/runs/{{run}}/cancel"): lambda town: town.call(
        "POST", f"{API}/runs/{town.run()}/cancel"
    ),
    ("PUT", f"{API}/secrets/site/{{name}}"): lambda town: town.call(
        "PUT", f"{API}/secrets/site/oidc", value="hunter2"
    ),
    ("DELETE", f"{API}/secrets/site/{{name}}"): lambda town: town.call(
        "DELETE", f"{API}/secrets/site/oidc"
    ),
    ("POST", f"{API}/secrets/keys"): lambda town: town.call("POST", f"{API}/secrets/keys"),
    ("DELETE", f"{API}/secrets/keys/{{key}}"): lambda town: town.call(
        "DELETE", f"{API}/secrets/keys/{town.old_key()}"
    ),
    ("PATCH", f"{API}/users/{{login}}"): lambda town: town.call(
        "PATCH", f"{API}/users/alice", name="Al"
    ),
    ("DELETE", f"{API}/users/{{login}}/sessions"): lambda town: town.call(
        "DELETE", f"{API}/users/alice/sessions"
    ),
    ("DELETE", f"{API}/users/{{login}}/sessions/{{session}}"): lambda town: town.call(
        "DELETE", f"{API}/users/alice/sessions/{town.session('alice')}"
    ),
    ("DELETE", f"{API}/sessions"): lambda town: town.call("DELETE", f"{API}/sessions"),
    ("DELETE", f"{API}/sessions/{{session}}"): lambda town: town.call(
        "DELETE", f"{API}/sessions/{town.session('admin')}"
    ),
    ("POST", f"{API}/service-accounts"): lambda town: town.call(
        "POST", f"{API}/service-accounts", login="bot", owner=town.team("owners")
    ),
    ("POST", f"{API}/teams"): lambda town: town.call("POST", f"{API}/teams", slug="drivers"),
    ("DELETE", f"{API}/teams/{{slug}}"): lambda town: town.call(
        "DELETE", f"{API}/teams/{town.team('gone')}"
    ),
    ("PUT", f"{API}/teams/{{slug}}/members/{{login}}"): lambda town: town.call(
        "PUT", f"{API}/teams/{town.team('crew')}/members/alice"
    ),
    ("DELETE", f"{API}/teams/{{slug}}/members/{{login}}"): lambda town: town.call(
        "DELETE", f"{API}/teams/{town.team('left', 'alice')}/members/alice"
    ),
    ("PUT", f"{API}/grants"): lambda town: town.call(
        "PUT", f"{API}/grants", resource="alice/boat", role="member", login="alice"
    ),
    ("POST", f"{API}/people/import"): lambda town: town.call(
        "POST", f"{API}/people/import", csv="login\nzed\n", apply=True
    ),
    ("POST", f"{V3}/user/repos"): lambda town: town.call("POST", f"{V3}/user/repos", name="own"),
    ("POST", f"{V3}/orgs/{{org}}/repos"): lambda town: town.call(
        "POST", f"{V3}/orgs/canal/repos", name="of-org"
    ),
    ("POST", f"{REPO}/pulls"): lambda town: town.call(
        "POST", f"{V3}/repos/alice/boat/pulls", title="A", head=town.branch(), base="main"
    ),
    ("PATCH", f"{REPO}/pulls/{{number}}"): lambda town: town.call(
        "PATCH", f"{V3}/repos/alice/boat/pulls/{town.request()}", title="Other words"
    ),
    ("DELETE", REPO): lambda town: town.call(
        "DELETE", f"{V3}/repos/canal/{town.hosted_by('canal')}"
    ),
    ("POST", f"{PAGE}/settings/delete"): lambda town: town.form(
        f"/canal/{(name := town.hosted_by('canal'))}/settings/delete", full_name=f"canal/{name}"
    ),
    ("PATCH", REPO): lambda town: town.call("PATCH", BOAT, description="floats"),
    ("PUT", f"{REPO}/branches/{{branch:path}}/protection"): lambda town: town.call(
        "PUT", f"{BOAT}/branches/{town.branch()}/protection", enforce_admins=True
    ),
    ("DELETE", f"{REPO}/branches/{{branch:path}}/protection"): lambda town: town.call(
        "DELETE", f"{BOAT}/branches/{town.kept()}/protection"
    ),
    ("POST", f"{REPO}/git/refs"): lambda town: town.call(
        "POST", f"{BOAT}/git/refs", ref="refs/heads/new", sha=town.hosted.copy.sha("main")
    ),
    ("PATCH", f"{REPO}/git/refs/{{ref:path}}"): lambda town: town.call(
        "PATCH",
        f"{BOAT}/git/refs/heads/{town.branch()}",
        force=True,
        sha=town.hosted.copy.sha("main"),
    ),
    ("DELETE", f"{REPO}/git/refs/{{ref:path}}"): lambda town: town.call(
        "DELETE", f"{BOAT}/git/refs/heads/{town.branch()}"
    ),
    ("PUT", f"{REPO}/contents/{{path:path}}"): lambda town: town.call(
        "PUT", f"{BOAT}/contents/new", message="m", content="aGk=", branch=town.branch()
    ),
    ("DELETE", f"{REPO}/contents/{{path:path}}"): lambda town: town.call(
        "DELETE",
        f"{BOAT}/contents/README",
        message="m",
        branch=town.branch(),
        sha=town.hosted.copy.sha("main:README"),
    ),
    ("POST", f"{REPO}/labels"): lambda town: town.call("POST", f"{BOAT}/labels", name="bug"),
    ("PATCH", f"{REPO}/labels/{{name:path}}"): lambda town: town.call(
        "PATCH", f"{BOAT}/labels/{town.label()}", color="ffffff"
    ),
    ("DELETE", f"{REPO}/labels/{{name:path}}"): lambda town: town.call(
        "DELETE", f"{BOAT}/labels/{town.label()}"
    ),
    ("POST", f"{REPO}/issues/{{number}}/labels"): lambda town: town.call(
        "POST", f"{BOAT}/issues/{town.request()}/labels", labels=["bug"]
    ),
    ("PUT", f"{REPO}/issues/{{number}}/labels"): lambda town: town.call(
        "PUT", f"{BOAT}/issues/{town.request()}/labels", labels=["bug"]
    ),
    ("DELETE", f"{REPO}/issues/{{number}}/labels"): lambda town: town.call(
        "DELETE", f"{BOAT}/issues/{town.labelled()}/labels"
    ),
    ("DELETE", f"{REPO}/issues/{{number}}/labels/{{name:path}}"): lambda town: town.call(
        "DELETE", f"{BOAT}/issues/{town.labelled()}/labels/bug"
    ),
    ("POST", f"{REPO}/pulls/{{number}}/reviews/{{review_id}}/events"): lambda town: town.call(
        "POST", f"{town.draft()}/events", event="APPROVE"
    ),
    ("POST", f"{REPO}/check-runs"): lambda town: town.call(
        "POST", f"{BOAT}/check-runs", name="lint", head_sha=town.hosted.copy.sha("main")
    ),
    ("PATCH", f"{REPO}/check-runs/{{check_run_id}}"): lambda town: town.call(
        "PATCH", f"{BOAT}/check-runs/{town.check()}", status="in_progress"
    ),
    ("POST", f"{REPO}/check-runs/{{check_run_id}}/rerequest"): lambda town: town.call(
        "POST", f"{BOAT}/check-runs/{town.checked()['id']}/rerequest"
    ),
    ("POST", f"{REPO}/check-suites/{{check_suite_id}}/rerequest"): lambda town: town.call(
        "POST", f"{BOAT}/check-suites/{town.checked()['check_suite']['id']}/rerequest"
    ),
    ("POST", f"{REPO}/statuses/{{sha}}"): lambda town: town.call(
        "POST", f"{BOAT}/statuses/{town.hosted.copy.sha('main')}", state="success"
    ),
    ("POST", f"{REPO}/issues/{{number}}/comments"): lambda town: town.call(
        "POST", f"{BOAT}/issues/{town.request()}/comments", body="Well said"
    ),
    ("POST", "/{owner}/{name}/merge_requests/{number}/gate"): lambda town: town.form(
        f"/alice/boat/merge_requests/{town.request()}/gate", command="wait"
    ),
    ("POST", f"{PAGE}/merge_requests/{{number:int}}/threads"): lambda town: town.form(
        f"/alice/boat/merge_requests/{town.request()}/threads",
        path="README",
        side="new",
        line="1",
        commit=town.hosted.copy.sha("main"),
        body="Why?",
    ),
    ("POST", f"{PAGE}/merge_requests/{{number:int}}/threads/{{thread}}/reply"): (
        lambda town: town.form(f"{town.thread()}/reply", body="So")
    ),
    ("PATCH", f"{REPO}/issues/comments/{{comment_id}}"): lambda town: town.call(
        "PATCH", f"{BOAT}/issues/comments/{town.comment()}", body="Other words"
    ),
    ("DELETE", f"{REPO}/issues/comments/{{comment_id}}"): lambda town: town.call(
        "DELETE", f"{BOAT}/issues/comments/{town.comment()}"
    ),
    ("POST", f"{REPO}/pulls/{{number}}/comments"): lambda town: town.say_on_line(),
    ("POST", f"{REPO}/pulls/{{number}}/comments/{{comment_id}}/replies"): lambda town: town.call(
        "POST", f"{BOAT}/pulls/{town.answered()}", body="Because."
    ),
    ("PATCH", f"{REPO}/pulls/comments/{{comment_id}}"): lambda town: town.call(
        "PATCH", f"{BOAT}/pulls/comments/{town.remark()}", body="Other words"
    ),
    ("DELETE", f"{REPO}/pulls/comments/{{comment_id}}"): lambda town: town.call(
        "DELETE", f"{BOAT}/pulls/comments/{town.remark()}"
    ),
    ("PUT", f"{REPO}/pulls/{{number}}/reviews/{{review_id}}/dismissals"): lambda town: town.call(
        "PUT", f"{BOAT}/pulls/{town.review()}/dismissals", message="Too soon"
    ),
    ("POST", f"{REPO}/pulls/{{number}}/reviews"): lambda town: town.call(
        "POST", f"{V3}/repos/alice/boat/pulls/{town.request()}/reviews", event="APPROVE"
    ),
}
