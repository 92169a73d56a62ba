import pytest

from towpath.app.home import health
from towpath.kernel.errors import PermanentError
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.service import Lag
from towpath.kernel.work.worker import Worker


def lag(**counts):
    return Lag(
        **{"kind": "k", "waiting": 0, "running": 0, "parked": 0, "oldest_seconds": 0.0} | counts
    )


@pytest.mark.parametrize(
    ("kinds", "words", "kind"),
    [
        ([], "All is well", "good"),
        ([lag(waiting=5, oldest_seconds=3.0)], "All is well", "good"),
        ([lag(waiting=1, oldest_seconds=90.4)], "Work is 90 s late", "waiting"),
        ([lag(parked=1), lag()], "1 piece of work waits for a person", "bad"),
        ([lag(parked=1), lag(parked=2)], "3 pieces of work wait for a person", "bad"),
    ],
)
def test_health_is_judged_by_what_is_parked_then_by_what_is_late(kinds, words, kind):
    told = health(kinds)
    assert (told.words, told.kind) == (words, kind)


def test_an_empty_home_says_how_to_begin(admin):
    page = admin.get("/").text
    assert "All is well" in page
    assert "http://towpath.test/api/v3/user/repos" in page
    assert "git push" in page


@pytest.fixture
def failed(kernel):
    """A piece of work that failed for good, and a way to let the worker go on."""
    lives = {"broken": True}

    def run(_):
        if lives["broken"]:
            raise PermanentError("The mast <b>broke</b>.", next_step="Mend it.")

    worker = Worker(kernel.db, [Handler(kind="mend", run=run)])
    kernel.db.write(lambda tx: work.add(tx, "mend", {"boat": "Sara"}, order="Sara"))
    worker.run_until_idle()
    lives["broken"] = False
    return worker


def test_parked_work_shows_on_home_and_in_full_on_its_page(admin, failed):
    assert "1 piece of work waits for a person" in admin.get("/").text
    page = admin.get("/work").text
    assert "The mast &lt;b&gt;broke&lt;/b&gt;. Mend it." in page
    assert "Sara" in page
    assert "Try again" in page


def test_a_retry_runs_the_work_again(admin, failed, kernel):
    (item,) = kernel.db.read(work.parked)
    page = admin.post(f"/work/{item.id}/retry")
    assert page.url.path == "/work"
    assert failed.run_until_idle() == 1
    assert "Nothing is parked" in admin.get("/work").text
    assert admin.post(f"/work/{item.id}/retry").status_code == 404
    assert admin.post(f"/work/{2**63}/retry").status_code == 422


def test_work_is_for_administrators(admin):
    made = admin.post("/api/towpath/v1/users", json={"login": "alice"})
    assert made.status_code == 201
    token = admin.post("/api/towpath/v1/tokens", json={"name": "n", "login": "alice"}).json()
    admin.headers["Authorization"] = f"Bearer {token['token']}"
    assert admin.get("/work").status_code == 403
    assert admin.post("/work/1/retry").status_code == 403
    assert admin.get("/").status_code == 200
