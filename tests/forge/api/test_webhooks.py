"""GitHub's webhook API, with its delivery log, over real HTTP."""

import pytest

from towpath.forge import service
from towpath.forge.service import Message
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.secrets import service as secrets

HOOKS = "/api/v3/repos/alice/boat/hooks"
CONFIG = {"url": "https://ci.example/hook", "content_type": "json", "secret": "s3cret"}


@pytest.fixture
def ask(served, hosted):
    secrets.prepare(served.kernel)

    def call(method, path="", user="alice", status=None, **body):
        options = {"json": body} if body else {}
        answer = served.call(method, HOOKS + path, user=user, **options)
        assert status is None or answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture
def kernel(served):
    return served.kernel


@pytest.fixture
def hook(ask):
    return ask("POST", status=201, name="web", config=CONFIG, events=["push"])


def test_a_webhook_is_made_pinged_and_shown_without_its_secret(ask, hook):
    assert hook["config"]["secret"] == "********"
    assert hook["events"] == ["push"]
    assert ask("GET", f"/{hook['id']}", status=200)["config"]["url"] == CONFIG["url"]
    assert [one["id"] for one in ask("GET", status=200)] == [hook["id"]]
    (ping,) = ask("GET", f"/{hook['id']}/deliveries", status=200)
    assert (ping["event"], ping["status"]) == ("ping", "waiting")


def test_it_is_changed_in_part(ask, hook):
    one = f"/{hook['id']}"
    changed = ask("PATCH", one, status=200, add_events=["create"], active=False)
    assert changed["events"] == ["create", "push"]
    assert changed["active"] is False
    assert changed["config"] == hook["config"]
    kept = ask("PATCH", one, status=200, config=CONFIG | {"secret": "********"})
    assert kept["config"]["secret"] == "********"


def test_it_is_removed(ask, hook):
    ask("DELETE", f"/{hook['id']}", status=204)
    ask("GET", f"/{hook['id']}", status=404)


def test_a_message_is_shown_and_sent_again(ask, hook, hosted):
    one = f"/{hook['id']}"
    known = hosted.kernel.db.read(lambda tx: service.webhooks(tx, hosted.id))[0]
    message = Message("push", None, '{"ref": "refs/heads/main"}')
    hosted.kernel.db.write(lambda tx: service.ping(tx, known, message))
    newest = ask("GET", f"{one}/deliveries")[0]
    shown = ask("GET", f"{one}/deliveries/{newest['id']}", status=200)
    assert shown["request"]["payload"] == {"ref": "refs/heads/main"}
    assert "X-Hub-Signature-256" not in shown["request"]["headers"]
    ask("POST", f"{one}/deliveries/{newest['id']}/attempts", status=202)
    again = ask("GET", f"{one}/deliveries")[0]
    assert (again["guid"], again["redelivery"]) == (newest["guid"], True)
    ask("GET", f"{one}/deliveries/1", status=404)


def test_ping_and_test_send_what_they_say(ask, hook):
    one = f"/{hook['id']}"
    ask("POST", f"{one}/pings", status=204)
    ask("POST", f"{one}/tests", status=204)
    sent = [each["event"] for each in ask("GET", f"{one}/deliveries")]
    assert sent == ["push", "ping", "ping"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"config": {}},
        {"config": CONFIG | {"url": "ftp://x"}},
        {"config": CONFIG | {"insecure_ssl": "1"}},
        {"config": CONFIG | {"content_type": "form"}},
        {"config": CONFIG, "events": ["nothing"]},
        {"config": CONFIG, "name": "email"},
    ],
)
def test_what_cannot_be_sent_is_refused_with_words(ask, wrong):
    assert ask("POST", status=422, **wrong)["message"]


def test_only_maintainers_may(ask, hook):
    for method, path in (("GET", ""), ("GET", f"/{hook['id']}"), ("DELETE", f"/{hook['id']}")):
        ask(method, path, user="bob", status=403)
    ask("POST", user="bob", status=403, config=CONFIG)


def test_a_role_on_the_repository_decides_not_one_on_another(ask, served, hosted):
    """Bob is a member of the site: whoever keeps the repository lets him keep its webhooks."""
    other = service.create_repository(served.kernel, "alice", "canoe")
    write, keeper = served.kernel.db.write, Role.maintainer
    write(lambda tx: access.grant(tx, other.id, keeper, login="bob"))
    ask("POST", user="bob", status=403, config=CONFIG)
    write(lambda tx: access.grant(tx, hosted.id, keeper, login="bob"))
    ask("POST", user="bob", status=201, config=CONFIG)
