"""Fetch and push with the real git program against a real server."""

import hashlib
import http.client

import pytest

from towpath.forge import service
from towpath.forge.clients.embedded import git, upkeep
from towpath.forge.service import moving
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role


def refs(served, boat):
    return service.refs(served.kernel, boat.id, "refs/")


def topic(copy, name="topic", **files):
    copy.git("checkout", "--quiet", "-B", name, "main")
    return copy.commit(f"work on {name}", **(files or {name: "1\n"}))


def test_what_was_pushed_can_be_cloned(served, boat, copy, tmp_path):
    big = hashlib.shake_128(b"seed").digest(3_000_000)
    sha = topic(copy, data=big, folder__file="x\n")
    copy.git("push", "--quiet", "origin", "topic")
    copy.git("clone", "--quiet", "--branch", "topic", served.remote(), str(tmp_path / "clone"))
    assert (tmp_path / "clone" / "data").read_bytes() == big
    assert refs(served, boat)["refs/heads/topic"] == sha


@pytest.mark.parametrize("protocol", ["0", "1", "2"])
def test_every_version_of_the_protocol_fetches(served, boat, copy, tmp_path, protocol):
    target = str(tmp_path / "clone")
    copy.git("-c", f"protocol.version={protocol}", "clone", "--quiet", served.remote(), target)


def test_without_a_token_git_is_asked_for_one(served, boat, copy):
    refused = copy.git("ls-remote", f"{served.url}/alice/boat.git", code=128)
    assert "could not read Username" in refused.stderr
    reply = served.call("GET", "/alice/boat.git/info/refs?service=git-upload-pack", user=None)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith('Basic realm="Towpath"')


def test_a_wrong_token_is_refused(served, boat, copy):
    wrong = served.remote().replace(served.tokens["alice"], "tow_wrong")
    assert "Authentication failed" in copy.git("ls-remote", wrong, code=128).stderr


def test_an_unknown_repository_is_told_in_words(served, boat, copy):
    refused = copy.git("ls-remote", served.remote("alice/nothing"), code=128)
    assert "Nothing that you may see is at '/alice/nothing.git/info/refs'" in refused.stderr


def test_git_finds_a_private_repository_only_for_whom_a_role_was_granted(served, boat, copy):
    served.kernel.db.write(lambda tx: service.set_private(tx, boat.id, private=True))
    for user in ("alice", "charlie"):  # a maintainer of the whole site is a stranger here too
        for command, *what in (("ls-remote",), ("push", "HEAD:refs/heads/x")):
            hidden, missing = (
                copy.git(command, served.remote(name, user=user), *what, code=128).stderr
                for name in ("alice/boat", "alice/nope")
            )
            assert hidden.replace("boat", "nope") == missing
    served.kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.viewer, login="charlie"))
    copy.git("ls-remote", served.remote(user="charlie"))
    refused = copy.git("push", served.remote(user="charlie"), "HEAD:refs/heads/x", code=128)
    assert "charlie has viewer here" in refused.stderr
    served.kernel.db.write(lambda tx: access.grant(tx, boat.id, None, login="charlie"))


def test_the_token_of_a_job_reads_its_own_private_repository_and_no_other(served, boat, copy):
    other = service.create_repository(served.kernel, "alice", "barge", private=True)

    def make(tx):
        service.set_private(tx, boat.id, private=True)
        access.ensure_system_user(tx, "towpath-runner", "", Role.viewer)
        scopes = (f"repo:read:{boat.id}",)
        return access.create_token(tx, "towpath-runner", "job", scopes=scopes)[1]

    served.tokens["job"] = served.kernel.db.write(make)
    copy.git("ls-remote", served.remote(user="job"))
    refused = copy.git("ls-remote", served.remote(other.full_name, user="job"), code=128)
    assert "Nothing that you may see" in refused.stderr


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd.git/info/refs?service=git-upload-pack",
        "/alice/..%2f..%2fboat.git/info/refs?service=git-upload-pack",
        "/alice/%2e%2e.git/info/refs?service=git-upload-pack",
        "/alice/boat%00.git/info/refs?service=git-upload-pack",
        "/alice/boat.git/info/refs?service=git-upload-archive",
        "/alice/boat.git/info/refs?service=--help",
        "/alice/boat.git/info/refs",
        "/alice/boat.git/HEAD",
        "/alice/boat.git/objects/info/packs",
    ],
)
def test_other_paths_and_services_lead_nowhere(served, boat, path):
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"))
    connection.request("GET", path, headers={"Authorization": f"Bearer {served.tokens['alice']}"})
    assert connection.getresponse().status in {404, 422}
    connection.close()


