"""Bytes by signed addresses, as Azure's clients send and fetch them, and as attackers would."""

import re
from dataclasses import replace

import pytest

from tests.pipelines.leaving import block_id, leaver, listing
from towpath.pipelines.api import uploads
from towpath.pipelines.service import uploading


@pytest.fixture
def boat(canal):
    return leaver(canal)


def test_blocks_become_what_their_list_says(boat):
    url = boat.begin()
    for number, content in ((2, b"tar"), (1, b"oak "), (3, b"unlisted")):
        sent = boat.put(url, content, comp="block", blockid=block_id(number))
        assert sent.status_code == 201
        assert sent.headers["x-ms-version"]
    assert boat.put(url, listing(block_id(1), block_id(2)), comp="blocklist").status_code == 201
    assert boat.finalize(b"oak tar").status_code == 200
    assert boat.client.get(boat.address()).content == b"oak tar"


def test_a_block_that_comes_again_takes_the_place_of_the_first(boat):
    url = boat.begin()
    for content in (b"half", b"whole"):
        boat.put(url, content, comp="block", blockid=block_id(1))
    boat.put(url, listing(block_id(1)), comp="blocklist")
    boat.put(url, listing(block_id(1)), comp="blocklist")
    assert boat.finalize(b"whole").status_code == 200


def test_a_list_of_what_never_came_is_refused_as_azures_clients_show(boat):
    sent = boat.put(boat.begin(), listing(block_id(9)), comp="blocklist")
    assert sent.status_code == 422
    assert sent.headers["content-type"].startswith("application/xml")
    assert "<Message>" in sent.text
    assert "never came" in sent.text


def test_bytes_that_are_not_those_that_were_sent_are_not_finished(boat):
    url = boat.begin()
    boat.put(url, b"oak")
    for claimed in (b"oa", b"tar"):
        answer = boat.finalize(claimed)
        assert answer.status_code == 422, answer.text
    assert boat.finalize(b"oak").status_code == 200
    assert boat.finalize(b"oak").status_code == 200  # the answer may have been lost


def test_what_is_whole_takes_nothing_more(boat):
    url = boat.begin()
    boat.put(url, b"oak")
    boat.finalize(b"oak")
    for also in ({}, {"comp": "block", "blockid": block_id(1)}, {"comp": "blocklist"}):
        assert boat.put(url, b"tar", **also).status_code == 409
    assert boat.client.get(boat.address()).content == b"oak"


def test_ranges_and_heads_are_answered(boat):
    boat.leave(b"0123456789", name="figures", mime_type="text/plain")
    url = boat.address("figures")
    whole = boat.client.get(url)
    assert whole.headers["content-type"] == "text/plain"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith("attachment; filename*=UTF-8''figures")
    for header in ("Range", "x-ms-range"):
        part = boat.client.get(url, headers={header: "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"234")
        assert part.headers["content-range"] == "bytes 2-4/10"
    head = boat.client.head(url)
    assert (head.headers["content-length"], head.content) == ("10", b"")
    assert boat.client.get(url, headers={"Range": "bytes=10-"}).status_code == 416


def test_an_address_is_good_for_its_upload_and_its_way_alone(boat):
    writes, other = boat.begin("a"), boat.begin("b")
    boat.put(writes, b"oak")
    boat.finalize(b"oak", "a")
    reads = boat.address("a")
    of_other = re.search(r"upload_\w+", other)[0]
    for url in (
        re.sub(r"upload_\w+", of_other, writes),
        reads.replace("sig=", "sig=0"),
        re.sub(r"sig=\w+", "", reads),
        re.sub(r"se=\d+", "se=99999999999", reads),
        reads.split("?")[0],
    ):
        assert boat.client.put(url, content=b"x").status_code == 403, url
    assert boat.client.get(writes).status_code == 403
    assert boat.client.put(reads, content=b"x").status_code == 403
    gone = re.sub(r"upload_\w+", "upload_0", reads)
    assert boat.client.get(gone).status_code == 403


def test_an_address_ends_after_an_hour(boat, clock):
    boat.leave()
    url = boat.address()
    clock.advance(3601)
    answer = boat.client.get(url)
    assert answer.status_code == 403
    assert "expired" in answer.text


def test_a_block_too_large_or_too_many_are_refused(boat, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_OF_A_BLOCK", 10)
    url = boat.begin()
    assert boat.put(url, b"x" * 11).status_code == 413
    monkeypatch.setattr(uploading.results, "MOST_BLOCKS", 2)
    sent = [
        boat.put(url, b"x", comp="block", blockid=block_id(number)).status_code
        for number in range(3)
    ]
    assert sent == [201, 201, 413]


def test_an_upload_may_not_grow_beyond_what_is_allowed(canal):
    settings = replace(canal.kernel.settings, artifact_bytes=10)
    boat = leaver(replace(canal, kernel=replace(canal.kernel, settings=settings)))
    url = boat.begin()
    assert boat.put(url, b"x" * 8, comp="block", blockid=block_id(1)).status_code == 201
    sent = boat.put(url, b"x" * 8, comp="block", blockid=block_id(2))
    assert sent.status_code == 413
    assert "10 bytes" in sent.text
    assert boat.put(url, b"x" * 11).status_code == 413


def test_words_that_are_not_spoken_are_refused(boat):
    url = boat.begin()
    for also in ({"comp": "lease"}, {"comp": "block"}, {"comp": "block", "blockid": "../x"}):
        assert boat.put(url, b"x", **also).status_code == 422
