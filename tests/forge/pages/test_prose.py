"""Words and links in comments and READMEs lead to what is there, and nowhere else."""

import re

import pytest

from tests.forge.pages.test_requests import ONE

BOAT = "/alice/boat"
README = """\
# Boat

See [the guide](docs/Guide.md#How-To), [code](/src/a.py#L3), [up](../../etc/passwd), #1, #7,
and ![the boat](docs/boat.png).
"""
GUIDE = "[back](../README.md) ![boat](boat.png) ![far](https://x.test/a.png) [dot](./more/)"


@pytest.fixture
def documented(boat):
    boat.copy.commit(
        "docs", **{"README.md": README, "docs__Guide.md": GUIDE, "docs__boat.png": b"\x89PNG\r\n"}
    )
    boat.put("main")
    boat.sync()
    return boat


def led(page):
    return set(re.findall(r'(?:href|src)="([^"]*)"', page.partition('class="panel prose"')[2]))


def test_comments_link_to_requests_people_and_commits_that_are_there(see, send, boat, change):
    sha = change.head
    text = f"As in #1, not #2: {sha[:9]}, not 1234567; thanks @bob, not @nobody. `#1`"
    send(f"{ONE}/say", body=text, verdict="comment")
    page = see(ONE)
    assert page.count(f'<a href="{ONE}" rel="nofollow noopener noreferrer">#1</a>') == 1
    assert (
        f'<a href="{BOAT}/commit/{sha}" rel="nofollow noopener noreferrer">{sha[:9]}</a>' in page
    )
    assert "<strong>@bob</strong>" in page
    assert "thanks <strong>@bob</strong>, not @nobody" in page
    assert "not #2:" in page


def test_remarks_on_lines_do_the_same(see, send, change):
    about = {"path": "README", "side": "new", "line": 2, "commit": change.head}
    send(f"{ONE}/threads", body="Like #1 and #3", **about)
    for page in (see(ONE), see(f"{ONE}/files/README")):
        assert ">#1</a> and #3" in page


def test_a_readme_stands_on_the_page_of_its_repository(see, documented):
    page = see(BOAT)
    assert '<h2 id="text-boat">Boat</h2>' in page
    assert led(page) >= {
        f"{BOAT}/blob/main/docs/Guide.md#text-How-To",
        f"{BOAT}/blob/main/src/a.py#L3",
        f"{BOAT}/raw/main/docs/boat.png",
    }
    assert "passwd" not in "".join(led(page))
    assert "#1, #7" in page


def test_links_of_a_file_begin_at_its_folder(see, documented):
    found = led(see(f"{BOAT}/blob/main/docs/Guide.md"))
    assert found >= {
        f"{BOAT}/blob/main/README.md",
        f"{BOAT}/raw/main/docs/boat.png",
        f"{BOAT}/blob/main/docs/more",
        "https://x.test/a.png",
    }
    assert led(see(f"{BOAT}/tree/main")) >= {f"{BOAT}/blob/main/docs/Guide.md#text-How-To"}


def test_a_comment_is_looked_at_before_it_is_sent(see, send, change):
    answer = send(f"{ONE}/say", body="**Nice** #1 <script>", verdict="preview")
    assert answer.status_code == 200
    assert "<strong>Nice</strong>" in answer.text
    assert "&lt;script&gt;</textarea>" in answer.text
    assert "<strong>Nice</strong>" not in see(ONE)
    assert "write something first" in send(f"{ONE}/say", body="", verdict="preview").text


def test_a_text_full_of_brackets_is_shown_as_typed_and_spoils_no_other(see, send, change):
    send(f"{ONE}/say", body="[" * 60_000, verdict="comment")
    send(f"{ONE}/say", body="**Nice**", verdict="comment")
    page = see(ONE)
    assert "here it is as typed." in page
    assert "[" * 60_000 in page
    assert "<strong>Nice</strong>" in page