def test_a_viewer_reads_but_does_not_push(served, boat, copy):
    topic(copy)
    remote = served.remote(user="charlie")
    assert "refs/heads/main" in copy.git("ls-remote", remote).stdout
    refused = copy.git("push", remote, "topic", code=128)
    assert "This needs the role member; charlie has viewer" in refused.stderr


def test_a_token_for_reading_one_repository_does_just_that(served, boat, copy):
    other = service.create_repository(served.kernel, "alice", "other")
    topic(copy)
    token = served.token("bob", f"repo:read:{boat.id}")
    remote = served.remote(user="bob").replace(served.tokens["bob"], token)
    assert "refs/heads/main" in copy.git("ls-remote", remote).stdout
    assert "This token may only do" in copy.git("push", remote, "topic", code=128).stderr
    elsewhere = remote.replace("boat", "other")
    assert "This token may only do" in copy.git("ls-remote", elsewhere, code=128).stderr
    assert other.name == "other"


def test_our_refs_are_hidden_from_all_but_a_jobs_token(served, boat, copy):
    ours = service.RefUpdate("refs/towpath/gate/1", None, copy.sha())
    service.update_refs(served.kernel, boat.id, [ours])
    assert ours.ref not in copy.git("ls-remote", "origin").stdout
    token = served.token("bob", f"repo:read:{boat.id}")
    remote = served.remote(user="bob").replace(served.tokens["bob"], token)
    assert ours.ref in copy.git("ls-remote", remote).stdout
    copy.git("fetch", "--quiet", remote, ours.ref)
    copy.git("fetch", "--quiet", "--depth=1", remote, copy.sha())


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("refs/heads/main", "main is protected: it moves through merge requests"),
        ("refs/towpath/gate/1", "belongs to Towpath"),
        ("refs/notes/commits", "neither a branch nor a tag"),
        ("refs/heads/--upload-pack=x", "begins with a dash"),
        ("refs/heads/" + "a" * 40, "ends like the name of a git object"),
        ("refs/heads/rtl\u202eevil", "cannot be seen"),
        ("refs/heads/" + "x" * 245, "too long"),
    ],
)
def test_a_refused_push_says_why_and_changes_nothing(served, boat, copy, ref, told):
    before = refs(served, boat)
    topic(copy)
    refused = copy.git("push", "origin", f"topic:{ref}", "topic:refs/heads/fine", code=1)
    assert told in refused.stderr
    assert "Nothing of this push was taken." in refused.stderr
    assert refs(served, boat) == before


@pytest.mark.parametrize("ref", ["refs/heads/../x", "refs/heads/a.lock", "refs/heads/a b", "HEAD"])
def test_a_ref_name_that_git_itself_refuses_gets_nowhere(served, boat, copy, ref):
    """The git client will not send these, so the request is made by hand."""
    before = refs(served, boat)
    assert b"ng " in push_by_hand(served, copy, ref) or refs(served, boat) == before
    assert refs(served, boat) == before


