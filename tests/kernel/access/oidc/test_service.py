"""A log-in without a browser or a network: what is written, and what a retry may not repeat."""

import pytest

from towpath.kernel.access import service as access
from towpath.kernel.access.oidc import service
from towpath.kernel.access.oidc.service import Answer
from towpath.kernel.audit import service as audit
from towpath.kernel.errors import Unauthenticated


class Said:
    """A provider that answers what a test tells it."""

    issuer = "https://id.test"

    def __init__(self):
        self.asked = []

    def address(self, state, attempt):
        self.state, self.attempt = state, attempt
        return f"{self.issuer}/auth"

    def names_itself(self):
        return False

    def claims(self, code, attempt):
        self.asked.append((code, attempt))
        return {"sub": "1", "preferred_username": "ann"}


@pytest.fixture
def provider():
    return Said()


def finish(kernel, provider, browser, **answer):
    where = ("192.0.2.1", "a browser")
    return service.finish(kernel, provider, Answer(provider.state, **answer), browser, where)


@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_a_log_in_is_begun_and_finished_on_either_store(make_kernel, provider, store):
    kernel = make_kernel(store)
    begun = service.begin(kernel, provider, "/somewhere")
    session, goes_to = finish(kernel, provider, begun.browser, code="c")
    assert (session.principal.login, goes_to) == ("ann", "/somewhere")
    assert provider.asked == [("c", provider.attempt)]
    assert kernel.db.read(lambda tx: access.authenticate_session(tx, session.raw))
    said = [each.action for each in kernel.db.read(lambda tx: audit.search(tx, audit.Search()))]
    assert {"user.add", "user.identify", "session.open"} <= set(said)


@pytest.mark.parametrize("answer", [{}, {"error": "server_error"}, {"code": "c", "issuer": "x"}])
def test_an_answer_without_a_fitting_code_is_never_traded(kernel, provider, answer):
    begun = service.begin(kernel, provider, "/")
    with pytest.raises(Unauthenticated):
        finish(kernel, provider, begun.browser, **answer)
    assert provider.asked == []
    with pytest.raises(Unauthenticated, match="has been used"):
        finish(kernel, provider, begun.browser, code="c")


def test_the_second_log_in_writes_only_that_it_happened(kernel, provider):
    for _ in range(2):
        begun = service.begin(kernel, provider, "/")
        finish(kernel, provider, begun.browser, code="c")
    said = [each.action for each in kernel.db.read(lambda tx: audit.search(tx, audit.Search()))]
    assert said.count("user.add") == said.count("user.identify") == said.count("user.role") == 1
    assert said.count("session.open") == 2
