"""What else a program may ask for than JSON: diffs, patches, raw files, by the Accept header."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.manners import Call

_WANTED = re.compile(r"application/vnd\.github(?:\.v3)?\.(raw|diff|patch|sha|object)\b")
_TEXT = {"diff": "application/vnd.github.diff", "patch": "application/vnd.github.patch"}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in _TEXT.values()}}
}


def wanted(request: Request) -> str:
    """The media type that is asked for, by GitHub's short name; "" for JSON.

    `?as=diff` asks without a header, so that diff_url and patch_url lead somewhere.
    """
    found = _WANTED.search(request.headers.get("accept", ""))
    return found.group(1) if found else request.query_params.get("as", "")


def text_wanted(request: Request, repo: Call, base: str, head: str) -> Response | None:
    """The change between two commits as text, if that is what was asked for."""
    kind = wanted(request)
    return text(repo, base, head, kind) if kind in _TEXT else None


def text(repo: Call, base: str, head: str, kind: str) -> Response:
    """The change between two commits as a diff or as mails, cut off where it is too long."""
    if kind == "diff":
        body = service.raw_diff(repo.kernel, repo.id, base, head)[0]
    else:
        body = service.raw_mails(repo.kernel, repo.id, base, head)
    return Response(body, media_type=f"{_TEXT[kind]}; charset=utf-8", headers=_SAFE)


_SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


def raw(content: bytes) -> Response:
    """A file as it is, which no browser takes for a page of ours."""
    return Response(content, media_type="application/vnd.github.raw", headers=_SAFE)