def push_by_hand(served, copy, ref, pack=None, new=None):
    new = new or copy.sha()
    line = f"{'0' * 40} {new} {ref}\0report-status\n".encode()
    empty = b"PACK" + (2).to_bytes(4, "big") + (0).to_bytes(4, "big")
    pack = empty + hashlib.sha1(empty).digest() if pack is None else pack
    body = f"{len(line) + 4:04x}".encode() + line + b"0000" + pack
    return served.call(
        "POST",
        "/alice/boat.git/git-receive-pack",
        content=body,
        headers={"Content-Type": "application/x-git-receive-pack-request"},
    ).content


def test_a_corrupt_pack_is_refused(served, boat, copy):
    before = refs(served, boat)
    said = push_by_hand(served, copy, "refs/heads/x", pack=b"PACK" + b"\1" * 100, new="b" * 40)
    assert b"unpack" in said
    assert b"unpack ok" not in said
    assert refs(served, boat) == before


def test_a_missing_object_is_refused(served, boat, copy):
    assert b"ng refs/heads/x" in push_by_hand(served, copy, "refs/heads/x", new="b" * 40)
    assert "refs/heads/x" not in refs(served, boat)


def test_an_oversized_pack_is_refused(served, boat, copy, monkeypatch):
    smaller = git.environment() | {
        key.replace("KEY", "VALUE"): "100000"
        for key, value in git.environment().items()
        if value == "receive.maxInputSize"
    }
    monkeypatch.setattr(git, "environment", lambda: smaller)
    topic(copy, data=hashlib.shake_128(b"seed").digest(1_000_000))
    refused = copy.git("push", "origin", "topic", code=1)
    assert "exceeds maximum allowed size" in refused.stderr
    assert "refs/heads/topic" not in refs(served, boat)


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("100644", ".git"),
        ("40000", ".GIT"),
        ("100644", "."),
        ("40000", ".."),
        ("100644", "git~1"),
        ("100644", ".g\u200cit"),
        ("120000", ".gitmodules"),
        ("100644", "a/b"),
    ],
)
def test_a_tree_that_reaches_out_of_the_checkout_is_refused(served, boat, copy, mode, name):
    kind = "tree" if mode == "40000" else "blob"
    there = copy.sha("main^{tree}" if kind == "tree" else "main:README")
    (copy.path / "tree").write_bytes(f"{mode} {name}\0".encode() + bytes.fromhex(there))
    tree = copy.git("hash-object", "-w", "--literally", "-t", "tree", "tree").stdout.strip()
    commit = copy.git("commit-tree", tree, "-m", "evil").stdout.strip()
    refused = copy.git("push", "origin", f"{commit}:refs/heads/evil", code=1)
    assert "fsck error" in refused.stderr
    assert "refs/heads/evil" not in refs(served, boat)


def test_a_stale_lease_is_rejected(served, boat, copy):
    old = topic(copy)
    copy.git("push", "--quiet", "origin", "topic")
    new = copy.commit("more")
    copy.git("push", "--quiet", "origin", "topic")
    copy.commit("other")
    copy.git("reset", "--quiet", "--soft", old)
    copy.commit("squashed")
    refused = copy.git("push", f"--force-with-lease=topic:{old}", "origin", "topic", code=1)
    assert "stale info" in refused.stderr
    copy.git("push", "--quiet", f"--force-with-lease=topic:{new}", "origin", "topic")
    assert refs(served, boat)["refs/heads/topic"] == copy.sha()


def test_an_atomic_push_is_rejected_whole(served, boat, copy):
    sha = topic(copy)
    copy.git("push", "--quiet", "origin", "topic")
    copy.git("checkout", "--quiet", "main")
    copy.commit("elsewhere")
    refused = copy.git("push", "--atomic", "origin", "HEAD:topic", "HEAD:fine", code=1)
    assert "fine" in refused.stderr
    assert refs(served, boat)["refs/heads/topic"] == sha
    assert "refs/heads/fine" not in refs(served, boat)


def test_many_refs_move_together(served, boat, copy):
    sha = topic(copy)
    names = [f"topic:refs/heads/t{number}" for number in range(50)]
    copy.git("push", "--quiet", "--atomic", "origin", *names, "topic:refs/tags/v1")
    assert list(refs(served, boat).values()).count(sha) == 51
    copy.git("push", "--quiet", "origin", *(f":refs/heads/t{number}" for number in range(50)))
    assert set(refs(served, boat)) == {"refs/heads/main", "refs/tags/v1"}


