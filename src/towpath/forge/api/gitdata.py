"""Git's own objects and refs in the GitHub dialect: read as they lie, refs moved by our rules."""

import base64
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as FromPath
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from towpath.forge import service
from towpath.forge.api import media
from towpath.forge.api.commits import is_sha
from towpath.forge.api.manners import Repo, routes
from towpath.forge.api.shapes import Json, signature
from towpath.forge.model.names import require_sha
from towpath.forge.service import Node, RefUpdate
from towpath.kernel.errors import InvalidInput, NotFound

RefName = Annotated[str, FromPath(description="Such as heads/main.")]


class NewRef(BaseModel):
    ref: str
    sha: str


class MovedRef(BaseModel):
    sha: str
    force: bool = False


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/git")
    made.add_api_route("/ref/{ref:path}", ref, methods=["GET"])
    made.add_api_route("/matching-refs/{ref:path}", matching, methods=["GET"])
    made.add_api_route("/refs", add_ref, methods=["POST"], status_code=201)
    made.add_api_route("/refs/{ref:path}", move_ref, methods=["PATCH"])
    made.add_api_route("/refs/{ref:path}", delete_ref, methods=["DELETE"], status_code=204)
    made.add_api_route("/commits/{sha}", commit, methods=["GET"])
    made.add_api_route("/trees/{sha:path}", tree, methods=["GET"])
    made.add_api_route("/blobs/{sha}", blob, methods=["GET"], response_model=None)
    made.add_api_route("/tags/{sha}", tag, methods=["GET"])
    return made


def ref(repo: Repo, ref: RefName) -> Json:
    """Tell which object a branch or tag names."""
    return _shown(repo, *_found(repo, ref))


def _found(repo: Repo, ref: str) -> tuple[str, str, str]:
    full = f"refs/{ref}"
    kind, sha = service.kinds(repo.kernel, repo.id, full).get(full, ("", ""))
    if not kind or full.startswith("refs/towpath/"):
        raise NotFound(f"There is no ref {full!a}.", next_step="Write it like heads/main.")
    return full, kind, sha


def _shown(repo: Repo, full: str, kind: str, sha: str) -> Json:
    return repo.say.ref(full, sha, kind)


def matching(repo: Repo, ref: RefName) -> Response:
    """List the refs whose names begin like this."""
    listed = service.kinds(repo.kernel, repo.id, f"refs/{ref}")
    shown = [
        _shown(repo, full, *found)
        for full, found in listed.items()
        if full.startswith(("refs/heads/", "refs/tags/"))
    ]
    return JSONResponse(shown)


def add_ref(repo: Repo, new: NewRef) -> Json:
    """Create a branch or a tag at a commit that is here."""
    repo.writes()
    sha = require_sha(new.sha)
    _require_object(repo, sha)
    update = RefUpdate(new.ref, None, sha)
    if service.kinds(repo.kernel, repo.id, new.ref).get(new.ref):
        raise InvalidInput("Reference already exists", next_step="Move it with PATCH.")
    service.move_ref(repo.kernel, repo.id, update, trusted=repo.trusted)
    return _shown(repo, *_found(repo, new.ref.removeprefix("refs/")))


def _require_object(repo: Repo, sha: str) -> None:
    if service.resolve(repo.kernel, repo.id, sha) is None:
        raise InvalidInput("Object does not exist", next_step="Push the commit first.")


def move_ref(repo: Repo, ref: RefName, new: MovedRef) -> Json:
    """Move a branch or a tag; forward only, unless forced."""
    repo.writes()
    full, _, old = _found(repo, ref)
    sha = require_sha(new.sha)
    _require_object(repo, sha)
    if not new.force:
        service.require_forward(repo.kernel, repo.id, old, sha)
    service.move_ref(repo.kernel, repo.id, RefUpdate(full, old, sha), trusted=repo.trusted)
    return _shown(repo, *_found(repo, ref))


def delete_ref(repo: Repo, ref: RefName) -> Response:
    """Delete a branch or a tag."""
    repo.writes()
    full, _, old = _found(repo, ref)
    service.move_ref(repo.kernel, repo.id, RefUpdate(full, old, None), trusted=repo.trusted)
    return Response(status_code=204)


def commit(repo: Repo, sha: str) -> Json:
    """Describe a commit as git has it."""
    _require(repo, sha)
    found = service.commits(repo.kernel, repo.id, None, sha, limit=1)[0]
    return repo.say.git_commit(found)


def _require(repo: Repo, sha: str) -> None:
    if service.resolve(repo.kernel, repo.id, require_sha(sha)) != sha:
        raise NotFound(f"There is no commit {sha}.", next_step="Push it first.")


def tree(repo: Repo, sha: str, recursive: str = "") -> Json:
    """List a tree, named by itself, a commit or a branch; with all below if `recursive` is set."""
    name = _tree(repo, sha)
    found, whole = service.tree(repo.kernel, repo.id, name, deep=bool(recursive))
    return {
        "sha": name,
        "url": f"{repo.say.api}/git/trees/{name}",
        "tree": [_node(repo, one) for one in found],
        "truncated": not whole,
    }


def _tree(repo: Repo, name: str) -> str:
    """The tree of a commit or branch; what is neither is taken for a tree's own name."""
    branch = None if is_sha(name) else f"refs/heads/{name}"
    known = (branch and service.resolve(repo.kernel, repo.id, branch)) or name
    commit = service.resolve(repo.kernel, repo.id, require_sha(known))
    if commit is None:
        return known
    return service.commits(repo.kernel, repo.id, None, commit, limit=1)[0].tree


def _node(repo: Repo, one: Node) -> Json:
    told: Json = {"path": one.path, "mode": one.mode, "type": one.kind, "sha": one.sha}
    if one.size is not None:
        told["size"] = one.size
    return told | {"url": f"{repo.say.api}/git/{one.kind}s/{one.sha}"}


def blob(request: Request, repo: Repo, sha: str) -> Json | Response:
    """A file's content, by the name of its content."""
    content = service.blob(repo.kernel, repo.id, sha)
    if media.wanted(request) == "raw":
        return media.raw(content)
    return {
        "sha": sha,
        "node_id": sha,
        "size": len(content),
        "url": f"{repo.say.api}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }


def tag(repo: Repo, sha: str) -> Json:
    """Describe an annotated tag."""
    found = service.tag(repo.kernel, repo.id, sha)
    address = f"{repo.say.api}/git/{found.kind}s/{found.object}"
    return {
        "sha": sha,
        "node_id": sha,
        "url": f"{repo.say.api}/git/tags/{sha}",
        "tag": found.name,
        "message": found.message,
        "tagger": signature(found.tagger),
        "object": {"type": found.kind, "sha": found.object, "url": address},
        "verification": repo.say.unverified(),
    }
