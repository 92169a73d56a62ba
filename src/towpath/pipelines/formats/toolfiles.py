"""Which Python or Node a project says it wants, in the files where projects say that.

What is read gives a range of model/versions.py, or nothing when the file does not say.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from towpath.kernel.errors import InvalidInput

_LTS = {
    "argon": 4, "boron": 6, "carbon": 8, "dubnium": 10, "erbium": 12, "fermium": 14,
    "gallium": 16, "hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24,
}  # fmt: skip
"""Names of Node's versions with long support."""
_ALL_LTS = " || ".join(str(even) for even in range(12, 50, 2))
_NEWEST = frozenset({"latest", "node", "current", "stable", "system"})
_COMPATIBLE = re.compile(r"~=\s*(\d+)\.(\d+)(\.\d+)?")


def python(name: str, text: str) -> str:
    """Read .python-version, .tool-versions, pyproject.toml or a Pipfile by its name."""
    if name == "pyproject.toml":
        read = _toml(name, text)
        poetry = _deep(read, "tool", "poetry", "dependencies", "python")
        return python_range(str(_deep(read, "project", "requires-python") or poetry or ""))
    if name == "Pipfile":
        requires = _deep(_toml(name, text), "requires")
        found = requires if isinstance(requires, Mapping) else {}
        return str(found.get("python_full_version") or found.get("python_version") or "")
    return python_range(_tool(text, "python") if name == ".tool-versions" else _first(text))


def python_range(text: str) -> str:
    """Turn what Python's packagers write, or GitHub's `3.14-dev`, into a range."""
    if early := re.fullmatch(r"(\d+\.\d+)-dev", text.strip()):
        return f"~{early[1]}.0-0"
    plain = _COMPATIBLE.sub(_compatible, text.replace("===", "=").replace("==", "="))
    parts = (part.strip() for part in plain.split(","))
    return " ".join(part for part in parts if part and not part.startswith("!="))


def _compatible(found: re.Match[str]) -> str:
    major, minor, patch = found.groups()
    return f"~{major}.{minor}{patch}" if patch else f">={major}.{minor} <{int(major) + 1}"


def node(name: str, text: str) -> str:
    """Read .nvmrc, .node-version, .tool-versions or package.json by its name."""
    if name == "package.json":
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{name} cannot be read: {error}") from error
        runtime = _deep(read, "devEngines", "runtime", "version")
        wanted = _deep(read, "volta", "node") or runtime or _deep(read, "engines", "node")
        return node_range(str(wanted or ""))
    return node_range(_tool(text, "nodejs", "node") if name == ".tool-versions" else _first(text))


def node_range(text: str) -> str:
    """Turn words for versions of Node into a range."""
    word = text.strip().lower()
    if word in _NEWEST:
        return "*"
    if word in {"lts/*", "lts", "lts/-0"}:
        return _ALL_LTS
    if word.startswith("lts/"):
        if word[4:] not in _LTS:
            raise InvalidInput(f"`{text}` is no version of Node.", next_step="Write a number.")
        return str(_LTS[word[4:]])
    return text.strip()


def _first(text: str) -> str:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return next((line for line in lines if line), "")


def _tool(text: str, *names: str) -> str:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 1 and words[0] in names:
            return words[1]
    return ""


def _toml(name: str, text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(f"{name} cannot be read: {error}") from error


def _deep(found: Any, *names: str) -> Any:
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
