import io
import json

import click
import pytest

from towpath.app import resuming
from towpath.app.resuming import NOWHERE, Stop
from towpath.kernel.audit import service

ENTRIES = [dict.fromkeys(service.FIELDS, "") | {"id": number} for number in (3, 5)]
ENTRIES[0]["subject"] = 'of "two"\nlines, or more'
LINES = [json.dumps(one).encode() + b"\n" for one in ENTRIES]
ROWS = [
    service.table_row(list(one.values())) for one in ({n: n for n in service.FIELDS}, *ENTRIES)
]


def cuts(find, whole, ends):
    """Cut a file at every byte: what is found must be the last entry that ended before."""
    for cut in range(len(whole) + 1):
        wanted = max(ends, key=lambda one: (one.end <= cut, one.end))
        assert find(io.BytesIO(whole[:cut])) == wanted, whole[:cut]


def test_lines_stop_behind_the_last_line_end():
    first, both = len(LINES[0]), len(LINES[0] + LINES[1])
    cuts(resuming.of_lines, b"".join(LINES), [NOWHERE, Stop(3, first), Stop(5, both)])


def test_a_list_stops_behind_the_last_entry_that_can_be_read():
    bare = [line.strip() for line in LINES]
    whole = b"[\n" + bare[0] + b",\n" + bare[1] + b"\n]\n"
    first = 2 + len(bare[0])
    both = first + 2 + len(bare[1])
    cuts(resuming.of_list, whole, [NOWHERE, Stop(3, first), Stop(5, both)])
    assert resuming.of_list(io.BytesIO(b"[]\n")) == NOWHERE


def test_a_table_stops_behind_the_last_whole_row():
    ends = [len(b"".join(ROWS[: count + 1])) for count in range(3)]
    stops = [NOWHERE, Stop(0, ends[0]), Stop(3, ends[1]), Stop(5, ends[2])]
    cuts(resuming.of_table, b"".join(ROWS), stops)


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (resuming.of_lines, b"my notes\n"),
        (resuming.of_lines, b'{"no": "id"}\n'),
        (resuming.of_list, b"my notes\n"),
        (resuming.of_list, b'[\n"a",\n"b",\n'),
        (resuming.of_table, b"id,at\r\n1,2\r\n"),
        (resuming.of_table, ROWS[0] + b"x" + ROWS[1]),
        (resuming.of_table, b"\n"),
    ],
)
def test_a_file_of_something_else_is_refused(find, text):
    with pytest.raises(click.ClickException, match="does not end with an entry"):
        find(io.BytesIO(text))
