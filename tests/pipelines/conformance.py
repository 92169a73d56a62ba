"""Writes docs/reference/conformance.md from what the tests find.

Run it as `python -m tests.pipelines.conformance` from the top folder. It needs the official
vectors and reader cases, and npm's packages (`make test` brings those).
"""

from pathlib import Path

from tests.pipelines.formats import grammar, test_grammar, test_reader
from tests.pipelines.formats.reader import Case
from tests.pipelines.model.expressions import test_official_vectors as vectors
from tests.pipelines.model.expressions.deviations import DEVIATIONS

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/conformance.md"
_TOP = """# How exactly GitHub's language is ours

Written by `python -m tests.pipelines.conformance` from what the tests find; do not edit by hand.

| held against | cases | agree | deviations |
|---|---|---|---|
"""
_EXPRESSIONS = """
## Expressions that npm's @actions/expressions evaluates otherwise

10,000 made-up expressions agree (`tests/pipelines/model/expressions/test_against_npm.py`), but for
these:

| what | why ours is otherwise |
|---|---|
"""
_CASES = """
## Reader cases of actions/languageservices that we decide otherwise

| case | why |
|---|---|
"""
_PLACES = """
## Errors that have another line or column

| cases | why |
|---|---|
"""
_END = """
The grammar is the one of npm's `@actions/workflow-parser`, with {} definitions. Numbers that a
file writes where text is expected become text with 15 significant digits, as the reader cases
show; numbers in expressions become text as npm's package does it.
"""
_ROWS = (
    "| official expression vectors | {vectors} | {vectors} | none |\n"
    "| made-up expressions beside npm's `@actions/expressions` | 10,000 | all but those named"
    " below | {expressions} |\n"
    "| official reader cases: right or wrong | {cases} | {agree} | {others} |\n"
    "| … of the wrong ones, errors at the same line and column | {wrong} | {placed} | {moved} |\n"
    "| … of the right ones, all jobs and steps read the same | {right} | {right} | none |\n"
    "| places of GitHub's grammar: contexts and functions | {places} | {places} | none |\n"
    "| mappings of GitHub's grammar: keys | {mappings} | {mappings} | none |\n"
)


def page() -> str:
    """Say how many cases agree now; the tests hold that it is all but the named ones."""
    cases = list(test_reader.CASES.values())
    agree = [case for case in cases if test_reader.agrees(case)]
    wrong = [case for case in agree if case.is_wrong]
    numbers = _ROWS.format(
        vectors=f"{len(vectors.VECTORS):,}",
        expressions=len(DEVIATIONS),
        cases=len(cases),
        agree=len(agree),
        others=len(cases) - len(agree),
        wrong=len(wrong),
        placed=sum(_is_placed(case) for case in wrong),
        moved=sum(not _is_placed(case) for case in wrong),
        right=len(agree) - len(wrong),
        places=len({place.path for place in test_grammar.SCALARS}),
        mappings=len(test_grammar.MAPPINGS),
    )
    parts = (
        _TOP + numbers,
        _EXPRESSIONS + _table((each.name, each.why) for each in DEVIATIONS),
        _CASES + _table((f"`{name}`", why) for name, why in test_reader.DEVIATIONS.items()),
        _PLACES + _table((f"`{name}`", why) for name, why in test_reader.ELSEWHERE.items()),
        _END.format(len(grammar.DEFINITIONS)),
    )
    return "".join(parts)


def _is_placed(case: Case) -> bool:
    return not test_reader.misplaced(case)


def _table(rows) -> str:
    return "".join(f"| {what} | {why} |\n" for what, why in rows)


if __name__ == "__main__":
    PAGE.write_text(page())
