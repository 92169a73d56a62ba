"""Messages beside the example payloads that GitHub publishes, and in its receivers' hands."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forge.model.test_builds import BUILD, JOB
from tests.forge.model.test_checks import CHECK
from tests.forge.model.test_requests import status
from towpath.forge import service
from towpath.forge.api import payloads
from towpath.forge.model.happenings import (
    AskedAgain,
    BuildMoved,
    JobMoved,
    RefMoved,
    RemarkMoved,
    Renamed,
    RequestChanged,
    Reviewed,
    Said,
    Settled,
    StatusSet,
    check_moved,
)
from towpath.forge.model.names import handle_of
from towpath.forge.model.threads import require_anchor
from towpath.forge.model.webhooks import signature

NODE = Path(__file__).parents[2] / "node"
EXAMPLES = NODE / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"


@pytest.fixture
def change(hosted):
    hosted.branch("topic", a="1")
    hosted.sync()
    return hosted.open()


def told(hosted, happened):
    messages = payloads.render(hosted.kernel, hosted.id, happened)
    return [(one.event, one.action, json.loads(one.body)) for one in messages]


def pushed(change):
    return RefMoved("refs/heads/topic", change.base, change.head, "bob")


def example(event, action=None):
    for known in json.loads(EXAMPLES.read_text()):
        if known["name"] == event:
            return next(one for one in known["examples"] if one.get("action") == action)
    raise LookupError(event)


INSTALLED = {"installation", "organization"}
"""What some examples have because of who they were sent to."""
KINDS = {
    bool: "boolean", int: "number", float: "number", str: "string", list: "list", dict: "object",
}  # fmt: skip


def differences(ours, theirs, skipped):
    """Names of theirs that we lack, and values of another kind; None fits what may be absent."""
    for name, value in theirs.items():
        if name in skipped:
            continue
        if name not in ours:
            yield f"{name} is missing"
        elif None not in (ours[name], value) and type(ours[name]) is not type(value):
            yield f"{name} is {KINDS[type(ours[name])]}, not {KINDS[type(value)]}"


def test_a_push_has_what_the_published_example_has(hosted, change):
    ((event, action, body),) = told(hosted, pushed(change))
    assert (event, action) == ("push", None)
    theirs = example("push")
    assert list(differences(body, theirs, {"base_ref"})) == []
    assert list(differences(body["head_commit"], theirs["head_commit"], set())) == []
    assert body["commits"][-1]["id"] == body["after"] == change.head
    assert (body["created"], body["deleted"], body["forced"]) == (False, False, False)
    assert (body["pusher"]["name"], body["sender"]["login"]) == ("bob", "bob")


def test_a_new_and_a_deleted_branch_are_told_twice_over(hosted, change):
    made = RefMoved("refs/heads/topic", None, change.head, "bob")
    gone = RefMoved("refs/heads/topic", change.head, None, "bob")
    for fact, event, skipped in ((made, "create", set()), (gone, "delete", set())):
        push, other = told(hosted, fact)
        assert (push[0], other[0]) == ("push", event)
        assert list(differences(other[2], example(event), skipped)) == []
        assert (other[2]["ref"], other[2]["ref_type"]) == ("topic", "branch")


def test_refs_of_our_own_are_nobodys_business(hosted, change):
    kept = RefMoved("refs/towpath/x", None, change.head, "bob")
    assert told(hosted, kept) == []


def test_a_forced_push_says_so(hosted, change):
    other = hosted.branch("other", b="1")
    fact = RefMoved("refs/heads/topic", change.head, other, "bob")
    assert told(hosted, fact)[0][2]["forced"] is True


@pytest.mark.parametrize(
    ("what", "action"),
    [("opened", "opened"), ("head_moved", "synchronize"), ("closed", "closed"),
     ("reopened", "reopened"), ("edited", "edited")],
)  # fmt: skip
def test_what_happens_to_a_request(hosted, change, what, action):
    fact = RequestChanged(1, what, "bob")
    ((event, said, body),) = told(hosted, fact)
    assert (event, said) == ("pull_request", action)
    assert list(differences(body, example("pull_request", "opened"), set())) == []
    assert body["number"] == 1


def test_a_review_and_a_comment(hosted, change):
    db = hosted.kernel.db
    given = db.write(lambda tx: service.review(tx, hosted.id, 1, "bob", "approve"))
    ((event, action, body),) = told(hosted, Reviewed(1, given.id, dismissed=False, by="bob"))
    assert (event, action) == ("pull_request_review", "submitted")
    assert (body["review"]["state"], body["sender"]["login"]) == ("approved", "bob")
    assert list(differences(body, example(event, "submitted"), set())) == []
    db.write(lambda tx: service.dismiss(tx, hosted.id, 1, handle_of(given.id), "Changed since."))
    ((event, action, body),) = told(hosted, Reviewed(1, given.id, dismissed=True, by="alice"))
    assert (action, body["review"]["state"], body["sender"]["login"]) == (
        "dismissed", "dismissed", "alice",
    )  # fmt: skip
    assert (
        told(hosted, Reviewed(1, given.id, dismissed=False, by="bob"))[0][2]["review"]["state"]
        == "approved"
    )
    assert list(differences(body, example(event, "dismissed"), INSTALLED)) == []
    said = hosted.kernel.db.write(lambda tx: service.comment(tx, hosted.id, 1, "bob", "Hm."))
    fact = Said(1, said.id)
    ((event, action, body),) = told(hosted, fact)
    assert (event, action, body["comment"]["body"]) == ("issue_comment", "created", "Hm.")
    assert list(differences(body, example(event, "created"), set())) == []


@pytest.fixture
def thread(hosted, change):
    anchor = require_anchor("a", "new", 1, change.head)
    return service.start_thread(hosted.kernel, hosted.id, 1, "bob", "Why?", anchor)


@pytest.mark.parametrize("what", ["created", "edited", "deleted"])
def test_a_remark_on_a_line_is_told_also_when_it_is_gone(hosted, thread, what):
    remark = thread.remarks[0]
    hosted.kernel.db.write(lambda tx: service.delete_remark(tx, hosted.id, remark.handle))
    fact = RemarkMoved(1, thread, remark, what, "alice", "Who?")
    ((event, action, body),) = told(hosted, fact)
    assert (event, action, body["sender"]["login"]) == (
        "pull_request_review_comment",
        what,
        "alice",
    )
    theirs = example(event, what)
    assert list(differences(body, theirs, INSTALLED)) == []
    assert list(differences(body["comment"], theirs["comment"], {"reactions"})) == []
    assert (body["comment"]["line"], body["comment"]["path"]) == (1, "a")
    if what == "edited":
        assert body["changes"] == {"body": {"from": "Who?"}}


@pytest.mark.parametrize(("settled", "what"), [(True, "resolved"), (False, "unresolved")])
def test_a_discussion_is_told_when_it_is_settled_or_taken_up_again(hosted, thread, settled, what):
    ((event, action, body),) = told(hosted, Settled(1, thread, settled, "alice"))
    assert (event, action) == ("pull_request_review_thread", what)
    theirs = example(event, what)
    assert list(differences(body, theirs, INSTALLED)) == []
    assert list(differences(body["thread"], theirs["thread"], set())) == []
    assert [one["body"] for one in body["thread"]["comments"]] == ["Why?"]


STATUS = status(author="bob", url="https://ci.example/1")


def test_a_status_has_what_the_published_example_has(hosted, change):
    ((event, action, body),) = told(hosted, StatusSet(change.head, STATUS))
    assert (event, action, body["sender"]["login"]) == ("status", None, "bob")
    theirs = example("status")
    assert list(differences(body, theirs, set())) == []
    assert list(differences(body["commit"], theirs["commit"], set())) == []
    assert [branch["name"] for branch in body["branches"]] == ["topic"]
    assert list(differences(body["branches"][0], theirs["branches"][0], set())) == []


def checked(change, before="in_progress", **changes):
    sha = change.head
    done = replace(CHECK, sha=sha, status="completed", conclusion="failure", completed=9)
    earlier = before and replace(CHECK, sha=sha, status=before)
    after = replace(done, **changes)
    return check_moved([after], earlier, after)


def test_a_check_that_ends_is_told_and_its_suite_with_it(hosted, change):
    run, suite = told(hosted, checked(change))
    assert (run[:2], suite[:2]) == (("check_run", "completed"), ("check_suite", "completed"))
    for (event, action, body), inner in ((run, "check_run"), (suite, "check_suite")):
        theirs = example(event, action)
        assert list(differences(body, theirs, set())) == []
        assert list(differences(body[inner], theirs[inner], {"deployment"})) == []
        (pull,) = body[inner]["pull_requests"]
        assert list(differences(pull, theirs[inner]["pull_requests"][0], set())) == []
        assert body["sender"]["login"] == "alice"
    theirs = example("check_run", "completed")["check_run"]["check_suite"]
    assert list(differences(run[2]["check_run"]["check_suite"], theirs, set())) == []
    assert suite[2]["check_suite"]["head_branch"] == "topic"
    assert suite[2]["check_suite"]["conclusion"] == "failure"


def test_a_check_that_begins_is_told_alone_and_one_that_goes_on_not_at_all(hosted, change):
    begun = checked(change, None, status="queued", conclusion=None, completed=None)
    assert [one[:2] for one in told(hosted, begun)] == [("check_run", "created")]
    goes_on = checked(change, "queued", status="in_progress", conclusion=None, completed=None)
    assert told(hosted, goes_on) == []


def test_a_check_that_is_made_at_its_end_is_told_twice(hosted, change):
    actions = [one[:2] for one in told(hosted, checked(change, None))]
    assert actions == [
        ("check_run", "created"), ("check_run", "completed"), ("check_suite", "completed"),
    ]  # fmt: skip


def test_what_is_wanted_again_is_told_to_who_checks(hosted, change):
    moved = checked(change)
    for check, inner in ((moved.check, "check_run"), (None, "check_suite")):
        ((event, action, body),) = told(hosted, AskedAgain(check, moved.suite, "bob"))
        assert (event, action, body["sender"]["login"]) == (inner, "rerequested", "bob")
        theirs = example(event, action)
        assert list(differences(body, theirs, INSTALLED)) == []
        assert list(differences(body[inner], theirs[inner], {"deployment"})) == []


def test_a_run_of_a_workflow_is_told_when_it_begins_and_when_it_ends(hosted, change):
    begun = replace(BUILD, sha=change.head)
    for build, action in (
        (begun, "requested"),
        (replace(begun, going=True), "in_progress"),
        (replace(begun, conclusion="failure"), "completed"),
    ):
        ((event, said, body),) = told(hosted, BuildMoved(build))
        assert (event, said, body["sender"]["login"]) == ("workflow_run", action, "alice")
        theirs = example(event, "requested" if action == "in_progress" else action)
        assert list(differences(body, theirs, INSTALLED)) == []
        assert list(differences(body["workflow"], theirs["workflow"], set())) == []
        assert list(differences(body["workflow_run"], theirs["workflow_run"], set())) == []
        assert [pull["number"] for pull in body["workflow_run"]["pull_requests"]] == [1]


def test_a_new_name_is_told_with_the_old_one(hosted):
    ((event, action, body),) = told(hosted, Renamed("raft", "bob"))
    assert (event, action) == ("repository", "renamed")
    theirs = example(event, action)
    assert list(differences(body, theirs, INSTALLED)) == []
    assert list(differences(body["repository"], theirs["repository"], set())) == []
    assert body["changes"] == {"repository": {"name": {"from": "raft"}}}


@pytest.mark.parametrize("action", ["queued", "in_progress", "completed"])
def test_a_job_is_told_when_it_waits_is_taken_and_ends(hosted, action):
    ended = "success" if action == "completed" else None
    ((event, said, body),) = told(hosted, JobMoved(replace(JOB, status=action, conclusion=ended)))
    assert (event, said, body["sender"]["login"]) == ("workflow_job", action, "alice")
    theirs = example(event, action)
    assert list(differences(body, theirs, INSTALLED | {"deployment"})) == []
    assert list(differences(body["workflow_job"], theirs["workflow_job"], set())) == []
    if theirs["workflow_job"]["steps"]:
        step = theirs["workflow_job"]["steps"][0]
        assert list(differences(body["workflow_job"]["steps"][0], step, set())) == []


def test_what_is_gone_is_not_told(hosted):
    assert payloads.render(hosted.kernel, "repo_" + "0" * 26, Said(1, "comment_1")) == []
    assert told(hosted, StatusSet("e" * 40, STATUS)) == []
    assert told(hosted, RequestChanged(99, "opened", "bob")) == []
    assert told(hosted, Said(1, "comment_1")) == []


def test_the_newest_push_can_be_told_as_a_test(hosted):
    message = payloads.test_push(hosted.kernel, hosted.repository, "bob")
    assert json.loads(message.body)["after"] == hosted.copy.sha("main")


def test_octokit_verifies_and_understands_what_we_send(hosted, change):
    sent = payloads.render(hosted.kernel, hosted.id, pushed(change))
    sent += payloads.render(hosted.kernel, hosted.id, RequestChanged(1, "opened", "bob"))
    heard = receive("s3cret", sent)
    assert [(one["name"], one["action"]) for one in heard] == [
        ("push", None),
        ("pull_request", "opened"),
    ]
    assert {one["repository"] for one in heard} == {"alice/boat"}


def test_octokit_refuses_what_is_signed_with_another_secret(hosted, change):
    with pytest.raises(subprocess.CalledProcessError):
        receive("another", payloads.render(hosted.kernel, hosted.id, pushed(change)))


def receive(secret, messages):
    given = {
        "secret": secret,
        "messages": [
            {
                "headers": {
                    "X-GitHub-Delivery": f"guid_{number}",
                    "X-GitHub-Event": one.event,
                    "X-Hub-Signature-256": signature("s3cret", one.body.encode()),
                },
                "body": one.body,
            }
            for number, one in enumerate(messages)
        ],
    }
    command = [Path(sys.executable).with_name("node"), NODE / "verify.mjs"]
    words = json.dumps(given)
    done = subprocess.run(
        command, input=words, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)
