"""What words lead to in texts of a repository: merge requests, people, commits, files."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from towpath.forge import service
from towpath.forge.model.places import Place
from towpath.forge.pages.visiting import Visit
from towpath.kernel.access import service as access
from towpath.kernel.db.interface import Tx
from towpath.kernel.pages.prose import Around, Prose, words_in

_MOST_WORDS = 300
_LINES = re.compile(r"L\d+(-L?\d+)?")
_PROSE = (".md", ".markdown")


def prose(here: Visit, texts: Iterable[str], folder: Place | None = None) -> Prose:
    """A renderer for these texts of one page; `folder` is where their relative links begin.

    Only what is there becomes a link: a number somebody gave, a login, a commit that is kept.
    """
    words = sorted({word for text in texts for word in words_in(text)})
    known = here.kernel.db.read(lambda tx: _said(tx, here, words)) | _commits(here, words)
    if folder is None:
        return Prose(Around(word=known.get))
    return Prose(
        Around(
            word=known.get,
            link=lambda address: _led(here, folder, address),
            image=lambda address: _shown(here, folder, address),
        )
    )


def _said(tx: Tx, here: Visit, words: list[str]) -> dict[str, str]:
    """Merge requests by `#12`, with their address; people by `@login`, who have none."""
    numbers = [int(word[1:]) for word in words if word[0] == "#"][:_MOST_WORDS]
    found = service.merge_requests_numbered(tx, here.id, numbers)
    base = f"/{here.repository.full_name}/merge_requests"
    known = {f"#{number}": f"{base}/{number}" for number in found}
    logins = [word for word in words if word[0] == "@"][:_MOST_WORDS]
    return known | {word: "" for word in logins if _is_person(tx, word[1:])}


def _is_person(tx: Tx, login: str) -> bool:
    found = access.user(tx, login.lower())
    return found is not None and found.kind == "person"


def _commits(here: Visit, words: list[str]) -> dict[str, str]:
    names = [word for word in words if word[0] not in "#@h"][:_MOST_WORDS]
    found = service.commits_named(here.kernel, here.id, names)
    return {name: f"/{here.repository.full_name}/commit/{sha}" for name, sha in found.items()}


def _led(here: Visit, folder: Place, address: str) -> str | None:
    place, _, name = address.partition("#")
    found = _resolved(folder, place)
    if found is None:
        return None
    is_prose = found.path.lower().endswith(_PROSE) and not _LINES.fullmatch(name)
    anchor = f"#{'text-' * is_prose}{name}" if name else ""
    return f"/{here.repository.full_name}/blob/{found.address}{anchor}"


def _shown(here: Visit, folder: Place, address: str) -> str | None:
    found = _resolved(folder, address.partition("#")[0])
    return f"/{here.repository.full_name}/raw/{found.address}" if found else None


def _resolved(folder: Place, address: str) -> Place | None:
    """Where a relative address leads from a folder; None for one that leads out of all."""
    told = unquote(address.partition("?")[0])
    path = [] if told.startswith("/") else [part for part in folder.path.split("/") if part]
    for part in told.split("/"):
        if part == ".." and not path:
            return None
        if part == "..":
            path.pop()
        elif part not in {"", "."}:
            path.append(part)
    return Place(folder.rev, "/".join(path))
