"""Files in the GitHub dialect: read at any commit, written as one commit with a lease."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from towpath.forge import service
from towpath.forge.api import media
from towpath.forge.api.commits import resolve
from towpath.forge.api.manners import Repo, routes
from towpath.forge.api.repositories import signature_of
from towpath.forge.api.shapes import Json
from towpath.forge.service import Entry, Signature, Wish, Written
from towpath.kernel.errors import InvalidInput, NotFound, TooLarge

MOST_BYTES = 1_048_576
MOST_ENTRIES = 1_000
_KINDS = {"folder": "dir", "file": "file", "link": "symlink", "submodule": "submodule"}


class Person(BaseModel):
    name: str
    email: str


class Change(BaseModel):
    """How a commit of one file is to be made; `sha` is the blob that the caller read."""

    message: str
    sha: str | None = None
    branch: str | None = None
    author: Person | None = None
    committer: Person | None = None


class NewContent(Change):
    content: str


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}")
    made.add_api_route("/readme", readme, methods=["GET"], response_model=None)
    made.add_api_route("/contents", top, methods=["GET"], response_model=None)
    here = "/contents/{path:path}"
    made.add_api_route(here, contents, methods=["GET"], response_model=None)
    made.add_api_route(here, put, methods=["PUT"])
    made.add_api_route(here, delete, methods=["DELETE"])
    return made


def top(request: Request, repo: Repo, ref: str | None = None) -> Response | Json:
    """List the top folder."""
    return contents(request, repo, "", ref)


def readme(request: Request, repo: Repo, ref: str | None = None) -> Response | Json:
    """Find the file that tells what this repository is."""
    sha = _commit(repo, ref)
    for entry in service.folder(repo.kernel, repo.id, sha, ""):
        if entry.kind == "file" and entry.name.lower().partition(".")[0] == "readme":
            return contents(request, repo, entry.path, ref)
    raise NotFound("There is no README here.", next_step="Add one.")


def contents(request: Request, repo: Repo, path: str, ref: str | None = None) -> Response | Json:
    """Read a file, or list a folder."""
    path, sha = path.strip("/"), _commit(repo, ref)
    entry = service.find(repo.kernel, repo.id, sha, path) if path else None
    if entry is None or entry.kind == "folder":
        return _listed(repo, sha, path, ref or repo.about.default_branch)
    if entry.kind == "submodule":
        return _entry(repo, entry, ref or repo.about.default_branch, 0)
    return _file(request, repo, entry, ref or repo.about.default_branch)


def _commit(repo: Repo, ref: str | None) -> str:
    return resolve(repo, ref or f"heads/{repo.about.default_branch}")


def _listed(repo: Repo, sha: str, path: str, ref: str) -> Response:
    found = service.folder(repo.kernel, repo.id, sha, path)[:MOST_ENTRIES]
    sizes = service.sizes(repo.kernel, repo.id, sha, path)
    return JSONResponse([_entry(repo, one, ref, sizes.get(one.path) or 0) for one in found])


def _entry(repo: Repo, entry: Entry, ref: str, size: int) -> Json:
    path = quote(entry.path.encode("utf-8", "surrogateescape"))
    url = f"{repo.say.api}/contents/{path}?ref={quote(ref, safe='')}"
    page = "tree" if entry.kind == "folder" else "blob"
    html = f"{repo.say.html}/{page}/{quote(ref)}/{path}"
    git = f"{repo.say.api}/git/{page}s/{entry.object}"
    raw = None if entry.kind == "folder" else f"{repo.say.html}/raw/{quote(ref)}/{path}"
    told = {
        "name": _text(entry.name), "path": _text(entry.path), "sha": entry.object, "size": size,
        "type": _KINDS[entry.kind], "url": url, "html_url": html, "git_url": git,
        "download_url": raw,
    }  # fmt: skip
    return told | {"_links": {"self": url, "git": git, "html": html}}


def _text(path: str) -> str:
    """Bytes that are not UTF-8 cannot stand in JSON."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _file(request: Request, repo: Repo, entry: Entry, ref: str) -> Response | Json:
    size = service.size(repo.kernel, repo.id, entry.object)
    if size > MOST_BYTES:
        raise TooLarge(
            f"This file has {size} bytes, more than {MOST_BYTES}.",
            next_step="Fetch it with git, or at download_url.",
        )
    content = service.blob(repo.kernel, repo.id, entry.object)
    if media.wanted(request) == "raw":
        return media.raw(content)
    encoded = base64.encodebytes(content).decode()
    told = _entry(repo, entry, ref, size) | {"content": encoded, "encoding": "base64"}
    if entry.kind == "link":
        told["target"] = content.decode("utf-8", "replace")
    return told


def put(repo: Repo, path: str, new: NewContent) -> Response:
    """Create a file or give it other content, as one commit."""
    try:
        content = base64.b64decode("".join(new.content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("content is not valid Base64.", next_step="Encode the file.") from error
    written = _write(repo, path, new, content)
    return JSONResponse(_told(repo, path, new, written), 200 if new.sha else 201)


def delete(
    repo: Repo,
    path: str,
    change: Annotated[Change | None, Body()] = None,
    message: Annotated[str | None, Query()] = None,
    sha: Annotated[str | None, Query()] = None,
    branch: Annotated[str | None, Query()] = None,
) -> Json:
    """Delete a file, as one commit; what it needs may stand in the body or in the address."""
    wish = change or Change(message=message or "", sha=sha, branch=branch)
    return _told(repo, path, wish, _write(repo, path, wish, None))


def _write(repo: Repo, path: str, change: Change, content: bytes | None) -> Written:
    repo.writes()
    author = _person(repo, change.author or change.committer)
    committer = _person(repo, change.committer)
    wish = Wish(path.strip("/"), content, change.message, author, committer)
    branch = change.branch or repo.about.default_branch
    return service.write_file(repo.kernel, repo.id, branch, wish, change.sha, trusted=repo.trusted)


def _person(repo: Repo, said: Person | None) -> Signature:
    """Whom a commit names: whoever the caller says, as with git itself, or the caller."""
    if said is None:
        return signature_of(repo.kernel, repo.caller)
    for word in (said.name, said.email):
        if not word.strip() or not word.isprintable() or set(word) & {"<", ">"}:
            raise InvalidInput(
                "A name or address of author or committer cannot stand in a commit.",
                next_step="Use printable text without < and >.",
            )
    return Signature(said.name, said.email, repo.kernel.clock.now())


def _told(repo: Repo, path: str, change: Change, written: Written) -> Json:
    made = service.commits(repo.kernel, repo.id, None, written.commit, limit=1)[0]
    content: dict[str, Any] | None = None
    if written.blob is not None:
        entry = service.find(repo.kernel, repo.id, written.commit, path.strip("/"))
        size = service.size(repo.kernel, repo.id, written.blob)
        content = _entry(repo, entry, change.branch or repo.about.default_branch, size)
    return {"content": content, "commit": repo.say.git_commit(made)}
