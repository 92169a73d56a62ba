import csv
import io
import json

import httpx2
import pytest

from towpath.app import exporting
from towpath.kernel.audit import service as audit

TRIED = audit.Action("test.export", "tried to be taken away")


@pytest.fixture
def happen(kernel, admin):
    """Let changes happen: happen(3) makes three entries; gives their subjects."""
    count = 0

    def add(many, subject="thing"):
        nonlocal count
        subjects = [f"{subject}:{count + n}" for n in range(many)]
        count += many
        for each in subjects:
            kernel.db.write(lambda tx: audit.record(tx, TRIED, each, after={"n": 1}))  # noqa: B023
        return subjects

    return add


def subjects(file):
    return [json.loads(line)["subject"] for line in file.read_text().splitlines()]


@pytest.fixture
def taken(towpath, tmp_path, monkeypatch):
    """Run the export of what `happen` made into one file, in pages of two."""
    monkeypatch.setattr(exporting, "_A_PAGE", 2)
    file = tmp_path / "audit.jsonl"
    return file, lambda *words: towpath(
        "audit", "export", "--what", "test.", "--out", str(file), *words
    )


def test_all_of_it_is_written_oldest_first_over_many_pages(taken, happen):
    made, (file, export) = happen(5), taken
    code, told = export()
    assert (code, subjects(file)) == (0, made)
    assert "5 entries; what comes later: --above" in told


def test_it_goes_on_behind_the_last_whole_entry_and_repeats_none(taken, happen):
    file, export = taken
    made = happen(3)
    assert export("--resume")[0] == 0
    with file.open("a") as cut:
        cut.write('{"id": 99, "subj')
    made += happen(2)
    assert export("--resume")[0] == 0
    assert subjects(file) == made
    assert export("--resume")[0] == 0
    assert subjects(file) == made


def test_a_server_lost_on_the_way_leaves_whole_entries_and_says_where_to_go_on(
    taken, happen, monkeypatch
):
    made, (file, export) = happen(5), taken
    whole, asked = httpx2.request, []

    def lost_at_the_second(*words, **options):
        asked.append(words)
        if len(asked) == 2:
            raise httpx2.ConnectError("gone")
        return whole(*words, **options)

    monkeypatch.setattr(httpx2, "request", lost_at_the_second)
    code, told = export()
    assert (code, subjects(file)) == (2, made[:2])
    assert f"--above {json.loads(file.read_text().splitlines()[-1])['id']}" in told
    assert export("--resume")[0] == 0
    assert subjects(file) == made


def test_filters_reach_the_server(taken, happen):
    happen(2)
    wanted, (file, export) = happen(2, "boat"), taken
    assert export("--subject", "boat:", "--since", "2020-01-01", "--who", "towpath")[0] == 0
    assert subjects(file) == wanted
    assert "is no date or time" in export("--resume", "--since", "soon")[1]


def test_a_list_and_a_table_hold_the_same(towpath, happen, tmp_path):
    made = happen(3)
    for form in ("json", "csv"):
        words = ("--what", "test.", "--format", form, "--out", str(tmp_path / form))
        assert towpath("audit", "export", *words)[0] == 0
    listed = json.loads((tmp_path / "json").read_text())
    rows = list(csv.DictReader(io.StringIO((tmp_path / "csv").read_text())))
    assert [each["subject"] for each in listed] == [row["subject"] for row in rows] == made
    assert json.loads(rows[0]["after"]) == listed[0]["after"] == {"n": 1}


def test_an_empty_list_is_still_a_list(towpath, tmp_path):
    file = tmp_path / "none"
    towpath("audit", "export", "--who", "ghost", "--format", "json", "--out", str(file))
    assert json.loads(file.read_text()) == []


def test_lines_go_to_the_terminal_and_progress_beside_them(towpath, happen, monkeypatch):
    monkeypatch.setattr(exporting, "_A_PAGE", 1)
    monkeypatch.setattr(exporting, "_PAGES_A_WORD", 2)
    (first, second) = happen(2)
    told = towpath("audit", "export", "--what", "test.")[1]
    assert f'"subject": "{first}"' in told
    assert f'"subject": "{second}"' in told
    assert "2 entries, up to 2023-11-14T22:13:20" in told


def test_a_file_that_is_there_is_not_written_over(taken):
    file, export = taken
    file.write_text("my notes\n")
    assert "is there already" in export()[1]
    assert "does not end with an entry" in export("--resume")[1]
    assert file.read_text() == "my notes\n"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_table_and_a_list_go_on_where_they_stopped_and_repeat_none(
    towpath, tmp_path, happen, form
):
    file = tmp_path / "audit"
    words = ("--what", "test.", "--format", form, "--out", str(file), "--resume")
    assert towpath("audit", "export", *words)[0] == 0
    made = happen(2)
    assert towpath("audit", "export", *words)[0] == 0
    file.write_bytes(file.read_bytes()[: -len("\n]\n") - 9])
    made += happen(2)
    for _ in range(2):
        assert towpath("audit", "export", *words)[0] == 0
        assert read(file, form) == made


def read(file, form):
    if form == "json":
        return [one["subject"] for one in json.loads(file.read_text())]
    with file.open(newline="") as rows:
        return [row["subject"] for row in csv.DictReader(rows)]


def test_going_on_needs_a_file(towpath):
    assert "needs --out FILE" in towpath("audit", "export", "--resume")[1]
