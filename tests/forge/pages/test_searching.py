"""Find a file, and where its lines come from, as a browser without scripts does."""

import pytest

from towpath.forge.pages import searching

BOAT = "/alice/boat"


@pytest.fixture
def filled(hosted):
    content = {"src__boat__hull.py": "1\n2\n", "src__Boat.md": "x", "<b>": "evil", "data": b"a\0b"}
    hosted.copy.commit("build the hull", **content, empty="")
    sha = hosted.put("topic/one")
    hosted.sync()
    return sha


def test_a_file_is_found_by_parts_of_its_path(see, filled):
    page = see(f"{BOAT}/find/topic/one?find=BOAT+src")
    assert f'href="{BOAT}/blob/topic/one/src/Boat.md"' in page
    assert f'href="{BOAT}/blob/topic/one/src/boat/hull.py"' in page
    assert page.index("src/Boat.md<") < page.index("src/boat/hull.py<")
    assert "2 files" in page
    assert "&lt;b&gt;" not in page
    assert "&lt;b&gt;" in see(f"{BOAT}/find/topic/one")
    assert "No file has that" in see(f"{BOAT}/find/main?find=hull")


def test_more_files_than_a_page_holds_ask_for_more_of_the_path(see, filled, monkeypatch):
    monkeypatch.setattr(searching, "_MOST_FOUND", 1)
    assert "the first 1 shown: type more" in see(f"{BOAT}/find/topic/one")


def test_files_and_lines_lead_to_each_other(see, filled):
    page = see(f"{BOAT}/blob/topic/one/src/boat/hull.py")
    assert f'href="{BOAT}/blame/topic/one/src/boat/hull.py"' in page
    assert f'href="{BOAT}/find/topic/one"' in page
    origins = see(f"{BOAT}/blame/topic/one/src/boat/hull.py")
    assert f'href="{BOAT}/commit/{filled}">build the hull</a> · Alice' in origins
    assert '<tr id="L2">' in origins
    assert f'href="{BOAT}/blob/topic/one/src/boat/hull.py"' in origins


def test_lines_come_a_page_at_a_time(see, filled, monkeypatch):
    monkeypatch.setattr(searching, "_LINES_A_PAGE", 1)
    first = see(f"{BOAT}/blame/topic/one/src/boat/hull.py")
    assert 'href="?first=2"' in first
    assert 'id="L2"' not in first
    last = see(f"{BOAT}/blame/topic/one/src/boat/hull.py?first=2")
    assert 'id="L2"' in last
    assert "?first=" not in last
    assert 'id="L2"' in see(f"{BOAT}/blame/topic/one/src/boat/hull.py?first=99")


@pytest.mark.parametrize("path", ["data", "empty"])
def test_what_has_no_lines_is_told(see, filled, path):
    assert "No lines" in see(f"{BOAT}/blame/topic/one/{path}")


def test_a_folder_has_a_page_of_its_own_and_so_has_a_file(served, filled):
    for asked, there in (
        ("blame/topic/one/src", "tree/topic/one/src"),
        ("tree/main/README", "blob/main/README"),
    ):
        answer = served.call("GET", f"{BOAT}/{asked}")
        assert answer.headers["location"] == f"{BOAT}/{there}"
