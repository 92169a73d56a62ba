"""The combinations of a matrix: crossed, thinned by `exclude`, filled up by `include`.

https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from towpath.pipelines.model.expressions import values

MOST = 256
"""Combinations of one matrix, as on GitHub."""
_LONGEST_NAME = 100
_FILTERS = ("include", "exclude")
Combination = Mapping[str, Any]


class MatrixError(ValueError):
    """The matrix gives no combinations, or too many; the message is for people."""


def combinations(matrix: Any) -> list[Combination]:
    """Give all combinations in GitHub's order: the last vector changes fastest."""
    if not isinstance(matrix, Mapping):
        raise MatrixError("`matrix` must be a mapping of keys to lists.")
    vectors = {name: _vector(name, found) for name, found in matrix.items() if not _filters(name)}
    include, exclude = (_filter(matrix, name) for name in _FILTERS)
    if math.prod(map(len, vectors.values())) > MOST:
        raise _too_many()
    crossed = [dict(zip(vectors, each, strict=True)) for each in product(*vectors.values())]
    kept = [each for each in crossed if not any(_matches(each, one) for one in exclude)]
    found = _included(kept if vectors else [], vectors, include)
    if not vectors and not include:
        raise MatrixError("`matrix` needs at least one list of values.")
    if len(found) > MOST:
        raise _too_many()
    return found


def named(name: str, combination: Combination) -> str:
    """Name a variant as GitHub does: the values in brackets behind the job's name."""
    shown = ", ".join(values.text(each) for each in _scalars(combination))
    title = f"{name} ({shown})" if shown else name
    return title if len(title) <= _LONGEST_NAME else f"{title[: _LONGEST_NAME - 3]}..."


def _filters(name: str) -> bool:
    return name.lower() in _FILTERS


def _vector(name: str, found: Any) -> list[Any]:
    if not isinstance(found, list | tuple):
        raise MatrixError(f"`{name}` in `matrix` must be a list of values.")
    if not found:
        raise MatrixError(f"`{name}` in `matrix` holds no values.")
    return list(found)


def _filter(matrix: Combination, name: str) -> list[Combination]:
    found = matrix.get(name) or []
    if not isinstance(found, list | tuple) or not all(isinstance(each, Mapping) for each in found):
        raise MatrixError(f"`{name}` in `matrix` must be a list of mappings.")
    return list(found)


def _included(
    crossed: Sequence[Combination], vectors: Mapping[str, Any], include: Sequence[Combination]
) -> list[Combination]:
    """Add each to the combinations that it contradicts nowhere, or else as one of its own."""
    found = [dict(each) for each in crossed]
    alone: list[Combination] = []
    for more in include:
        wanted = {name: value for name, value in more.items() if name in vectors}
        fitting = [
            n for n, each in enumerate(crossed) if _matches(each, wanted)
        ]  # against what was crossed: values that were added may be replaced
        for n in fitting:
            found[n] |= more
        if not fitting:
            alone.append(dict(more))
    return [*found, *alone]


def _matches(value: Any, pattern: Any) -> bool:
    """Compare as expressions do; a mapping fits one that holds more."""
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and _matches(value[name], inner) for name, inner in pattern.items()
        )
    if isinstance(pattern, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) >= len(pattern)
            and all(map(_matches, value, pattern))
        )
    return not isinstance(value, Mapping | list | tuple) and values.equal(value, pattern)


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _scalars(each)
    else:
        yield value


def _too_many() -> MatrixError:
    return MatrixError(f"A matrix may give at most {MOST} combinations.")
