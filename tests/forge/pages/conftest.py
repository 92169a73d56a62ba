"""Pages as a browser without scripts sees them, of a repository with a branch and a request."""

import pytest


@pytest.fixture
def kernel(served):
    return served.kernel


@pytest.fixture
def boat(served, hosted):
    hosted.branch("topic", a="1\n2\n", README="hello\nworld\n")
    hosted.sync()
    return hosted


@pytest.fixture
def change(boat):
    return boat.open(title="A <b>change</b>", body="**Why** <script>alert(1)</script>")


@pytest.fixture
def see(served):
    def get(path, user="alice", **options):
        page = served.call("GET", path, user=user, headers={"Accept": "text/html"}, **options)
        assert page.status_code == 200, page.text
        return page.text

    return get


@pytest.fixture
def send(served):
    def post(address, /, user="alice", **form):
        return served.call("POST", address, user=user, data=form, headers={"Accept": "text/html"})

    return post
