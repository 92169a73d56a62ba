"""Problem matchers over lines, as the state between them grows and ends."""

import re

import pytest

from towpath.pipelines.model.matchers import Following, Matcher, Pattern, annotation

ESLINT = Matcher(
    "eslint",
    (
        Pattern(r"^([^\s].*)$", {"file": 1}),
        Pattern(r"^\s+(\d+):(\d+)\s+(error|warning)\s+(.*)\s\s(.*)$",
                {"line": 1, "column": 2, "severity": 3, "message": 4, "code": 5}, loop=True),
    ),
)  # fmt: skip
LINES = """\
test.js
  1:0   error  Missing "use strict"  strict
  5:10  warning  'x' is unused  no-unused
gap between

other.js
  2:3   info  nothing  none
"""


def fits(regex, line):
    found = re.search(regex, line)
    return (found[0], *found.groups()) if found else None


def read(matcher, text):
    following = Following(matcher)
    found = (following.read(line, fits) for line in text.splitlines())
    return [annotation(each, matcher, "/work") for each in found if each]


def test_a_matcher_of_two_lines_loops_over_the_last():
    first, second = read(ESLINT, LINES)
    assert (first.file, first.line, first.column, first.level) == ("test.js", 1, 0, "error")
    assert (first.message, first.title) == ('Missing "use strict"', "strict")
    assert (second.file, second.line, second.level) == ("test.js", 5, "warning")


def test_without_a_loop_it_begins_again():
    once = Matcher("e", (ESLINT.patterns[0], Pattern(ESLINT.patterns[1].regex, {"message": 4})))
    assert len(read(once, LINES)) == 1


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"message": "m"}, ("error", "", 0)),
        ({"message": "m", "severity": "Notice", "line": "7"}, ("notice", "", 7)),
        ({"message": "m", "file": "/work/a/b.c", "line": "x"}, ("error", "a/b.c", 0)),
        ({"message": "m", "file": "../etc/passwd"}, ("error", "", 0)),
        ({"message": "m", "file": "b.c", "fromPath": "sub/make"}, ("error", "sub/b.c", 0)),
        ({"message": "m", "file": "/usr/include/x.h", "line": "9" * 30}, ("error", "", 0)),
    ],
)
def test_what_is_found_becomes_an_annotation(found, expected):
    said = annotation(found, Matcher("o", ()), "/work")
    assert (said.level, said.file, said.line) == expected


def test_without_a_message_or_with_another_severity_nothing_is_said():
    assert annotation({"file": "x"}, Matcher("o", ()), "/work") is None
    assert annotation({"message": "m", "severity": "fatal"}, Matcher("o", ()), "/work") is None
    by_default = annotation({"message": "m"}, Matcher("o", (), severity="WARNING"), "/work")
    assert by_default.level == "warning"
