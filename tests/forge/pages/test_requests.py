"""The pages as a browser without scripts sees them: links, words and plain forms."""

import re
import shutil

import httpx2
import msgspec
from sqlalchemy import text

from towpath.forge import service
from towpath.kernel.access import service as access
from towpath.kernel.access.passwords import hashed

BOAT = "/alice/boat"
ONE = f"{BOAT}/merge_requests/1"


def test_a_request_shows_what_would_change(see, change):
    page = see(ONE)
    assert "A &lt;b&gt;change&lt;/b&gt;" in page
    assert "<strong>Why</strong>" in page
    assert "<script>alert" not in page
    assert "2 files changed" in page
    assert "+world" in page
    assert "work on topic" in page
    assert re.search(r'class="state busy">open<', page)


def test_hostile_names_and_contents_are_shown_as_text(see, boat):
    evil = '<img src=x onerror="alert(1)">\u202e'
    boat.copy.git("checkout", "--quiet", "-B", "evil", "main")
    (boat.copy.path / "<b>\u202ex").write_text(evil)
    boat.copy.commit("<i>evil</i>", latin=b"caf\xe9\x00\n", bytes=b"caf\xe9\n")
    boat.put("evil")
    boat.sync()
    boat.open("evil")
    page = see(ONE)
    assert "&lt;b&gt;⟨U+202E⟩x" in page
    assert "onerror=&#34;" in page
    assert "<img src=x" not in page
    assert "<i>evil" not in page
    assert "\u202e" not in page
    assert "caf\ufffd" in page
    assert "not text" in page


def test_a_huge_file_does_not_make_a_huge_page(see, boat):
    boat.branch("big", lines="x\n" * 50_000, wide="y" * 400_000, blob="z" * 900_000)
    boat.sync()
    boat.open("big")
    page = see(ONE)
    assert len(page) < 600_000
    assert "Only the beginning is shown" in page
    assert "A large file: 900.0 kB." in page
    assert f'href="{ONE}/files/lines"' in page


def test_a_request_is_asked_for_by_form(see, send, boat):
    form = see(f"{BOAT}/merge_requests/new?source=topic")
    assert "<option selected>topic</option>" in form
    asked = send(f"{BOAT}/merge_requests/new", source="topic", target="main", body="x\r\ny")
    assert (asked.status_code, asked.headers["location"]) == (303, ONE)
    assert (boat.request().title, boat.request().body) == ("work on topic", "x\ny")
    again = send(f"{BOAT}/merge_requests/new", source="topic", target="main", body="mine")
    assert again.status_code == 409
    assert "already asks to merge topic" in again.text
    assert "mine</textarea>" in again.text


def test_people_say_approve_and_object_by_form(see, send, change):
    assert send(f"{ONE}/say", user="bob", body="Nice", verdict="comment").status_code == 303
    approval = {"verdict": "approve", "head": change.head}
    assert send(f"{ONE}/say", user="bob", **approval).status_code == 303
    page = see(ONE)
    assert "Nice" in page
    assert re.search(r'class="state good">approved<', page)
    assert 'value="approve"' not in page
    assert 'value="approve"' in see(ONE, user="bob")
    own = send(f"{ONE}/say", body="mine", **approval)
    assert (own.status_code, "Nobody approves their own" in own.text) == (422, True)
    assert "mine</textarea>" in own.text


def test_an_approval_of_an_earlier_commit_is_told_apart(see, send, boat, change):
    send(f"{ONE}/say", user="bob", verdict="approve", head=change.head)
    boat.branch("topic", a="3\n")
    boat.sync()
    assert "an earlier commit" in see(ONE)
    assert "New commits have been pushed" in see(f"{ONE}/talk?seen={change.head}")
    assert "New commits have been pushed" not in see(f"{ONE}/talk?seen={boat.request().head}")


def test_statuses_are_told_in_words(see, boat, change):
    boat.kernel.db.write(
        lambda tx: service.set_status(
            tx, boat.id, change.head, "build", "failure", "1 test red", "/runs/run_1"
        )
    )
    page = see(ONE)
    assert 'href="/runs/run_1"' in page
    assert re.search(r'class="state bad">failed<', page)
    assert re.search(r'class="state bad">failed<', see(BOAT))


def test_a_comment_is_about_the_commit_that_was_on_the_page(served, send, boat, change):
    boat.branch("topic", a="3\n")
    boat.sync()
    send(f"{ONE}/say", user="bob", body="/approve", verdict="comment", head=change.head)
    send(f"{ONE}/say", user="bob", body="/help", verdict="comment")
    said = text("SELECT body FROM outbox_fact WHERE name = 'forge.commented' ORDER BY id")
    facts = [
        msgspec.json.decode(row["body"]) for row in served.kernel.db.read(lambda tx: tx.rows(said))
    ]
    assert [fact["head"] for fact in facts] == [change.head, boat.request().head]


def test_a_request_is_closed_and_opened_again(see, send, boat, change):
    assert send(f"{ONE}/close").status_code == 303
    assert "Closed without merging" in see(ONE)
    assert send(f"{ONE}/close").status_code == 409
    assert send(f"{ONE}/reopen").status_code == 303
    assert boat.request().state == "open"


def test_a_merged_request_says_as_what(see, boat, change):
    landed = boat.land(change.head)
    page = see(ONE)
    assert landed[:8] in page
    assert "2 files changed" in page
    assert 'value="approve"' not in see(ONE, user="bob")


def test_a_viewer_sees_but_has_no_forms(see, send, change):
    page = see(ONE, user="charlie")
    assert "Say something" not in page
    assert send(f"{ONE}/say", user="charlie", body="x").status_code == 403
    assert (
        send(f"{BOAT}/merge_requests/new", user="charlie", source="a", target="b").status_code
        == 403
    )


def test_an_old_request_whose_commits_are_gone_still_has_a_page(see, boat, change):
    shutil.rmtree(boat.path / "objects")
    (boat.path / "objects").mkdir()
    page = see(ONE)
    assert "The commits are not kept any more" in page
    assert "<strong>Why</strong>" in page


def test_a_stranger_is_sent_to_log_in(served, change):
    page = served.call("GET", ONE, user=None, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, f"/login?next={ONE}")


def test_a_form_without_its_token_is_refused(served, boat, change):
    served.kernel.db.write(
        lambda tx: access.create_user(tx, "dora", hashed("correct horse"), access.Role.member)
    )
    session = access.log_in(served.kernel, "dora", "correct horse")
    cookies = {"towpath_session": session.raw}
    with httpx2.Client(base_url=served.url, cookies=cookies) as browser:
        page = browser.get(ONE, headers={"Accept": "text/html"}).text
        refused = browser.post(f"{ONE}/say", data={"body": "forged"})
        assert refused.status_code == 403
        token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        assert browser.post(f"{ONE}/say", data={"body": "meant", "csrf": token}).status_code == 303
    said = boat.kernel.db.read(lambda tx: service.comments(tx, boat.id, 1))
    assert [one.body for one in said] == ["meant"]


def test_who_asked_is_told_that_somebody_else_reviews(see, change):
    assert "Somebody else has to." in see(ONE)
    assert "Somebody else has to." not in see(ONE, user="bob")
