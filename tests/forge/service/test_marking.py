"""Labels and reactions."""

import pytest

from towpath.forge import service
from towpath.kernel.errors import Denied, InvalidInput, NotFound


@pytest.fixture
def opened(hosted):
    hosted.branch("topic", a="1")
    hosted.sync()
    return hosted.open()


def test_labels_that_are_new_are_made(hosted, opened, listener):
    listener.listen()

    def put(*names):
        done = hosted.kernel.db.write(lambda tx: service.put_labels(tx, hosted.id, 1, names))
        return [one.name for one in done]

    assert put("new", " a  bug ", "NEW") == ["a bug", "NEW"]
    assert put("new", "a bug") == ["a bug", "NEW"]
    assert listener.happened() == [("edited", 1)]
    assert put() == []


def test_nothing_is_labelled_when_one_name_is_wrong(hosted, opened):
    with pytest.raises(InvalidInput):
        hosted.kernel.db.write(lambda tx: service.put_labels(tx, hosted.id, 1, ["ok", "\0"]))
    assert hosted.kernel.db.read(lambda tx: service.labels(tx, hosted.id, (0, 9))) == []


def test_too_many_labels_are_refused(hosted, opened):
    names = [f"label{number}" for number in range(101)]
    with pytest.raises(InvalidInput, match="at most 100"):
        hosted.kernel.db.write(lambda tx: service.put_labels(tx, hosted.id, 1, names))


def test_the_same_reaction_is_given_once_and_taken_back_by_its_giver(hosted):
    db, about = hosted.kernel.db, (hosted.id, "request:1")

    def react(who):
        return db.write(lambda tx: service.react(tx, *about, who, "+1"))

    made, fresh = react("bob")
    assert fresh
    assert react("bob") == (made, False)
    with pytest.raises(Denied):
        db.write(lambda tx: service.unreact(tx, *about, "alice", made.handle))
    db.write(lambda tx: service.unreact(tx, *about, "bob", made.handle))
    with pytest.raises(NotFound):
        db.write(lambda tx: service.unreact(tx, *about, "bob", made.handle))
