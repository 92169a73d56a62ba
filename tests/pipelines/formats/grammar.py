"""GitHub's own grammar, as npm's @actions/workflow-parser carries it, read by a few rules.

A definition is a scalar, a sequence, a mapping or one of several others. One with `context` says
what expressions below it may name; what lies below without its own has that of above.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = (
    Path(__file__).parents[2]
    / "node/node_modules/@actions/workflow-parser/dist/workflow-v1.0.min.json"
)
DEFINITIONS: dict[str, Any] = json.loads(FILE.read_text())["definitions"]
_PRIMITIVES = {"string": "x", "boolean": True, "number": 1, "null": None, "any": "x"}


@dataclass(frozen=True)
class Place:
    """Where a definition stands; `above` are what it lies in, outermost first."""

    path: str
    name: str
    context: tuple[str, ...]
    above: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def definition(self) -> dict[str, Any]:
        return DEFINITIONS.get(self.name, {self.name: {}})


def places(root: str = "workflow-root-strict") -> Iterator[Place]:
    """Walk every place of the grammar once; `*` stands for names a file chooses, and for items."""
    yield from _below(Place("", root, ()))


def _below(place: Place) -> Iterator[Place]:
    definition = place.definition
    place = Place(
        place.path, place.name, tuple(definition.get("context", place.context)), place.above
    )
    yield place
    for other in definition.get("one-of", ()):
        yield from _below(Place(place.path, other, place.context, place.above))
    if "sequence" in definition:
        item = definition["sequence"].get("item-type", "any")
        yield from _child(place, "*", item)
    for key, kind in properties(place.name).items():
        yield from _child(place, key, kind)
    loose = definition.get("mapping", {}).get("loose-value-type") if "mapping" in definition else 0
    if loose:
        yield from _child(place, "*", loose)


def _child(place: Place, key: str, kind: str) -> Iterator[Place]:
    if kind == "parallel-steps":
        return  # steps within a step: the same again, without end
    path = f"{place.path}.{key}".lstrip(".")
    yield from _below(Place(path, kind, place.context, (*place.above, (key, place.name))))


def properties(name: str) -> dict[str, str]:
    """By key of a mapping, the definition of its value."""
    found = DEFINITIONS.get(name, {}).get("mapping", {}).get("properties", {})
    return {key: kind if isinstance(kind, str) else kind["type"] for key, kind in found.items()}


def is_strict(name: str) -> bool:
    mapping = DEFINITIONS.get(name, {}).get("mapping")
    return mapping is not None and "loose-value-type" not in mapping


def sample(name: str) -> Any:
    """The least that a definition allows."""
    definition = DEFINITIONS.get(name)
    if definition is None:
        return [] if name == "sequence" else {} if name == "mapping" else _PRIMITIVES[name]
    if "one-of" in definition:
        return sample(definition["one-of"][0])
    if "allowed-values" in definition:
        return definition["allowed-values"][0]
    if "sequence" in definition:
        return [sample(definition["sequence"].get("item-type", "any"))]
    if "mapping" in definition:
        return _least(name)
    kind = next(kind for kind in _PRIMITIVES if kind in definition)
    return (definition[kind] or {}).get("constant", _PRIMITIVES[kind])


def _least(name: str) -> dict[str, Any]:
    found = DEFINITIONS[name]["mapping"].get("properties", {})
    return {
        key: sample(kind["type"])
        for key, kind in found.items()
        if isinstance(kind, dict) and kind.get("required")
    }


def document(place: Place, value: Any) -> Any:
    """A whole file in which `value` stands at a place, and around it no more than must."""
    for key, name in reversed(place.above):
        if name == "sequence" or "sequence" in DEFINITIONS[name]:
            value = [value]
        else:
            value = {**_least(name), ("x" if key == "*" else key): value}
    return value
