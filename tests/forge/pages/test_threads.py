"""Discussions on the lines of a diff, as a browser without scripts has them."""

import re

from tests.forge.pages.test_requests import ONE


def begin(send, change, **form):
    given = {"path": "README", "side": "new", "line": 2, "commit": change.head, "body": "**Why?**"}
    return send(f"{ONE}/threads", **given | form)


def test_the_number_of_a_line_leads_to_a_form_about_it(see, send, change):
    page = see(ONE)
    (address,) = re.findall(rf'href="({ONE}\?files=0&amp;ask=new:2:README)#ask"', page)
    form = see(address.replace("&amp;", "&"))
    assert "About line 2" in form
    assert f'name="commit" value="{change.head}"' in form
    assert begin(send, change).status_code == 303
    assert "<strong>Why?</strong>" in see(ONE)


def test_an_answer_and_an_end(see, send, change):
    thread = begin(send, change).headers["location"].partition("#")[2]
    assert send(f"{ONE}/threads/{thread}/reply", user="bob", body="Because.").status_code == 303
    page = see(ONE)
    assert page.index("Why?") < page.index("Because.")
    send(f"{ONE}/threads/{thread}/resolve", user="bob")
    settled = see(ONE)
    assert "settled" in settled
    assert "by bob: 2 remarks" in settled
    send(f"{ONE}/threads/{thread}/reopen")
    assert "by bob: 2 remarks" not in see(ONE)


def test_what_was_said_about_a_line_that_changed_stands_apart(see, send, boat, change):
    begin(send, change)
    boat.branch("topic", README="hello\nmoon\n")
    boat.sync()
    page = see(ONE)
    assert "1 discussion of lines that are not shown here" in page
    assert "outdated" in page
    assert "<strong>Why?</strong>" in page


def test_a_removed_line_is_spoken_about_on_its_own_side(see, send, boat):
    boat.branch("less", README="")
    boat.sync()
    change = boat.open("less")
    assert begin(send, change, side="old", line=1, commit=change.base).status_code == 303
    assert 'class="talk"' in see(f"/alice/boat/merge_requests/{change.number}")


def test_a_viewer_reads_but_has_no_forms(see, send, change):
    begin(send, change)
    page = see(ONE, user="charlie")
    assert "<strong>Why?</strong>" in page
    assert "?ask=" not in page
    assert 'name="commit"' not in see(f"{ONE}?ask=new:2:README", user="charlie")
    assert begin(send, change, user="charlie").status_code == 403


def test_hostile_places_are_refused_or_ignored(see, send, change):
    for wrong in ({"path": "../x"}, {"side": "left"}, {"line": 0}, {"line": 99}, {"commit": "x"}):
        assert begin(send, change, **wrong).status_code == 422
    for ask in ("new", "left:1:a", "new:x:a", "new:1:none", "%00"):
        assert "About line" not in see(f"{ONE}?ask={ask}")
