"""What jobs leave behind: artifacts of a run, caches of a repository, and the bytes of both.

Bytes arrive as an upload, in blocks; an artifact and an entry of a cache each name one. Here are
the rules alone: who may write what, how long it stays, which entry of a cache answers a key.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from towpath.kernel.clock import SECOND, Micros, after
from towpath.kernel.errors import Denied, InvalidInput, TooLarge

DAY_SECONDS = 86_400
LINK_SECONDS = 3600
"""How long an address works that was handed out for an upload or a download."""
MOST_BLOCKS = 10_000
MOST_OF_A_BLOCK = 256 * 1024 * 1024
LONGEST_KEY = 512
MOST_KEYS = 10
_LONGEST_NAME = 255
_LONGEST_SCOPE = 300
_BAD_IN_NAMES = re.compile(r'["<>|*?:/\\\x00-\x1f\x7f]')
_VERSION = re.compile(r"[0-9A-Za-z_-]{1,128}")
Way = Literal["r", "w"]


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Bytes on their way or arrived; `secret` signs the addresses that lead to them.

    `digest` is the SHA-256 of all of them, once they are `whole`.
    """

    id: str
    secret: str
    whole: bool = False
    size: int = 0
    digest: str = ""
    created: Micros


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of an upload; `place` is where it stands, once its writer has said so."""

    upload: str
    name: str
    digest: str
    size: int
    place: int | None = None


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """What a job of a run left for others; its upload is gone once it has expired."""

    number: int
    repository: str
    run: str
    job: str
    attempt: int
    name: str
    media_type: str
    upload: str
    whole: bool = False
    size: int = 0
    digest: str = ""
    created: Micros
    expires: Micros
    expired: bool = False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a repository's cache, written by a run on `scope` and read by others."""

    number: int
    repository: str
    scope: str
    key: str
    version: str
    job: str
    upload: str
    whole: bool = False
    size: int = 0
    created: Micros
    used: Micros


def check_name(name: str) -> None:
    """Refuse a name that would be something else on some file system."""
    odd = _BAD_IN_NAMES.search(name) or name in {".", ".."}
    if odd or not 0 < len(name.encode()) <= _LONGEST_NAME:
        raise InvalidInput(
            f"{name[:80]!r} cannot name an artifact.",
            next_step=f'Use up to {_LONGEST_NAME} bytes without / \\ " : < > | * ?',
        )


def check_key(key: str, version: str) -> None:
    """Refuse what no client sends as the key of a cache."""
    if not 0 < len(key.encode()) <= LONGEST_KEY or "," in key or not key.isprintable():
        raise InvalidInput(
            f"{key[:80]!r} cannot be the key of a cache.",
            next_step=f"Use up to {LONGEST_KEY} bytes without commas.",
        )
    if not _VERSION.fullmatch(version):
        raise InvalidInput(f"{version[:80]!r} cannot be the version of a cache.")


def expiry(now: Micros, wished: Micros | None, days: int) -> Micros:
    """When an artifact goes: as wished, but within the days that the installation allows."""
    latest = after(now, days * DAY_SECONDS)
    return latest if wished is None else max(now, min(wished, latest))


def replaces(there: Artifact, job: str, attempt: int, *, writes: bool) -> bool:
    """Whether a job may put its artifact in the place of one of the same name.

    What is whole is never changed, but for what an earlier attempt of the same job left. `writes`
    says whether the job that began the other one still runs.
    """
    if there.job == job:
        return there.attempt < attempt or not there.whole
    return not there.whole and not writes


def signature(secret: str, way: Way, until: int) -> str:
    """Prove that an address was handed out by us, to read or to write, until a second."""
    told = f"{way}|{until}".encode()
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


def check_signature(of: Upload, way: Way, until: str, shown: str, now: Micros) -> None:
    """Refuse an address that was not handed out by us, or too long ago."""
    seconds = int(until) if until.isascii() and until.isdigit() and len(until) < 12 else 0  # noqa: PLR2004 - digits
    if not hmac.compare_digest(signature(of.secret, way, seconds), shown):
        raise Denied("The signature of this address is wrong.", next_step="Ask for a new one.")
    if now > seconds * SECOND:
        raise Denied("This address has expired.", next_step="Ask for a new one.")


def listed(blocks: Iterable[Block], names: Sequence[str]) -> list[Block]:
    """Put blocks in the order that their writer gives; InvalidInput when one never came."""
    by_name = {block.name: block for block in blocks}
    if missing := [name for name in names if name not in by_name]:
        raise InvalidInput(
            f"The block {missing[0][:80]!r} never came.", next_step="Send it, then the list again."
        )
    return [by_name[name] for name in names]


def check_growth(size: int, count: int, most: int) -> None:
    """Refuse an upload that grows too large, or comes in too many pieces."""
    if size > most:
        raise TooLarge(
            f"An artifact or cache may have {most} bytes.",
            next_step="Leave less behind, or let whoever runs the server allow more.",
        )
    if count > MOST_BLOCKS:
        raise TooLarge(f"An upload has {MOST_BLOCKS} blocks at most.")


def scope_of(ref: str, event: object) -> str:
    """Name where a run writes its caches: its ref, or a place apart for what a fork sent."""
    forked = isinstance(event, Mapping) and event.get("fork")
    scope = f"fork:{ref}" if forked else ref
    if len(scope.encode()) <= _LONGEST_SCOPE:
        return scope
    return f"long:{hashlib.sha256(scope.encode()).hexdigest()}"


def readable(own: str, base: str, default: str) -> tuple[str, ...]:
    """List the scopes whose caches a run may read, its own first."""
    others = (scope_of(f"refs/heads/{name}", None) for name in (base, default) if name)
    return tuple(dict.fromkeys((own, *others)))


def answer(entries: Sequence[Entry], scopes: Sequence[str], keys: Sequence[str]) -> Entry | None:
    """Choose the entry that answers keys: of each scope in turn, the first key that has any.

    The first key may match as a whole; every key matches as a beginning, newest first.
    """
    newest = sorted(entries, key=lambda each: each.number, reverse=True)
    for scope in scopes:
        here = [each for each in newest if each.scope == scope]
        exact = [each for each in here if keys and each.key == keys[0]]
        begun = [each for key in keys for each in here if each.key.startswith(key)]
        if found := [*exact, *begun]:
            return found[0]
    return None


def surplus(entries: Sequence[Entry], room: int) -> list[Entry]:
    """Choose what must go so that the rest fits: what was used longest ago."""
    excess = sum(each.size for each in entries) - room
    gone: list[Entry] = []
    for each in sorted(entries, key=lambda one: (one.used, one.number)):
        if excess <= 0:
            break
        gone.append(each)
        excess -= each.size
    return gone
