"""The built-in `actions/setup-python` and `actions/setup-node`: the version a step asks for.

It is one of those that lie on the machine. The step gets a directory of its own in the box to
install packages into; the machine's stays as it is.
"""

import json
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.formats import toolfiles
from towpath.pipelines.remote import files, toolchains
from towpath.pipelines.remote.session import Box
from towpath.pipelines.remote.toolchains import Tool

_SHADOW = Path(files.__file__).with_name("shadow.py")
_SECONDS = 300.0
_TRUE = frozenset({"true", "1", "yes"})
_PYTHON_FILES = (".python-version",)
_QUIET = frozenset({"token", "check-latest", "architecture", "update-environment"})
_FOLLOWED = {
    "actions/setup-python": {"python-version", "python-version-file", "allow-prereleases"},
    "actions/setup-node": {"node-version", "node-version-file"},
}
_LINKED = (
    'mkdir -p "$1/bin" && for each in node npm npx corepack; do'
    ' [ ! -e "$2/$each" ] || ln -s "$2/$each" "$1/bin/$each"; done'
)


@dataclass(frozen=True)
class Prepared:
    """What a step leaves for those after it, and lines for the log."""

    outputs: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)
    paths: Sequence[str] = ()
    notes: Sequence[str] = ()


def set_up(
    box: Box, name: str, given: Mapping[str, str], there: Sequence[Tool] | None = None
) -> Prepared:
    """Carry one of the two out; NotFound names the versions there are."""
    given = {key.lower(): value.strip() for key, value in given.items() if value.strip()}
    ignored = sorted(given.keys() - _FOLLOWED[name] - _QUIET)
    notes = [f"`{each}` is not followed here." for each in ignored if given[each] != "false"]
    if given.get("architecture", "x64") not in {"x64", "arm64"}:
        raise InvalidInput(
            f"There is nothing for {given['architecture']} on this machine.",
            next_step="Leave `architecture` out.",
        )
    made = (_pythons if name == "actions/setup-python" else _node)(
        box, given, list(tools()) if there is None else there
    )
    return replace(made, notes=(*notes, *made.notes))


def _pythons(box: Box, given: Mapping[str, str], there: Sequence[Tool]) -> Prepared:
    """Set all up that are listed; the last is the one that `python` means."""
    listed = given.get("python-version", "").split("\n")
    wanted = [toolfiles.python_range(line) for line in listed if line.strip()]
    if not wanted:
        wanted = [_from_file(box, given.get("python-version-file", ""), _PYTHON_FILES,
                             toolfiles.python)]  # fmt: skip
    early = given.get("allow-prereleases", "").lower() in _TRUE
    chosen = [toolchains.choose("Python", each, there, early=early) for each in wanted]
    made = [_python(box, tool) for tool in dict.fromkeys(chosen)]
    return replace(made[-1], paths=[path for each in reversed(made) for path in each.paths],
                   notes=[note for each in made for note in each.notes])  # fmt: skip


def _python(box: Box, tool: Tool) -> Prepared:
    location = _place(box, tool)
    program = f"{location}/bin/python"
    said = files.answer(
        box, str(_SHADOW), [location], seconds=_SECONDS, python=(str(tool.program), "-I")
    )
    try:
        told = json.loads(said)
        scripts = str(told["scripts"])
    except (ValueError, LookupError, TypeError) as error:
        raise InvalidInput(f"Python {tool.version} cannot be set up: {said[:400]}") from error
    env = {
        "pythonLocation": location, "PKG_CONFIG_PATH": f"{location}/lib/pkgconfig",
        "Python_ROOT_DIR": location, "Python2_ROOT_DIR": location, "Python3_ROOT_DIR": location,
    }  # fmt: skip
    outputs = {"python-version": tool.version, "python-path": program, "cache-hit": "false"}
    paths = dict.fromkeys((scripts, f"{location}/bin"))
    return Prepared(outputs, env, tuple(paths), [f"Python {tool.version}, from {tool.folder}"])


def _node(box: Box, given: Mapping[str, str], there: Sequence[Tool]) -> Prepared:
    wanted = toolfiles.node_range(given.get("node-version", ""))
    if not wanted and "node-version-file" in given:
        wanted = _from_file(box, given["node-version-file"], (), toolfiles.node)
    tool = toolchains.choose("node", wanted, there)
    location = _place(box, tool)
    box.run(
        ["sh", "-c", _LINKED, "sh", location, str(tool.program.parent)], env={}, output=len,
        timeout=_SECONDS,
    )  # fmt: skip
    outputs = {"node-version": f"v{tool.version}", "cache-hit": "false"}
    note = f"Node {tool.version}, from {tool.folder}"
    return Prepared(outputs, {"npm_config_prefix": location}, [f"{location}/bin"], [note])


def _place(box: Box, tool: Tool) -> str:
    home = box.environment["HOME"]
    return f"{home}/_tools/{tool.kind}/{tool.version}/x64"


def _from_file(box: Box, name: str, others: Sequence[str], read: Callable[[str, str], str]) -> str:
    """Read the file that was named, or one that may be there; nothing said means any version."""
    for each in [name] if name else others:
        text = _there(box, posixpath.join(box.workspace, each))
        if text is None and name:
            raise InvalidInput(f"There is no file `{name}`.", next_step="Check the path.")
        if wanted := read(posixpath.basename(each), text or ""):
            return wanted
    return ""


def _there(box: Box, path: str) -> str | None:
    found = files.read(box, path)
    return None if found is None else found.decode("utf-8", "replace")


def tools() -> Iterator[Tool]:
    """All that lie on this machine."""
    for kind in ("Python", "node"):
        yield from toolchains.found(kind)
