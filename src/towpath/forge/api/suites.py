"""Check suites by their numbers, in the GitHub dialect: what one author says about one commit."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api import checks, verdicts
from towpath.forge.api.checks import Which
from towpath.forge.api.manners import Call, Handle, Repo, WantedPage, routes
from towpath.forge.api.payloads import Teller
from towpath.forge.api.shapes import Json
from towpath.forge.model.checks import CheckStatus, latest
from towpath.forge.model.checks import suite as together
from towpath.forge.service import Check


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/check-suites/{check_suite_id}")
    made.add_api_route("", suite, methods=["GET"])
    made.add_api_route("/check-runs", check_runs, methods=["GET"])
    made.add_api_route("/rerequest", ask_again, methods=["POST"], status_code=201)
    return made


def _find(repo: Call, handle: int) -> list[Check]:
    return repo.kernel.db.read(lambda tx: service.checks_of_suite(tx, repo.id, handle))


def suite(repo: Repo, check_suite_id: Handle) -> Json:
    """Describe a check suite: the newest check of each name, taken together."""
    found = together(latest(_find(repo, check_suite_id)))
    return verdicts.suite(repo.say, found, Teller(repo.kernel, repo.about).commit(found.sha))


def check_runs(
    request: Request,
    repo: Repo,
    page: WantedPage,
    check_suite_id: Handle,
    check_name: str | None = None,
    status: CheckStatus | None = None,
    which: Which = "latest",
) -> Response:
    """List the checks of a suite; `latest` shows one of each name."""
    found = checks.chosen(_find(repo, check_suite_id), check_name, status, which)
    return checks.listed(request, repo, page, found)


def ask_again(repo: Repo, check_suite_id: Handle) -> Json:
    """Have all checks of a completed suite done again; ours are run, others hear of it."""
    repo.kernel.db.write(lambda tx: service.ask_suite_again(tx, repo.id, check_suite_id))
    return {}
