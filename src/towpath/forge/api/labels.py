"""Labels of a repository and of its merge requests, in the GitHub dialect."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from towpath.forge import service
from towpath.forge.api.manners import Call, Number, Repo, WantedPage, paged, routes, sliced
from towpath.forge.api.shapes import Json
from towpath.forge.model.marks import label_key
from towpath.forge.service import Label
from towpath.kernel.errors import NotFound


class NewLabel(BaseModel):
    name: str
    color: str | None = None
    description: str | None = None


class ChangedLabel(BaseModel):
    new_name: str | None = None
    color: str | None = None
    description: str | None = None


class Named(BaseModel):
    name: str


class Names(BaseModel):
    labels: list[str | Named] = []


Wanted = Annotated[Names | list[str | Named] | None, Body()]


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}")
    made.add_api_route("/labels", labels, methods=["GET"])
    made.add_api_route("/labels", add, methods=["POST"], status_code=201)
    one = "/labels/{name:path}"
    made.add_api_route(one, label, methods=["GET"])
    made.add_api_route(one, change, methods=["PATCH"])
    made.add_api_route(one, delete, methods=["DELETE"], status_code=204)
    there = "/issues/{number}/labels"
    made.add_api_route(there, carried, methods=["GET"])
    made.add_api_route(there, put_on, methods=["POST"])
    made.add_api_route(there, replace, methods=["PUT"])
    made.add_api_route(there, take_all, methods=["DELETE"], status_code=204)
    made.add_api_route(f"{there}/{{name:path}}", take_off, methods=["DELETE"])
    return made


def labels(request: Request, repo: Repo, page: WantedPage) -> Response:
    """List the labels of a repository by name."""
    found = repo.kernel.db.read(lambda tx: service.labels(tx, repo.id, page.window))
    return paged(request, page, [repo.say.label(one) for one in found])


def label(repo: Repo, name: str) -> Json:
    """Describe a label."""
    return repo.say.label(repo.kernel.db.read(lambda tx: service.label(tx, repo.id, name)))


def add(repo: Repo, new: NewLabel) -> Json:
    """Give the repository a label."""
    repo.writes()
    made = repo.kernel.db.write(
        lambda tx: service.add_label(tx, repo.id, new.name, new.color, new.description)
    )
    return repo.say.label(made)


def change(repo: Repo, name: str, new: ChangedLabel) -> Json:
    """Change what a label is called, looks like or means."""
    repo.writes()
    wanted = (new.new_name, new.color, new.description)
    after = repo.kernel.db.write(lambda tx: service.change_label(tx, repo.id, name, *wanted))
    return repo.say.label(after)


def delete(repo: Repo, name: str) -> Response:
    """Take a label off everything and forget it."""
    repo.writes()
    repo.kernel.db.write(lambda tx: service.delete_label(tx, repo.id, name))
    return Response(status_code=204)


def carried(request: Request, repo: Repo, page: WantedPage, number: Number) -> Response:
    """List the labels of a merge request by name."""
    shown = [repo.say.label(one) for one in sliced(page, _carried(repo, number))]
    return paged(request, page, shown)


def _carried(repo: Call, number: int) -> list[Label]:
    repo.request(number)
    return repo.kernel.db.read(lambda tx: service.labels_of(tx, repo.id, [number]))[number]


def put_on(repo: Repo, number: Number, wanted: Wanted = None) -> Response:
    """Add labels to a merge request; those that the repository has not are made."""
    there = [one.name for one in _carried(repo, number)]
    return _put(repo, number, there + _names(wanted))


def replace(repo: Repo, number: Number, wanted: Wanted = None) -> Response:
    """Let a merge request carry these labels and no others."""
    return _put(repo, number, _names(wanted))


def _names(wanted: Names | list[str | Named] | None) -> list[str]:
    listed = wanted.labels if isinstance(wanted, Names) else wanted or []
    return [one.name if isinstance(one, Named) else one for one in listed]


def take_all(repo: Repo, number: Number) -> Response:
    """Take all labels off a merge request."""
    _put(repo, number, [])
    return Response(status_code=204)


def take_off(repo: Repo, number: Number, name: str) -> Response:
    """Take one label off a merge request."""
    there = [one.name for one in _carried(repo, number)]
    kept = [one for one in there if label_key(one) != label_key(name)]
    if len(kept) == len(there):
        raise NotFound("Label does not exist", next_step="List those it carries.")
    return _put(repo, number, kept)


def _put(repo: Call, number: int, names: list[str]) -> Response:
    repo.writes()
    after = repo.kernel.db.write(lambda tx: service.put_labels(tx, repo.id, number, names))
    return JSONResponse([repo.say.label(one) for one in after])
