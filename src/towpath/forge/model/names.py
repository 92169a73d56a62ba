"""Names that come from outside: refused here, so that no command line ever sees a bad one."""

import hashlib
import re
import unicodedata

from towpath.kernel.errors import InvalidInput

RESERVED_OWNERS = frozenset({
    "api", "live", "login", "logout", "static", "runs", "work", "settings", "metrics",
    "healthz", "readyz", "openapi.json", "docs", "new", "assets", "twirp", ".well-known",
})  # fmt: skip
NO_OBJECT = "0" * 40
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,38}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_SHA = re.compile(r"[0-9a-f]{40}")
_BAD_SUFFIXES = (".git", ".lock", ".")
_FORBIDDEN_BYTES = frozenset(b" ~^:?*[\\\x7f") | frozenset(range(32))
# A lock file is the ref's path plus ".lock", and file systems stop at 255 bytes a name.
_LONGEST_COMPONENT = 240
_LONGEST_REF = 500


def well_formed(ref: bytes) -> bool:
    """Say whether git itself accepts this full ref name (git-check-ref-format(1))."""
    parts = ref.split(b"/")
    return (
        len(parts) > 1
        and all(_component_well_formed(part) for part in parts)
        and not ref.endswith(b".")
        and b".." not in ref
        and b"@{" not in ref
        and _FORBIDDEN_BYTES.isdisjoint(ref)
    )


def _component_well_formed(part: bytes) -> bool:
    return bool(part) and not part.startswith(b".") and not part.endswith(b".lock")


def ref_fault(ref: str) -> str | None:
    """Say in words why we do not keep a ref of this name; None means that we do.

    Stricter than git: names that a terminal, a command line or a page would show as something
    else are refused. Undecodable bytes arrive as surrogates (PEP 383) and are refused too.
    """
    faults = {
        "it is not valid UTF-8": not _is_utf8(ref),
        "it breaks the rules of `git check-ref-format`": not well_formed(_raw(ref)),
        "it is too long": _too_long(_raw(ref)),
        "it holds characters that cannot be seen": any(map(_invisible, ref)),
        "a part of it begins with a dash": "/-" in f"/{ref}",
        "it ends like the name of a git object": bool(_SHA.fullmatch(ref.rpartition("/")[2])),
    }
    return next((fault for fault, found in faults.items() if found), None)


def _raw(ref: str) -> bytes:
    return ref.encode("utf-8", "surrogatepass")


def _is_utf8(ref: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in ref)


def _too_long(ref: bytes) -> bool:
    return len(ref) > _LONGEST_REF or max(map(len, ref.split(b"/"))) > _LONGEST_COMPONENT


def _invisible(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}


def require_ref(ref: str) -> str:
    fault = ref_fault(ref)
    if fault:
        raise InvalidInput(
            f"{ref!r} cannot be a ref: {fault}.", next_step="Choose another name for it."
        )
    return ref


def require_sha(sha: str) -> str:
    if not _SHA.fullmatch(sha):
        raise InvalidInput(
            f"{sha[:80]!r} is not the name of a git object.",
            next_step="Give the full 40 hexadecimal digits.",
        )
    return sha


def branch_ref(branch: str) -> str:
    """The full ref of a branch given by its short name, such as `main`."""
    return require_ref(f"refs/heads/{branch}")


def require_owner(owner: str) -> str:
    if owner.lower() in RESERVED_OWNERS or not _matches(_OWNER, owner):
        raise InvalidInput(
            f"{owner[:80]!r} cannot own repositories.",
            next_step="Use 1 to 39 letters, digits, '-', '_' or '.', beginning with a letter or"
            " digit, and none of our own words such as 'api'.",
        )
    return owner


def require_repository_name(name: str) -> str:
    if not _matches(_NAME, name):
        raise InvalidInput(
            f"{name[:80]!r} cannot be the name of a repository.",
            next_step="Use 1 to 100 letters, digits, '-', '_' or '.', beginning with a letter,"
            " digit or '_', and not ending in '.git' or '.lock'.",
        )
    return name


def _matches(pattern: re.Pattern[str], name: str) -> bool:
    return bool(pattern.fullmatch(name)) and not name.lower().endswith(_BAD_SUFFIXES)


def handle_of(identity: str) -> int:
    """A number for what has a name: 53 bits of its hash, which JavaScript can hold exactly."""
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big") >> 11
