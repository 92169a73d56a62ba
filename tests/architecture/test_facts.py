"""A fact crosses from one part to another, or it is not announced."""

from dataclasses import dataclass

from scripts.reference import all_facts
from towpath.kernel.outbox import Reaction, fact, fact_type


def without_foreign_consumer(facts: list[type], reactions: list[Reaction]) -> list[str]:
    """Name each fact that no other part than its own reacts to."""
    heard = {
        fact_type(each.fact).name
        for each in reactions
        if each.consumer.split(".")[0] != fact_type(each.fact).name.split(".")[0]
    }
    return [name for kind in facts if (name := fact_type(kind).name) not in heard]


def test_every_fact_has_a_consumer_in_another_part(reactions):
    assert without_foreign_consumer(all_facts(), reactions) == []


def test_a_planted_fact_that_nobody_else_hears_is_found():
    @fact("forge.sneezed", version=1, subject="repository")
    @dataclass(frozen=True)
    class Sneezed:
        repository: str

    own = Reaction("forge.bless", Sneezed, lambda _tx, _delivered: None)
    other = Reaction("gate.bless", Sneezed, lambda _tx, _delivered: None)
    assert without_foreign_consumer([Sneezed], [own]) == ["forge.sneezed"]
    assert without_foreign_consumer([Sneezed], [own, other]) == []
