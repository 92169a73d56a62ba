"""What people see of a run and of a log, without any script."""

import re

import pytest
from starlette.testclient import TestClient

from tests.pipelines.leaving import next_leaver
from towpath.forge.plugin import PLUGIN as FORGE
from towpath.kernel import builtin
from towpath.kernel.access import service as access
from towpath.kernel.http.app import create_app
from towpath.pipelines import service
from towpath.pipelines.model.execution import Annotation, StepReport
from towpath.pipelines.plugin import PLUGIN as PIPELINES

WORKFLOW = """
on: push
jobs:
  lint:
    runs-on: linux
    steps: [{run: ruff check}]
  test:
    needs: lint
    runs-on: linux
    steps:
      - {name: Prepare, run: make}
      - {name: Weigh the lock, run: pytest}
"""


@pytest.fixture
def browser(canal):
    def tokens(tx):
        access.create_user(tx, "vera", None, access.Role.viewer)
        access.create_user(tx, "bob", None, access.Role.member)
        return {login: access.create_token(tx, login, "test")[1] for login in ("vera", "bob")}

    made = canal.kernel.db.write(tokens)
    with TestClient(
        create_app(canal.kernel, (builtin.PLUGIN, FORGE, PIPELINES)), "http://towpath.test"
    ) as web:
        web.tokens = made
        web.headers["Authorization"] = f"Bearer {made['bob']}"
        yield web


@pytest.fixture
def run(canal):
    sha = canal.commit(**{".towpath/workflows/ci.yml": WORKFLOW})
    suite = canal.trigger(sha)
    canal.work()
    return canal.runs(suite)[0]


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def log(canal, taken, *outputs):
    """Write the output of each step, and report the steps as ended; the last one failed."""
    job = canal.kernel.db.read(lambda tx: service.job(tx, taken.job))
    at, reports = 0, []
    for number, output in enumerate(outputs, 1):
        end = service.append_log(canal.kernel, job, at, output)
        verdict = "failure" if number == len(outputs) else "success"
        reports.append(
            StepReport(
                number=number, state="finished", conclusion=verdict, log_from=at, log_to=end,
                seconds=1.5,
            )
        )  # fmt: skip
        at = end
    canal.kernel.db.write(lambda tx: service.report(tx, taken.job, taken.lease, reports))
    return at


def fail(canal, *outputs):
    canal.finish(canal.claim())
    taken = canal.claim()
    size = log(canal, taken, *outputs)
    canal.finish(taken, "failure", log_bytes=size)
    return taken


def test_a_run_under_way_shows_what_waits_for_what(canal, run, browser):
    page = browser.get(f"/runs/{run.id}")
    assert page.status_code == 200
    assert "waits for a runner" in words(page)
    assert "<svg" in page.text
    assert 'aria-hidden="true"' in page.text


def test_a_failed_run_names_the_step_and_leads_to_its_log(canal, run, browser):
    taken = fail(canal, b"made\n", b"E assert 1 == 2\n")
    page = browser.get(f"/runs/{run.id}")
    assert "failed at step “Weigh the lock”" in words(page)
    assert f"/runs/{run.id}/jobs/{taken.job}" in page.text


def test_a_log_is_shown_by_step_with_an_address_for_each_line(canal, run, browser):
    taken = fail(canal, b"one\n\x1b[31mtwo\x1b[0m <b>\n", b"three\n")
    page = browser.get(f"/runs/{run.id}/jobs/{taken.job}")
    assert '<span class="fg-red">two</span> &lt;b&gt;' in page.text
    assert 'id="L3"' in page.text
    assert re.search(r'id="step-2" open', page.text)


def test_a_long_step_shows_its_end_and_leads_to_its_beginning(canal, run, browser):
    taken = fail(canal, b"".join(b"line %d\n" % n for n in range(1, 2501)), b"over\n")
    address = f"/runs/{run.id}/jobs/{taken.job}"
    page = browser.get(address)
    assert 'id="L2500"' in page.text
    assert 'id="L1"' not in page.text
    beginning = browser.get(f"{address}?from=0")
    assert 'id="L1000"' in beginning.text
    assert 'id="L1001"' not in beginning.text
    later = re.search(r'href="([^"]+)">Later lines', beginning.text)[1].replace("&amp;", "&")
    following = browser.get(later)
    assert 'id="L1001"' in following.text
    assert 'href="' + f"{address}?from=0" + '">Earlier lines' in following.text


