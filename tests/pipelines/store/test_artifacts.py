"""Rows of artifacts."""

from dataclasses import replace

import pytest

from tests.pipelines.model.test_results import ARTIFACT
from towpath.kernel.errors import NotFound
from towpath.pipelines.store import artifacts, uploads
from towpath.pipelines.store.tables import ARTIFACT as TABLE


@pytest.fixture
def add(kernel):
    def adding(name: str, **more):
        def write(tx):
            number = artifacts.next_number(tx, TABLE)
            made = replace(ARTIFACT, number=number, name=name, upload=uploads.begin(tx).id, **more)
            artifacts.add(tx, made)
            return made

        return kernel.db.write(write)

    return adding


def test_numbers_grow_even_while_the_clock_stands_still(add):
    numbers = [add(name).number for name in "abc"]
    assert numbers == sorted(set(numbers))
    assert numbers[0] < 2**53  # what JavaScript counts exactly


def test_only_what_is_whole_is_listed_and_found(kernel, add):
    add("open")
    whole = [add(name, whole=True) for name in "ab"]
    read = kernel.db.read
    assert [each.name for each in read(lambda tx: artifacts.of_run(tx, "run"))] == ["b", "a"]
    assert read(lambda tx: artifacts.numbered(tx, whole[0].number)) == whole[0]
    assert read(lambda tx: artifacts.by_upload(tx, whole[1].upload)) == whole[1]
    with pytest.raises(NotFound, match="no such artifact"):
        read(lambda tx: artifacts.numbered(tx, 1))


def test_rows_of_what_expired_stay_to_say_so(kernel, add):
    made = add("old", whole=True)
    add("young", whole=True, expires=made.expires + 1_000_000)
    assert kernel.db.write(lambda tx: artifacts.expire(tx, made.expires, 10)) == 1
    found = kernel.db.read(lambda tx: artifacts.of_run(tx, "run"))
    assert {each.name: each.expired for each in found} == {"old": True, "young": False}
    kernel.db.write(lambda tx: artifacts.forget_runs(tx, ["run"]))
    assert kernel.db.read(lambda tx: artifacts.of_run(tx, "run")) == []
