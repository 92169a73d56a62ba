"""Words of a domain, which the kernel's code may not know: its names and texts, not its comments.

A comment may explain with an example; a name or a text of the domain is knowledge.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import python_files

_WORDS = (
    *("merge.?requests?", "pull.?requests?", "repositor(?:y|ies)", "checkouts?", "forges?"),
    *("pipelines?", "workflows?", "gates?", "candidates?", "rollouts?", "deploy(?:ment|ed)?s?"),
    *("incidents?", "catalogs?", "canar(?:y|ies)", "alerts?", "clusters?", "fleets?"),
)
DOMAIN = re.compile(rf"(?<![a-z])(?:{'|'.join(_WORDS)})(?![a-z])", re.IGNORECASE)


def domain_words(folder: Path) -> list[str]:
    """Name each line of code that knows a domain word, and the word."""
    return [
        f"{path}:{line}: {found[0]}"
        for path in python_files(folder)
        for line, text in _said(ast.parse(path.read_text()))
        if (found := DOMAIN.search(text))
    ]


def _said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name, attribute, parameter and text of a module but its docstrings, with its line."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in docstrings:
            continue
        for field in ("id", "attr", "arg", "name", "module", "value"):
            text = getattr(node, field, None)
            if isinstance(text, str):
                yield getattr(node, "lineno", 0), text
