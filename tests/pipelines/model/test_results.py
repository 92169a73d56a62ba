"""The rules of what jobs leave behind."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.kernel.clock import SECOND
from towpath.kernel.errors import Denied, InvalidInput, TooLarge
from towpath.pipelines.model import results
from towpath.pipelines.model.results import Artifact, Block, Entry, Upload

NOW = 1_700_000_000 * SECOND
UPLOAD = Upload(id="upload_1", secret="s" * 40, created=NOW)
ARTIFACT = Artifact(
    number=1, repository="r", run="run", job="job_a", attempt=1, name="boat",
    media_type="application/zip", upload="upload_1", created=NOW, expires=NOW,
)  # fmt: skip
MAIN, WORK = "refs/heads/main", "refs/heads/work"


def entry(number: int, key: str, scope: str = MAIN, size: int = 1, used: int = NOW) -> Entry:
    return Entry(
        number=number, repository="r", scope=scope, key=key, version="v", job="j",
        upload=f"upload_{number}", whole=True, size=size, created=NOW, used=used,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["boat", "boat-1.2 (x64)", "Ölfass", "a" * 255, ".hidden"])
def test_plain_names_name_artifacts(name):
    results.check_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "../x", "a:b", 'a"b', "a\nb", "a\0b", "é" * 128]
)
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(InvalidInput, match="cannot name an artifact"):
        results.check_name(name)


@pytest.mark.parametrize(
    ("key", "version"), [("", "v"), ("a,b", "v"), ("a" * 513, "v"), ("a", "")]
)
def test_keys_that_no_client_sends_are_refused(key, version):
    with pytest.raises(InvalidInput):
        results.check_key(key, version)


def test_an_artifact_stays_as_wished_but_never_longer_than_allowed():
    day = 86_400 * SECOND
    assert results.expiry(NOW, None, 30) == NOW + 30 * day
    assert results.expiry(NOW, NOW + day, 30) == NOW + day
    assert results.expiry(NOW, NOW + 90 * day, 30) == NOW + 30 * day
    assert results.expiry(NOW, NOW - day, 30) == NOW


@pytest.mark.parametrize(
    ("there", "job", "attempt", "writes", "replaced"),
    [
        (replace(ARTIFACT, whole=True), "job_b", 1, False, False),
        (replace(ARTIFACT, whole=True), "job_a", 1, False, False),
        (replace(ARTIFACT, whole=True), "job_a", 2, False, True),
        (ARTIFACT, "job_a", 1, True, True),
        (ARTIFACT, "job_b", 1, True, False),
        (ARTIFACT, "job_b", 1, False, True),
    ],
)
def test_what_is_whole_gives_way_only_to_a_later_attempt_of_the_same_job(
    there, job, attempt, writes, replaced
):
    assert results.replaces(there, job, attempt, writes=writes) is replaced


def test_an_address_works_for_its_way_and_its_time_alone():
    until = NOW // SECOND + 60
    proof = results.signature(UPLOAD.secret, "r", until)
    results.check_signature(UPLOAD, "r", str(until), proof, NOW)
    for way, second, shown in (
        ("w", str(until), proof),
        ("r", str(until + 1), proof),
        ("r", "9" * 30, proof),
        ("r", "", proof),
        ("r", str(until), proof[:-1] + ("0" if proof[-1] != "0" else "1")),
        ("r", str(until), ""),
    ):
        with pytest.raises(Denied, match="signature"):
            results.check_signature(UPLOAD, way, second, shown, NOW)
    with pytest.raises(Denied, match="expired"):
        results.check_signature(UPLOAD, "r", str(until), proof, NOW + 61 * SECOND)


def test_blocks_stand_in_the_order_that_their_writer_gives():
    blocks = [Block(upload="u", name=name, digest=name * 64, size=1) for name in "abc"]
    assert [each.name for each in results.listed(blocks, ["c", "a", "c"])] == ["c", "a", "c"]
    with pytest.raises(InvalidInput, match="never came"):
        results.listed(blocks, ["a", "d"])


def test_an_upload_may_not_grow_without_end():
    results.check_growth(10, results.MOST_BLOCKS, 10)
    with pytest.raises(TooLarge, match="10 bytes"):
        results.check_growth(11, 1, 10)
    with pytest.raises(TooLarge, match="blocks"):
        results.check_growth(1, results.MOST_BLOCKS + 1, 10)


def test_what_a_fork_writes_stands_apart_and_no_ref_can_pretend_to_be_it():
    assert results.scope_of(MAIN, {}) == MAIN
    assert results.scope_of(MAIN, None) == MAIN
    assert results.scope_of(MAIN, {"fork": True}) == f"fork:{MAIN}"
    long = results.scope_of("refs/heads/" + "x" * 400, {})
    assert len(long) < 100
    assert long != results.scope_of("refs/heads/" + "x" * 401, {})


def test_a_run_reads_its_own_ref_its_base_and_the_default_branch():
    assert results.readable(WORK, "next", "main") == (WORK, "refs/heads/next", MAIN)
    assert results.readable(MAIN, "", "main") == (MAIN,)
    assert results.readable("fork:x", "main", "main") == ("fork:x", MAIN)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["npm-1"], 1),
        (["npm-"], 3),
        (["yarn-9", "yarn-"], 4),
        (["cargo-1", "npm-2", "npm-"], 2),
        (["cargo-"], None),
        (["shared"], 6),
    ],
)
def test_the_first_key_that_has_any_answers_with_its_newest(keys, expected):
    kept = [
        entry(1, "npm-1", WORK), entry(2, "npm-2", WORK), entry(3, "npm-3", WORK),
        entry(4, "yarn-1"), entry(5, "npm-9"), entry(6, "shared", WORK), entry(7, "shared"),
    ]  # fmt: skip
    found = results.answer(kept, (WORK, MAIN), keys)
    assert (found.number if found else None) == expected


def test_an_exact_key_goes_before_a_newer_beginning():
    kept = [entry(1, "npm"), entry(2, "npm-2")]
    assert results.answer(kept, (MAIN,), ["npm"]).number == 1


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), max_size=20), st.integers(0, 300)
)
def test_what_was_used_longest_ago_goes_and_no_more_than_must(sizes, room):
    kept = [entry(n, str(n), size=size, used=used) for n, (size, used) in enumerate(sizes)]
    gone = results.surplus(kept, room)
    left = [each for each in kept if each not in gone]
    assert sum(each.size for each in left) <= room
    if gone:
        assert sum(each.size for each in left) + gone[-1].size > room
        assert max(each.used for each in gone) <= min((each.used for each in left), default=99)
