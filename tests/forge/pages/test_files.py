"""Folders and files in the browser: names, lines, pictures, hostile content."""

import os
import re

import pytest

from towpath.forge.pages import files

BOAT = "/alice/boat"
PICTURE = b"\x89PNG\r\n\x1a\n\0\0"
EVIL = "<script>alert(1)</script>\u202e"


@pytest.fixture
def topic(hosted):
    """A branch with a slash in its name and a bit of everything."""
    hosted.copy.git("checkout", "--quiet", "-B", "topic/one", "main")
    (hosted.copy.path / "link").symlink_to("dir/a.py")
    (hosted.copy.path / os.fsdecode(b"caf\xe9")).write_text("odd one")
    (hosted.copy.path / "<b>\u202e").write_text(EVIL)
    content = {"dir__a.py": "one\ntwo\nthree\n", "dir__readme.md": "**bold** <script>x</script>"}
    hosted.copy.commit("files", **content, picture=PICTURE, data=b"a\0b", empty="")
    sha = hosted.put("topic/one")
    hosted.sync()
    return sha


def test_files_are_two_clicks_from_home(see, topic):
    (tree,) = re.findall(rf'href="({BOAT}/tree/[^"]*)">Files<', see(BOAT))
    assert 'href="/alice/boat/blob/main/README"' in see(tree)


def test_a_folder_leads_to_what_it_holds(see, topic):
    page = see(f"{BOAT}/tree/topic/one")
    assert f'href="{BOAT}/tree/topic/one/dir">dir/<' in page
    assert f'href="{BOAT}/blob/topic/one/caf%E9">caf⟨U+DCE9⟩<' in page
    inner = see(f"{BOAT}/tree/topic/one/dir")
    assert f'href="{BOAT}/blob/topic/one/dir/a.py"' in inner
    assert f'href="{BOAT}/tree/topic/one"' in inner
    assert "<strong>bold</strong>" in inner
    assert "<script>x" not in inner


def test_a_large_folder_comes_a_part_at_a_time(see, hosted, monkeypatch):
    monkeypatch.setattr(files, "_A_FOLDER", 2)
    hosted.copy.commit("many", a="", b="", c="")
    hosted.put("main")
    hosted.sync()
    first = see(f"{BOAT}/tree/main")
    assert "4 names" in first
    assert 'href="?after=2"' in first
    assert "/blob/main/c" in see(f"{BOAT}/tree/main?after=2")
    assert "/blob/main/c" not in first
    assert "empty" in see(f"{BOAT}/tree/main?after=99")


def test_lines_have_numbers_that_lead_to_them(see, topic):
    page = see(f"{BOAT}/blob/topic/one/dir/a.py?lines=2-3")
    assert '<tr id="L1"><td' in page
    assert '<tr id="L2" class="marked">' in page
    assert '<tr id="L3" class="marked">' in page
    assert f'href="{BOAT}/blob/{topic}/dir/a.py"' in page
    assert "marked" not in see(f"{BOAT}/blob/topic/one/dir/a.py?lines=x")


def test_a_commit_is_a_place_too(see, topic):
    assert "three" in see(f"{BOAT}/blob/{topic}/dir/a.py")


def test_markdown_is_read_or_seen_as_typed(see, topic):
    address = f"{BOAT}/blob/topic/one/dir/readme.md"
    assert "<strong>bold</strong>" in see(address)
    assert "**bold** &lt;script&gt;" in see(f"{address}?source=1")


def test_hostile_names_and_contents_are_only_text(see, topic):
    page = see(f"{BOAT}/blob/topic/one/%3Cb%3E%E2%80%AE")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "odd one" in see(f"{BOAT}/blob/topic/one/caf%E9")


def test_what_is_no_text_is_a_picture_or_is_told(see, topic):
    assert f'<img src="{BOAT}/raw/topic/one/picture"' in see(f"{BOAT}/blob/topic/one/picture")
    assert "Not text" in see(f"{BOAT}/blob/topic/one/data")
    assert "where it leads" in see(f"{BOAT}/blob/topic/one/link")
    assert "dir/a.py" in see(f"{BOAT}/blob/topic/one/link")
    assert "0 B" in see(f"{BOAT}/blob/topic/one/empty")


def test_a_long_file_is_shown_in_part(see, hosted, monkeypatch):
    monkeypatch.setattr(files, "_MOST_LINES", 3)
    hosted.copy.commit("long", long="x\n" * 5)
    hosted.put("main")
    hosted.sync()
    page = see(f"{BOAT}/blob/main/long")
    assert 'id="L3"' in page
    assert 'id="L4"' not in page
    assert "too long for a page" in page


@pytest.mark.parametrize(
    ("path", "kind", "how"),
    [
        ("dir/a.py", "text/plain; charset=utf-8", "inline"),
        ("picture", "image/png", "inline"),
        ("data", "application/octet-stream", "attachment"),
        ("%3Cb%3E%E2%80%AE", "text/plain; charset=utf-8", "inline"),
    ],
)
def test_raw_content_runs_nothing(served, topic, path, kind, how):
    answer = served.call("GET", f"{BOAT}/raw/topic/one/{path}")
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == how
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_large_raw_file_comes_whole(served, hosted):
    big = b"0123456789abcde\n" * 100_000
    hosted.copy.commit("big", big=big)
    hosted.put("main")
    hosted.sync()
    assert served.call("GET", f"{BOAT}/raw/main/big").content == big


def test_a_folder_asked_for_as_a_file_leads_to_its_page(served, topic):
    answer = served.call("GET", f"{BOAT}/blob/topic/one/dir")
    assert answer.headers["location"] == f"{BOAT}/tree/topic/one/dir"
    assert served.call("GET", f"{BOAT}/raw/topic/one/dir").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tree/none", 404),
        ("tree/main/none", 404),
        ("blob/main/%2e%2e/%2e%2e/etc/passwd", 422),
        ("blob/main/a%00b", 422),
        ("raw/main//x", 422),
        (f"tree/{'0' * 40}", 404),
        ("blob/main/README/x", 404),
    ],
)
def test_what_is_not_there_or_no_path_is_told(served, hosted, path, status):
    answer = served.call("GET", f"{BOAT}/{path}", headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert "Traceback" not in answer.text
