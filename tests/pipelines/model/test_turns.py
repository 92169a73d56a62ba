"""Concurrency groups, against the rule of GitHub told once more in the plainest way."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.model.turns import (
    FULL,
    KNOT,
    MOST_WAITING,
    End,
    Leave,
    Start,
    Ticket,
    settle,
)


class Oracle:
    """GitHub's documentation as it reads: one runs, one waits, a newer one takes its place."""

    def __init__(self):
        self.running, self.waiting, self.gone, self.told_to_end = None, [], set(), set()

    def come(self, name, queue, *, cancels):
        if self.running is None:
            self.running = name
            return
        if queue == "single":
            self.gone |= set(self.waiting)
            self.waiting = [name]
        elif len(self.waiting) == MOST_WAITING:
            self.gone.add(name)
            return
        else:
            self.waiting.append(name)
        if cancels:
            self.told_to_end.add(self.running)

    def end(self):
        self.running = self.waiting.pop(0) if self.waiting else None


class Ours:
    """The rows of one group, settled after each change."""

    def __init__(self):
        self.tickets, self.gone, self.told_to_end = [], set(), set()

    @property
    def running(self):
        return next((each.holder for each in self.tickets if each.holding), None)

    @property
    def waiting(self):
        return [each.holder for each in self.tickets if not each.holding]

    def come(self, name, queue, *, cancels):
        self.tickets.append(Ticket(holder=name, queue=queue, cancels=cancels))
        self._settle()

    def end(self):
        self.tickets = [each for each in self.tickets if not each.holding]
        self._settle()

    def _settle(self):
        for action in settle(self.tickets):
            match action:
                case Start(name):
                    assert self.running is None
                    self.tickets = [
                        replace(each, holding=True) if each.holder == name else each
                        for each in self.tickets
                    ]
                case Leave(name):
                    self.gone.add(name)
                    self.tickets = [each for each in self.tickets if each.holder != name]
                case End(name):
                    self.told_to_end.add(name)
        assert all(isinstance(each, End) for each in settle(self.tickets))


STEPS = st.lists(
    st.one_of(st.just("end"), st.tuples(st.sampled_from(["single", "max"]), st.booleans())),
    max_size=30,
)


@given(STEPS)
def test_every_order_of_comings_and_ends_is_as_github_says(steps):
    oracle, ours = Oracle(), Ours()
    for number, step in enumerate(steps):
        for side in (oracle, ours):
            if step == "end":
                side.end()
            else:
                side.come(str(number), step[0], cancels=step[1] and step[0] == "single")
        assert (ours.running, ours.waiting) == (oracle.running, oracle.waiting)
        assert (ours.gone, ours.told_to_end) == (oracle.gone, oracle.told_to_end)


def test_those_who_all_may_wait_are_not_without_end():
    ours = Ours()
    for number in range(MOST_WAITING + 3):
        ours.come(str(number), "max", cancels=False)
    assert (len(ours.waiting), ours.gone) == (MOST_WAITING, {"101", "102"})
    many = [Ticket(holder=str(n), queue="max") for n in range(MOST_WAITING + 2)]
    assert settle(many)[:2] == [Leave("100", FULL), Leave("101", FULL)]


def test_who_would_wait_for_what_it_is_part_of_never_could_have_its_turn():
    run = Ticket(holder="run", holding=True)
    jobs = [Ticket(holder=name, queue="max", within=frozenset({"run"})) for name in ("a", "b")]
    other = Ticket(holder="other", queue="max")
    told = settle([run, *jobs, other])
    assert told == [Leave("a", KNOT, failed=True), Leave("b", KNOT, failed=True)]