def test_a_line_can_be_asked_for(canal, run, browser):
    taken = fail(canal, b"".join(b"line %d\n" % n for n in range(1, 2501)))
    page = browser.get(f"/runs/{run.id}/jobs/{taken.job}?line=2000")
    assert 'id="L1995"' in page.text
    assert 'id="L1994"' not in page.text


def test_a_running_job_streams_on_from_what_the_page_shows(canal, run, browser):
    canal.finish(canal.claim())
    taken = canal.claim()
    job = canal.kernel.db.read(lambda tx: service.job(tx, taken.job))
    end = service.append_log(canal.kernel, job, 0, b"so far\n")
    page = browser.get(f"/runs/{run.id}/jobs/{taken.job}")
    assert f"stream?as=html&amp;from={end}" in page.text
    assert "so far" in page.text


def test_a_member_cancels_and_a_viewer_may_not(canal, run, browser):
    refused = browser.post(
        f"/runs/{run.id}/cancel", headers={"Authorization": f"Bearer {browser.tokens['vera']}"}
    )
    assert refused.status_code == 403
    done = browser.post(f"/runs/{run.id}/cancel", follow_redirects=False)
    assert done.status_code == 303
    assert "bob cancelled this run" in words(browser.get(f"/runs/{run.id}"))


def test_a_job_of_another_run_is_not_shown(canal, run, browser):
    taken = canal.claim()
    assert browser.get(f"/runs/run_none/jobs/{taken.job}").status_code == 404


def test_other_pages_show_the_newest_runs(canal, run, browser):
    page = browser.get("/alice/boat")
    assert f"/runs/{run.id}" in page.text


def test_what_steps_say_to_people_is_on_the_runs_page_and_is_only_text(canal, run, browser):
    taken = canal.claim()
    said = Annotation(level="error", message="<b>odd</b>", title="Lint", file="src/a b.py", line=7)
    report = StepReport(
        number=1, state="finished", conclusion="success", log_from=0, log_to=0, seconds=1.0,
        annotations=(said,) * 101, summary="# Tests\n\n**9** passed <script>bad()</script>",
    )  # fmt: skip
    canal.kernel.db.write(lambda tx: service.report(tx, taken.job, taken.lease, [report]))
    page = browser.get(f"/runs/{run.id}")
    assert f"/blob/{run.sha}/src/a%20b.py#L7" in page.text
    assert "&lt;b&gt;odd&lt;/b&gt;" in page.text
    assert "<strong>9</strong> passed" in page.text
    assert "bad()</script>" not in page.text
    assert "1 more stand in the logs." in words(page)
    one = browser.get(f"/api/towpath/v1/runs/{run.id}").json()["jobs"][0]["steps"][0]
    assert (one["annotations"][0]["line"], one["summary"][:7]) == (7, "# Tests")


def test_what_jobs_left_stands_on_the_page_of_their_run(canal, browser, run):
    boat = next_leaver(canal)
    number = boat.leave(b"oak", "hull & oak")
    page = browser.get(f"/runs/{run.id}")
    assert "Artifacts" in words(page)
    assert "hull &amp; oak" in page.text
    assert f'href="/runs/{run.id}/artifacts/{number}"' in page.text
    fetched = browser.get(f"/runs/{run.id}/artifacts/{number}", follow_redirects=False)
    assert fetched.status_code == 302
    assert fetched.headers["location"].startswith(
        f"{canal.kernel.url}/api/towpath/v1/uploads/upload_"
    )
    assert browser.get(f"/runs/run_other/artifacts/{number}").status_code == 404
    gone = browser.post(f"/runs/{run.id}/artifacts/{number}/remove")
    assert "Artifacts" not in words(gone)
