"""History, commits and branches in the browser."""

import re

from towpath.forge.pages import history

BOAT = "/alice/boat"


def test_history_leads_to_each_commit_and_on_from_where_it_began(see, hosted, monkeypatch):
    monkeypatch.setattr(history, "_A_PAGE", 2)
    for number in range(3):
        hosted.copy.commit(f"work {number}", a=str(number))
    sha = hosted.put("main")
    hosted.sync()
    page = see(f"{BOAT}/commits/main")
    assert f'href="{BOAT}/commit/{sha}">work 2<' in page
    (older,) = re.findall(rf'href="({BOAT}/commits/{sha}[^"]*skip=2)"', page)
    hosted.copy.commit("later", a="later")
    hosted.put("main")
    hosted.sync()
    following = see(older)
    assert ">work 0<" in following
    assert ">work 1<" not in following


def test_history_of_a_file(see, hosted):
    hosted.copy.commit("touch a", dir__a="1")
    hosted.copy.commit("touch b", b="1")
    hosted.put("main")
    hosted.sync()
    page = see(f"{BOAT}/commits/main/dir/a")
    assert "touch a" in page
    assert "touch b" not in page
    assert "No commits touch this" in see(f"{BOAT}/commits/main/none")


def test_a_commit_shows_its_message_and_what_it_changed(see, hosted):
    hosted.copy.commit("<b>title</b>\n\nfirst line\nsecond \u202e line", a="hello\n")
    sha = hosted.put("main")
    hosted.sync()
    page = see(f"{BOAT}/commit/{sha}")
    assert "&lt;b&gt;title" in page
    assert "second ⟨U+202E⟩ line" in page
    assert "+hello" in page
    assert "1 file changed" in page


def test_the_first_commit_is_a_change_from_nothing(see, hosted):
    page = see(f"{BOAT}/commit/{hosted.copy.sha('main')}")
    assert "+hello" in page
    assert "the beginning" in page


def test_a_commit_that_is_not_there_is_told(served, hosted):
    for sha, status in (("1" * 40, 404), ("main", 422), ("--all", 422)):
        answer = served.call("GET", f"{BOAT}/commit/{sha}", headers={"Accept": "text/html"})
        assert answer.status_code == status


def test_branches_are_found_by_a_part_of_their_name(see, boat, monkeypatch):
    page = see(f"{BOAT}/branches")
    assert f'href="{BOAT}/tree/topic"' in page
    assert "protected" in page
    found = see(f"{BOAT}/branches?find=top")
    assert f'href="{BOAT}/tree/topic"' in found
    assert f'href="{BOAT}/tree/main"' not in found
    assert "No branch has that" in see(f"{BOAT}/branches?find=nothing")
    monkeypatch.setattr(history, "_BRANCHES_A_PAGE", 1)
    assert "after=1" in see(f"{BOAT}/branches")