def test_a_push_opens_a_merge_request_and_shows_its_address(served, boat, copy):
    head = topic(copy)
    pushed = copy.git(
        *("push", "-o", "merge_request.create", "-o", "merge_request.title=Good work"),
        *("-o", "merge_request.description=Why", "origin", "topic"),
    )
    assert f"remote: Merge request 1: {served.url}/alice/boat/merge_requests/1" in pushed.stderr
    made = served.kernel.db.read(lambda tx: service.merge_request(tx, boat.id, 1))
    assert (made.title, made.body, made.author) == ("Good work", "Why", "alice")
    assert (made.source, made.target, made.head) == ("topic", "main", head)


def test_a_push_can_open_one_for_another_target(served, boat, copy):
    copy.git("push", "--quiet", "origin", "main:release")
    topic(copy)
    options = ("-o", "merge_request.create", "-o", "merge_request.target=release")
    copy.git("push", *options, "origin", "topic")
    made = served.kernel.db.read(lambda tx: service.merge_request(tx, boat.id, 1))
    assert (made.target, made.title) == ("release", "work on topic")


def test_an_unknown_push_option_is_refused_with_those_there_are(served, boat, copy):
    topic(copy)
    refused = copy.git("push", "-o", "merge_request.creat", "origin", "topic", code=1)
    assert "is not a push option. Known are merge_request.create" in " ".join(
        refused.stderr.replace("remote: ", "").split()
    )


def test_nothing_to_merge_is_told(served, boat, copy):
    pushed = copy.git("push", "-o", "merge_request.create", "origin", "main:same")
    assert "No merge request for same: it has no commit that main lacks" in pushed.stderr


def test_a_plain_push_is_shown_where_to_ask_for_a_merge(served, boat, copy):
    topic(copy, "fix#1")
    pushed = copy.git("push", "origin", "fix#1")
    form = f"{served.url}/alice/boat/merge_requests/new?source=fix%231"
    assert f"Ask for fix#1 to be merged: {form}" in pushed.stderr


def test_rows_know_of_a_push_before_git_says_so(served, boat, copy):
    sha = topic(copy)
    copy.git("push", "--quiet", "origin", "topic")
    synced = service.sync_refs(served.kernel, boat.id)
    assert synced.changes == ()
    assert refs(served, boat)["refs/heads/topic"] == sha


def test_a_push_is_refused_near_a_full_disk_and_a_fetch_is_not(served, boat, copy, monkeypatch):
    topic(copy)
    monkeypatch.setattr(upkeep, "LEAST_FREE_BYTES", 10**18)
    refused = copy.git("push", "origin", "topic", code=128)
    assert "disk is almost full" in refused.stderr
    copy.git("fetch", "--quiet", "origin")


def test_the_address_works_without_its_ending(served, boat, copy):
    topic(copy)
    copy.git("push", "--quiet", served.remote().removesuffix(".git"), "topic")
    assert "refs/heads/topic" in copy.git("ls-remote", served.remote().removesuffix(".git")).stdout


def test_a_push_that_cannot_be_written_down_is_not_reported(served, boat, copy, monkeypatch):
    topic(copy)
    with monkeypatch.context() as broken:
        broken.setattr(moving, "sync_refs", lambda *_, **__: 1 / 0)
        refused = copy.git("push", "origin", "topic", code=1)
    assert "An error on our side" in refused.stderr
    assert service.sync_refs(served.kernel, boat.id).changes[0].ref == "refs/heads/topic"


def test_a_repository_that_is_written_to_past_us_refuses(served, boat, copy):
    topic(copy)
    path = git.path(served.kernel, boat.id)
    assert "Push through Towpath's address" in copy.git("push", str(path), "topic", code=1).stderr
