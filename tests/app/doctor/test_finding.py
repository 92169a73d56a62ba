import json

import click

from towpath.app.doctor.finding import as_json, as_table, looked, ok, problem, warning, worst

FINE = ok("git", "git 2.39")
BAD = problem("data", "is not there", "It is needed.", "Make it.")


def test_the_worst_finding_is_the_whole():
    assert worst([]) == "ok"
    assert worst([FINE, warning("a", "", "", ""), FINE]) == "warning"
    assert worst([BAD, FINE]) == "problem"


def test_a_check_that_fails_is_a_finding_and_what_it_found_before_is_not_trusted():
    def look():
        yield FINE
        raise ZeroDivisionError

    (found,) = looked("git", look)
    assert (found.check, found.level) == ("git", "problem")
    assert "ZeroDivisionError" in found.what
    assert looked("git", lambda: [FINE]) == [FINE]


def test_machines_get_the_same_fields_each_time():
    told = json.loads(as_json([FINE, BAD]))
    assert told["status"] == "problem"
    assert told["findings"][1] == {
        "check": "data", "level": "problem", "what": "is not there",
        "why": "It is needed.", "do": "Make it.",
    }  # fmt: skip
    assert told["findings"][0].keys() == told["findings"][1].keys()


def test_people_get_columns_and_the_remedy_below_what_is_wrong():
    lines = click.unstyle(as_table([FINE, BAD])).splitlines()
    assert [line.split()[-1] for line in lines] == ["2.39", "there", "needed.", "it."]
    assert lines[0].index("git 2.39") == lines[1].index("is not") == lines[2].index("It is")
