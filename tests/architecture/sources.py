"""Measures of source files: sizes, and whether each has its test."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LONGEST_FUNCTION = 40
LONGEST_FILE = 400
SHORTEST_FILE = 30
MEDIAN_BELOW = 10
WITHOUT_TEST = frozenset({"__init__", "__main__", "plugin"})
WITHOUT_TEST_FOLDERS = frozenset({"facts", "migrations"})


@dataclass(frozen=True)
class Function:
    path: Path
    name: str
    lines: int


def python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def functions(folder: Path) -> Iterator[Function]:
    for path in python_files(folder):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                yield Function(path, node.name, node.end_lineno - node.lineno + 1)


def long_functions(folder: Path) -> list[str]:
    """A migration is a list of tables, not a function to follow: it may be long."""
    return [
        f"{function.path}: {function.name} has {function.lines} lines"
        for function in functions(folder)
        if function.lines > LONGEST_FUNCTION and "migrations" not in function.path.parts
    ]


def long_median(folder: Path) -> list[str]:
    """Say the median length of a function if it is too long."""
    lines = median(function.lines for function in functions(folder))
    return [] if lines < MEDIAN_BELOW else [f"the median function has {lines} lines"]


def long_files(folder: Path) -> list[str]:
    counted = ((path, len(path.read_text().splitlines())) for path in python_files(folder))
    return [f"{path} has {lines} lines" for path, lines in counted if lines > LONGEST_FILE]


def short_files(folder: Path) -> list[str]:
    counted = ((path, len(path.read_text().splitlines())) for path in _tested(folder))
    return [str(path.relative_to(folder)) for path, lines in counted if lines < SHORTEST_FILE]


def without_test(source: Path, tests: Path) -> list[str]:
    """Name each file src/towpath/x/y.py that has no tests/x/test_y.py with a test in it."""
    wanted = (
        (path, tests / path.relative_to(source).parent / f"test_{path.name}")
        for path in _tested(source)
    )
    return [f"{path} has no {test}" for path, test in wanted if not _has_a_test(test)]


def _has_a_test(path: Path) -> bool:
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([])
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for node in ast.walk(tree)
    )


def full_inits(folder: Path) -> list[str]:
    """Name each __init__.py that holds more than a docstring and a version.

    A service that has grown into a package is the exception: its __init__ is the part's door and
    says by imports alone what stands in it.
    """
    return [str(path) for path in python_files(folder) if path.stem == "__init__" and _busy(path)]


def _busy(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    door = (ast.ImportFrom,) if path.parent.name == "service" else ()
    return any(not isinstance(node, (ast.Expr, ast.Assign, *door)) for node in body)


def _tested(source: Path) -> list[Path]:
    return [
        path
        for path in python_files(source)
        if path.stem not in WITHOUT_TEST
        and not WITHOUT_TEST_FOLDERS & set(path.relative_to(source).parts)
    ]
