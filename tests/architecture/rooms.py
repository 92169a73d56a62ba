"""The table of rooms (CONTRIBUTING, "Rooms and doors") as an adjacency matrix, and its check.

A room is a file or a package of that name directly inside a part: `towpath.gate.model`,
`towpath.pipelines.formats.workflow` (room: formats). What is not listed is forbidden.
"""

import sys
from dataclasses import dataclass

import grimp

SMALL_WORDS = frozenset({"kernel.errors", "kernel.ids", "kernel.clock"})
WIRE_WORDS = SMALL_WORDS | {"kernel.log", "kernel.settings", "kernel.tracing"}
ALL_KERNEL = frozenset({"kernel"})
PURE_LIBRARIES = frozenset({"numpy", "scipy"}) | (
    sys.stdlib_module_names - {"sqlite3", "socket", "subprocess", "urllib", "http", "asyncio"}
)


@dataclass(frozen=True)
class Room:
    """What one room may import: rooms of its own part, kernel modules, facts, lower services."""

    own: frozenset[str] = frozenset()
    kernel: frozenset[str] = ALL_KERNEL
    facts: bool = False
    lower: bool = False
    pure: bool = False


def _room(own: str = "", **options) -> Room:
    return Room(frozenset(own.split()), **options)


TABLE = {
    "model": _room(kernel=SMALL_WORDS, facts=True, pure=True),
    "formats": _room("model", kernel=SMALL_WORDS),
    "store": _room("model"),
    "clients": _room("model"),
    "remote": _room("model formats clients", kernel=WIRE_WORDS),
    "service": _room("store clients formats model", facts=True, lower=True),
    "reactions": _room("service", facts=True),
    "loops": _room("service", facts=True),
    "api": _room("service model"),
    "pages": _room("service model"),
    # `towpath run` is a runner on one's own machine: it must start without the server's libraries
    "cli": _room("service model remote"),
    "migrations": _room(),
    "plugin": _room(
        "model formats store clients remote service reactions loops api pages cli", facts=True
    ),
}
COMPOSITION = frozenset({"plugin", "service", "cli"})  # what app may take from a part


def violations(graph: grimp.ImportGraph, root: str, parts: frozenset[str]) -> list[str]:
    """Say every import that the table does not allow, one sentence each."""
    found = []
    for importer in sorted(graph.modules):
        if not importer.startswith(f"{root}."):
            continue
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if imported == root:
                continue  # the version
            reason = _refuse(_words(importer, root), _words(imported, root), parts)
            if reason:
                found.append(f"{importer} imports {imported}: {reason}")
    return found


def _words(module: str, root: str) -> tuple[str, ...]:
    """Split a module of ours into its path below the root; of others' keep a leading blank."""
    words = module.split(".")
    return tuple(words[1:]) if words[0] == root else ("", *words)


def _refuse(importer: tuple[str, ...], imported: tuple[str, ...], parts: frozenset[str]) -> str:
    owner = importer[0]
    if owner == "app":
        return _refuse_app(imported, parts)
    if owner not in parts:
        return ""  # kernel and facts have no rooms: the floors hold them
    if len(importer) == 1:
        return "a part's __init__ holds a docstring only"
    room = TABLE.get(importer[1])
    if room is None:
        return f"there is no room called {importer[1]!r}"
    return _refuse_room(owner, importer[1], room, imported, parts)


def _refuse_app(imported: tuple[str, ...], parts: frozenset[str]) -> str:
    if imported[0] in parts and imported[1:2] and imported[1] not in COMPOSITION:
        return "app composes parts from plugin, service and cli alone"
    return ""


def _refuse_room(
    owner: str, name: str, room: Room, imported: tuple[str, ...], parts: frozenset[str]
) -> str:
    target, inside = imported[0], imported[1:]
    if target == owner:
        allowed = not inside or inside[0] == name or inside[0] in room.own
        return "" if allowed else f"{name} may not enter {inside[0]}"
    if target in parts:
        return _refuse_door(name, room, inside)
    if target == "kernel":
        return "" if _in_kernel(imported, room) else f"{name} may not use this of the kernel"
    if target == "facts":
        return "" if room.facts else f"{name} does not deal in facts"
    if target == "":
        pure = not room.pure or inside[0] in PURE_LIBRARIES
        return "" if pure else f"{name} is pure: standard library, numpy and scipy only"
    return f"{name} may not look up to {target}"


def _refuse_door(name: str, room: Room, inside: tuple[str, ...]) -> str:
    if not room.lower:
        return f"{name} does not call other parts"
    return "" if inside == ("service",) else "a part is entered only through its service"


def _in_kernel(imported: tuple[str, ...], room: Room) -> bool:
    prefixes = {".".join(imported[:length]) for length in range(1, len(imported) + 1)}
    return bool(prefixes & room.kernel)
