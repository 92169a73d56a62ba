"""Folders and files at a branch or commit: read them, link to a line, take them away."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from towpath.forge import service
from towpath.forge.model.places import Place, find_place, visible
from towpath.forge.pages.prose import prose
from towpath.forge.pages.visiting import BRANCHES, HERE, Here, Visit
from towpath.forge.service import Entry
from towpath.kernel.errors import NotFound

_A_FOLDER = 1_000
_MOST_BYTES = 1_000_000
_MOST_LINES = 10_000
_LONGEST_LINE = 2_000
_READMES = ("readme.md", "readme.markdown", "readme")
_MARKDOWN = (".md", ".markdown")
_SNIFFED = 8_000
_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


class Spot:
    """A place in a repository as an address names it, and the commit that it is in."""

    def __init__(self, here: Here, request: Request, place: str) -> None:
        del place  # decoded already, which loses what is not UTF-8
        known = service.refs(here.kernel, here.id)
        branches = {ref.removeprefix(BRANCHES): sha for ref, sha in known.items()}
        self.here: Visit = here
        self.place: Place = find_place(raw_path(request, 4), branches)
        self.sha: str = branches.get(self.place.rev, self.place.rev)

    def render(self, template: str, **more: Any) -> Response:
        return self.here.render(template, place=self.place, commit=self.sha, **more)


At = Annotated[Spot, Depends()]


def raw_path(request: Request, depth: int) -> str:
    """The path behind so many slashes, with bytes that are not UTF-8 as surrogates."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    parts = raw.partition(b"?")[0].split(b"/")
    return unquote_to_bytes(b"/".join(parts[depth:])).decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    marked: bool


@dataclass(frozen=True)
class Shown:
    """A file's text as far as a page shows it; `lines` is None for what is no text."""

    lines: list[Line] | None
    whole: bool
    prose: str | None


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route(f"{HERE}/tree/{{place:path}}", tree, methods=["GET"])
    routes.add_api_route(f"{HERE}/blob/{{place:path}}", blob, methods=["GET"])
    routes.add_api_route(f"{HERE}/raw/{{place:path}}", raw, methods=["GET"])
    return routes


def tree(at: At, after: int = 0) -> Response:
    """A folder, a thousand names at a time, with its README below."""
    kernel, repository = at.here.kernel, at.here.id
    try:
        entries = service.folder(kernel, repository, at.sha, at.place.path)
    except NotFound:
        if not at.place.path:
            raise
        return _to_file(at)
    start = min(max(after, 0), len(entries))
    shown = entries[start : start + _A_FOLDER]
    following = start + len(shown)
    readme = None if start else readme_of(at.here, at.place, entries)
    return at.render(
        "forge/tree.html",
        entries=[(entry, Place(at.place.rev, entry.path).address) for entry in shown],
        count=len(entries),
        following=following if following < len(entries) else None,
        readme=readme,
    )


def _to_file(at: Spot) -> Response:
    """What is asked for as a folder may be a file; NotFound when it is neither."""
    service.find(at.here.kernel, at.here.id, at.sha, at.place.path)
    return RedirectResponse(f"/{at.here.repository.full_name}/blob/{at.place.address}")


def readme_of(here: Visit, folder: Place, entries: list[Entry]) -> Markup | None:
    """The README among these files, laid out; None when there is none, or it is too large."""
    files = {entry.name.lower(): entry for entry in entries if entry.kind == "file"}
    found = next((files[name] for name in _READMES if name in files), None)
    if found is None:
        return None
    data = _beginning(here, found)
    if len(data) > _MOST_BYTES:
        return None
    text = data.decode("utf-8", "replace")
    return prose(here, [text], folder)(text)


def blob(at: At, lines: str = "", source: int = 0) -> Response:
    """A file with numbered lines; `lines=3-7` marks some, `source=1` shows Markdown as typed."""
    entry = _file(at)
    if entry is None:
        return RedirectResponse(f"/{at.here.repository.full_name}/tree/{at.place.address}")
    data = _beginning(at.here, entry)
    is_here = entry.kind != "submodule"
    shown = _shown(at.place.name, data, _span(lines), as_typed=bool(source or lines))
    folder = at.place.above[-1]
    return at.render(
        "forge/blob.html",
        entry=entry,
        size=service.size(at.here.kernel, at.here.id, entry.object) if is_here else None,
        image=_image(data) is not None,
        shown=shown,
        prose=prose(at.here, [shown.prose], folder) if shown.prose else None,
    )


def looked_at(at: Spot) -> tuple[Entry | None, Shown]:
    """What stands at the place, as far as a page reads it; None for a folder."""
    entry = _file(at)
    data = _beginning(at.here, entry) if entry else b""
    return entry, _shown(at.place.name, data, range(0), as_typed=True)


def _shown(name: str, data: bytes, marked: range, *, as_typed: bool) -> Shown:
    if b"\0" in data[:_SNIFFED]:
        return Shown(None, whole=False, prose=None)
    text = data[:_MOST_BYTES].decode("utf-8", "replace")
    listed = text.removesuffix("\n").split("\n")
    is_whole = len(data) <= _MOST_BYTES and len(listed) <= _MOST_LINES
    is_prose = name.lower().endswith(_MARKDOWN) and is_whole and not as_typed
    lines = [
        Line(number, visible(line.removesuffix("\r")[:_LONGEST_LINE]), number in marked)
        for number, line in enumerate(listed[:_MOST_LINES], start=1)
    ]
    return Shown(lines, is_whole, text if is_prose else None)


def _span(text: str) -> range:
    """Read `3-7`, or `3`, as the lines to mark; anything else marks none."""
    first, _, last = text.replace("L", "").partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        return range(0)
    return range(int(first), min(int(last or first), _MOST_LINES) + 1)


def raw(at: At) -> Response:
    """The file as it is: as plain text, as one of a few kinds of picture, or to be saved."""
    entry = _file(at)
    if entry is None or entry.kind == "submodule":
        raise NotFound(f"{at.place.shown or 'This'} is no file.", next_step="Clone it with git.")
    pieces = service.content(at.here.kernel, at.here.id, entry.object)
    first = next(pieces, b"")
    return StreamingResponse(
        _rejoined(first, pieces), media_type=_media_type(first), headers=_as_a_stranger(first)
    )


def _rejoined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _media_type(data: bytes) -> str:
    text = "application/octet-stream" if b"\0" in data[:_SNIFFED] else "text/plain; charset=utf-8"
    return _image(data) or text


def _as_a_stranger(data: bytes) -> dict[str, str]:
    """Whatever it is, it runs nothing here: a browser saves what it would not just show."""
    is_plain = _image(data) is not None or b"\0" not in data[:_SNIFFED]
    return {
        "Content-Disposition": "inline" if is_plain else "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


def _image(data: bytes) -> str | None:
    return next((kind for magic, kind in _IMAGES.items() if data.startswith(magic)), None)


def _file(at: Spot) -> Entry | None:
    """What stands at the place; None for a folder, which has a page of its own."""
    if not at.place.path:
        return None
    entry = service.find(at.here.kernel, at.here.id, at.sha, at.place.path)
    return None if entry.kind == "folder" else entry


def _beginning(here: Visit, entry: Entry) -> bytes:
    """The first bytes of a file, at most one more than a page shows.

    A submodule has none here: its commit is another repository's.
    """
    gathered = bytearray()
    if entry.kind == "submodule":
        return b"\0"
    for piece in service.content(here.kernel, here.id, entry.object):
        gathered += piece
        if len(gathered) > _MOST_BYTES:
            break
    return bytes(gathered[: _MOST_BYTES + 1])
