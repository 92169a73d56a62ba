from dataclasses import dataclass

import pytest
from sqlalchemy import text

from towpath.kernel import outbox
from towpath.kernel.clock import after
from towpath.kernel.db.interface import Sql
from towpath.kernel.errors import PermanentError
from towpath.kernel.outbox import Reaction, fact
from towpath.kernel.work import service as work
from towpath.kernel.work.worker import Worker


@dataclass(frozen=True)
class Cup:
    size: int


@fact("test.boiled", version=1, subject="kettle")
@dataclass(frozen=True)
class Boiled:
    kettle: str
    degrees: int
    cups: tuple[Cup, ...] = ()


@fact("test.cooled", version=1, subject="kettle")
@dataclass(frozen=True)
class Cooled:
    kettle: str


class House:
    """Consumers that write down what they get, and a worker that brings it."""

    def __init__(self, db, **consumers):
        self.db = db
        self.seen = []
        self.broken = set()
        self.reactions = [
            Reaction(f"{name}.react", kind, self._note(name)) for name, kind in consumers.items()
        ]
        db.write(lambda tx: outbox.subscribe(tx, self.reactions))
        self.worker = Worker(db, outbox.handlers(self.reactions))

    def _note(self, name):
        def react(tx, delivered):
            if (name, delivered.fact.kettle) in self.broken:
                raise PermanentError("broken cup")
            self.seen.append((name, delivered))

        return react

    def announce(self, *facts):
        for each in facts:
            self.db.write(lambda tx, each=each: outbox.announce(tx, each))

    def deliver(self):
        self.seen.clear()
        self.worker.run_until_idle()
        return [(name, delivered.fact) for name, delivered in self.seen]


@pytest.fixture
def house(db):
    return House(db, tea=Boiled, log=Boiled, cat=Cooled)


def test_a_fact_reaches_each_consumer_of_its_class_once(house):
    boiled = Boiled("blue", 100, (Cup(2), Cup(3)))
    house.announce(boiled)
    assert sorted(house.deliver(), key=str) == [("log", boiled), ("tea", boiled)]
    assert house.deliver() == []


def test_a_delivery_carries_the_id_and_the_moment_of_the_fact(house, clock):
    said = clock.now()
    fact_id = house.db.write(lambda tx: outbox.announce(tx, Cooled("blue")))
    clock.advance(5)
    house.deliver()
    [(_, delivered)] = house.seen
    assert (delivered.id, delivered.at) == (fact_id, said)


def test_a_fact_of_a_transaction_that_fails_is_not_announced(house):
    def fail(tx):
        outbox.announce(tx, Cooled("blue"))
        raise KeyError

    with pytest.raises(KeyError):
        house.db.write(fail)
    assert house.deliver() == []


def test_facts_about_one_subject_arrive_in_the_order_announced(house):
    house.announce(*(Boiled("blue", degrees) for degrees in range(10)))
    got = [fact.degrees for name, fact in house.deliver() if name == "tea"]
    assert got == list(range(10))


def test_a_poison_fact_is_parked_and_holds_back_its_subject_for_its_consumer_alone(house):
    house.broken = {("tea", "blue")}
    house.announce(Boiled("blue", 1), Boiled("blue", 2), Boiled("red", 3))
    got = sorted((name, fact.degrees) for name, fact in house.deliver())
    assert got == [("log", 1), ("log", 2), ("log", 3), ("tea", 3)]
    [parked] = house.db.read(work.parked)
    assert (parked.kind, parked.order) == ("fact:tea.react", "tea.react/blue")
    assert "broken cup" in parked.error
    house.broken = set()
    house.db.write(lambda tx: work.retry(tx, parked.id))
    assert [(name, fact.degrees) for name, fact in house.deliver()] == [("tea", 1), ("tea", 2)]


def test_a_reaction_and_the_end_of_its_delivery_are_one_transaction(db):
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT)")))
    note = Sql("INSERT INTO note (body) VALUES (:body)")
    attempts = []

    def react(tx, delivered):
        attempts.append(1)
        tx.direct(note, {"body": delivered.fact.kettle})
        if len(attempts) == 1:
            raise ValueError("after the effect")

    reactions = [Reaction("tea.react", Cooled, react)]
    db.write(lambda tx: outbox.subscribe(tx, reactions))
    worker = Worker(db, outbox.handlers(reactions))
    db.write(lambda tx: outbox.announce(tx, Cooled("blue")))
    worker.run_until_idle()
    db.write(lambda tx: tx.execute(text("UPDATE work_item SET ready = due")))
    worker.run_until_idle()
    bodies = db.read(lambda tx: tx.execute(text("SELECT body FROM note")).scalars().all())
    assert (len(attempts), bodies) == (2, ["blue"])


def test_a_consumer_gets_what_is_announced_from_its_subscription_on(db):
    House(db).announce(Cooled("before"))
    house = House(db, cat=Cooled)
    house.announce(Cooled("after"))
    assert house.deliver() == [("cat", Cooled("after"))]


def test_a_consumer_that_is_gone_gets_no_more_deliveries(db):
    House(db, cat=Cooled)
    house = House(db, tea=Boiled)
    house.announce(Cooled("blue"))
    assert db.read(work.lag) == []


def test_a_consumer_may_change_what_it_reacts_to(db):
    House(db, cat=Cooled)
    house = House(db, cat=Boiled)
    house.announce(Cooled("blue"), Boiled("blue", 1))
    assert house.deliver() == [("cat", Boiled("blue", 1))]


def test_two_consumers_of_one_name_are_a_mistake(db):
    twice = [Reaction("tea.react", Boiled, lambda tx, delivered: None)] * 2
    with pytest.raises(ValueError, match="same consumer name"):
        db.write(lambda tx: outbox.subscribe(tx, twice))


def test_a_fact_newer_than_its_class_here_waits_for_a_newer_process(house):
    @fact("test.cooled", version=2, subject="kettle")
    @dataclass(frozen=True)
    class CooledMore:
        kettle: str
        degrees: int

    house.announce(CooledMore("blue", 3))
    assert house.deliver() == []
    [lag] = house.db.read(work.lag)
    assert (lag.kind, lag.waiting) == ("fact:cat.react", 1)


def test_a_fact_that_does_not_read_is_parked(house):
    house.announce(Cooled("blue"))
    house.db.write(lambda tx: tx.execute(text("UPDATE outbox_fact SET body = '{}'")))
    assert house.deliver() == []
    [parked] = house.db.read(work.parked)
    assert "does not read as a Cooled" in parked.error


def test_old_facts_are_forgotten_once_every_consumer_has_handled_them(house, clock):
    house.broken = {("tea", "red")}
    house.announce(Boiled("blue", 1), Boiled("red", 2))
    house.deliver()
    house.announce(Boiled("green", 3))
    clock.advance(100)
    house.announce(Boiled("blue", 4))
    place = house.db.write(lambda tx: outbox.prune(tx, after(tx.now, -50)))
    assert house.db.write(lambda tx: outbox.prune(tx, after(tx.now, -50), place)) is None
    subjects = text("SELECT subject FROM outbox_fact")
    left = house.db.read(lambda tx: tx.execute(subjects).scalars().all())
    assert sorted(left) == ["blue", "green", "red"]


def test_a_fact_whose_row_is_gone_is_parked_not_lost_silently(house):
    house.announce(Cooled("blue"))
    house.db.write(lambda tx: tx.execute(text("DELETE FROM outbox_fact")))
    house.deliver()
    [parked] = house.db.read(work.parked)
    assert "is gone" in parked.error
