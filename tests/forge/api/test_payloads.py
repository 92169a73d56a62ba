"""Messages beside the example payloads that GitHub publishes, and in its receivers' hands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from towpath.forge import service
from towpath.forge.api import payloads
from towpath.forge.model.webhooks import RefMoved, RequestChanged, Said, signature

NODE = Path(__file__).parents[2] / "node"
EXAMPLES = NODE / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"


@pytest.fixture
def change(hosted):
    hosted.branch("topic", a="1")
    hosted.sync()
    return hosted.open()


def told(hosted, *happened):
    messages = payloads.render(hosted.kernel, hosted.id, happened)
    return [(one.event, one.action, json.loads(one.body)) for one in messages]


def pushed(change):
    return RefMoved("refs/heads/topic", change.base, change.head)


def example(event, action=None):
    for known in json.loads(EXAMPLES.read_text()):
        if known["name"] == event:
            return next(one for one in known["examples"] if one.get("action") == action)
    raise LookupError(event)


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


def test_a_new_and_a_deleted_branch_are_told_twice_over(hosted, change):
    made = RefMoved("refs/heads/topic", None, change.head)
    gone = RefMoved("refs/heads/topic", change.head, None)
    for fact, event, skipped in ((made, "create", set()), (gone, "delete", set())):
        push, other = told(hosted, fact)
        assert (push[0], other[0]) == ("push", event)
        assert list(differences(other[2], example(event), skipped)) == []
        assert (other[2]["ref"], other[2]["ref_type"]) == ("topic", "branch")


def test_refs_of_our_own_are_nobodys_business(hosted, change):
    kept = RefMoved("refs/towpath/x", None, change.head)
    assert told(hosted, kept) == []


def test_a_forced_push_says_so(hosted, change):
    other = hosted.branch("other", b="1")
    fact = RefMoved("refs/heads/topic", change.head, other)
    assert told(hosted, fact)[0][2]["forced"] is True


@pytest.mark.parametrize(
    ("what", "action"),
    [("opened", "opened"), ("head_moved", "synchronize"), ("closed", "closed"),
     ("reopened", "reopened"), ("edited", "edited")],
)  # fmt: skip
def test_what_happens_to_a_request(hosted, change, what, action):
    fact = RequestChanged(1, what)
    ((event, said, body),) = told(hosted, fact)
    assert (event, said) == ("pull_request", action)
    assert list(differences(body, example("pull_request", "opened"), set())) == []
    assert body["number"] == 1


def test_a_review_and_a_comment(hosted, change):
    hosted.kernel.db.write(lambda tx: service.review(tx, hosted.id, 1, "bob", "approve"))
    reviewed = RequestChanged(1, "reviewed")
    ((event, action, body),) = told(hosted, reviewed)
    assert (event, action) == ("pull_request_review", "submitted")
    assert body["review"]["state"] == "approved"
    assert list(differences(body, example(event, "submitted"), set())) == []
    said = hosted.kernel.db.write(lambda tx: service.comment(tx, hosted.id, 1, "bob", "Hm."))
    fact = Said(1, said.id)
    ((event, action, body),) = told(hosted, fact)
    assert (event, action, body["comment"]["body"]) == ("issue_comment", "created", "Hm.")
    assert list(differences(body, example(event, "created"), set())) == []


def test_what_is_gone_is_not_told(hosted):
    assert payloads.render(hosted.kernel, "repo_" + "0" * 26, [Said(1, "comment_1")]) == []
    assert told(hosted, RequestChanged(99, "opened")) == []
    assert told(hosted, Said(1, "comment_1")) == []


def test_the_newest_push_can_be_told_as_a_test(hosted):
    message = payloads.test_push(hosted.kernel, hosted.repository)
    assert json.loads(message.body)["after"] == hosted.copy.sha("main")


def test_octokit_verifies_and_understands_what_we_send(hosted, change):
    sent = payloads.render(hosted.kernel, hosted.id, [pushed(change)])
    sent += payloads.render(hosted.kernel, hosted.id, [RequestChanged(1, "opened")])
    heard = receive("s3cret", sent)
    assert [(one["name"], one["action"]) for one in heard] == [
        ("push", None),
        ("pull_request", "opened"),
    ]
    assert {one["repository"] for one in heard} == {"alice/boat"}


def test_octokit_refuses_what_is_signed_with_another_secret(hosted, change):
    with pytest.raises(subprocess.CalledProcessError):
        receive("another", payloads.render(hosted.kernel, hosted.id, [pushed(change)]))


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
