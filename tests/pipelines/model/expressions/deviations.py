"""Where our language and npm's @actions/expressions differ, and why we do.

npm's package serves editors; GitHub itself evaluates by other code. So what looks like a slip of
this one implementation is not repeated, but named here.
"""

from dataclasses import dataclass
from typing import Any

ERROR = ["error"]


@dataclass(frozen=True)
class Deviation:
    """`pattern` finds it in made-up expressions, where those may hold it at all."""

    name: str
    source: str
    ours: Any
    theirs: Any
    why: str
    pattern: str = ""


DEVIATIONS = (
    Deviation(
        "the empty expression", "", ["null"], ERROR,
        "npm's parser gives no tree, and its evaluator then fails for want of one",
        r"^[ \t\r\n]*$",
    ),
    Deviation(
        "a comma before the closing bracket", "join('a',)", ERROR, ["string", "a"],
        "the grammar has an argument after every comma; npm's loop looks for the bracket first",
        r",\s*\)",
    ),
    Deviation(
        "a format specifier", "format('{0:x}', 'a')", ERROR, ["string", "a"],
        "what the documentation does not know is told, not skipped over in silence",
        r"\{\d+[^}\d]",
    ),
    Deviation(
        "two doubled quotes", "'a''b''c'", ["string", "a'b'c"], ["string", "a'b''c"],
        "every doubled quote is one quote; npm replaces only the first",
    ),
    Deviation(
        "white space beyond blank, tab and line ends", "1\u00a0== 1", ["boolean", True], ERROR,
        "all that Unicode calls white space separates words",
        r"[\v\f\u00a0]",
    ),
    Deviation(
        "what `case` does not choose", "case(true, 1, fromJSON('{'))", ["number", "1"], ERROR,
        "only what is chosen is evaluated; npm evaluates all arguments first",
    ),
    Deviation(
        "keys that are whole numbers", "toJSON(fromJSON('{\"b\":1,\"1\":2}'))",
        ["string", '{\n  "b": 1,\n  "1": 2\n}'], ["string", '{\n  "1": 2,\n  "b": 1\n}'],
        "keys stay in their order; JavaScript puts whole numbers first",
    ),
    Deviation(
        "keys that every JavaScript object has", "fromJSON('{\"constructor\": 1}').constructor",
        ["number", "1"], ["null"],
        "they are keys like any other; npm takes them for known and loses them",
    ),
    Deviation(
        "half of a character", "fromJSON('\"\\ud83d\"')", ["string", "\ufffd"],
        ["string", "\ud83d"],
        "no file, variable or output can hold it, so it becomes the replacement character",
    ),
)  # fmt: skip
