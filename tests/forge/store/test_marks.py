"""Rows of labels and reactions, on both stores."""

import pytest

from towpath.forge.model.marks import Reaction, label
from towpath.forge.store import marks
from towpath.kernel.errors import Conflict, NotFound

BUG = label("label_1", "Bug", "ff0000", "broken")
NEW = label("label_2", "new", None, None)


@pytest.fixture
def labelled(db):
    for one in (NEW, BUG):
        db.write(lambda tx, one=one: marks.add_label(tx, "repo_1", one))
    return db


def test_labels_come_back_by_name_in_any_case(labelled):
    assert labelled.read(lambda tx: marks.labels(tx, "repo_1", (0, 9))) == [BUG, NEW]
    assert labelled.read(lambda tx: marks.labels(tx, "repo_1", (1, 1))) == [NEW]
    assert labelled.read(lambda tx: marks.label(tx, "repo_1", "BUG")) == BUG
    assert labelled.read(lambda tx: marks.count_labels(tx, "repo_1")) == 2
    with pytest.raises(NotFound):
        labelled.read(lambda tx: marks.label(tx, "repo_2", "bug"))


def test_a_name_is_given_once(labelled):
    again = label("label_3", "BUG", None, None)
    with pytest.raises(Conflict):
        labelled.write(lambda tx: marks.add_label(tx, "repo_1", again))
    renamed = label("label_2", "bug", None, None)
    with pytest.raises(Conflict):
        labelled.write(lambda tx: marks.change_label(tx, "repo_1", NEW, renamed))


def test_requests_carry_labels_until_they_are_deleted(labelled):
    labelled.write(lambda tx: marks.put_labels(tx, "repo_1", 1, [BUG, NEW, BUG]))
    labelled.write(lambda tx: marks.put_labels(tx, "repo_1", 2, [NEW]))

    def carried():
        return labelled.read(lambda tx: marks.labels_of(tx, "repo_1", [1, 2, 3]))

    assert carried() == {1: [BUG, NEW], 2: [NEW], 3: []}
    labelled.write(lambda tx: marks.delete_label(tx, "repo_1", NEW))
    assert carried() == {1: [BUG], 2: [], 3: []}


def test_reactions_are_listed_in_order_and_deleted(db):
    made = [
        Reaction(id=f"r{n}", author="bob", content=c, at=n) for n, c in enumerate(("+1", "-1"))
    ]
    for one in made[::-1]:
        db.write(lambda tx, one=one: marks.add_reaction(tx, "repo_1", "request:1", one))
    assert db.read(lambda tx: marks.reactions(tx, "repo_1", "request:1")) == made
    db.write(lambda tx: marks.delete_reaction(tx, "r0"))
    assert db.read(lambda tx: marks.reactions(tx, "repo_1", "request:1")) == made[1:]
    db.write(lambda tx: marks.delete_reactions(tx, "repo_1", "request:1"))
    assert db.read(lambda tx: marks.reactions(tx, "repo_1", "request:1")) == []
