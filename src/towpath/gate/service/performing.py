"""Effects in git. Each may be repeated, and one that comes too late does nothing."""

from dataclasses import replace

from towpath.forge import service as forge
from towpath.gate.model import apply
from towpath.gate.model import queue as nouns
from towpath.gate.model.apply import Result, Sight
from towpath.gate.model.queue import Effect, Sha
from towpath.gate.model.words import printable
from towpath.gate.service.seeing import REFS
from towpath.gate.store import Place
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.errors import Stale, TowpathError


def perform(kernel: Kernel, place: Place, sight: Sight, effect: Effect) -> Result | None:
    """Have one effect in git; each may be repeated, and one that comes too late does nothing."""
    match effect:
        case nouns.Land():
            _move(kernel, place, f"refs/heads/{place.branch}", effect.base, effect.sha)
            return None
        case nouns.DropRef():
            _move(kernel, place, f"{REFS}{effect.number}", effect.sha, None)
            return None
        case nouns.Probe():
            return Result(effect, _merge(kernel, place, effect, effect.onto))
        case nouns.MakeCandidate():
            return _make(kernel, place, sight, effect)


def _move(kernel: Kernel, place: Place, ref: str, old: Sha | None, new: Sha | None) -> bool:
    """Move one ref by lease; False when it is elsewhere, which the next look will tell."""
    try:
        forge.update_refs(kernel, place.repository, [forge.RefUpdate(ref, old, new)])
    except Stale:
        return False
    return True


def _make(
    kernel: Kernel, place: Place, sight: Sight, effect: nouns.MakeCandidate
) -> Result | None:
    outcome = _merge(kernel, place, effect, effect.onto)
    if isinstance(outcome, apply.Conflicted):
        outcome = replace(outcome, by=_guilty(kernel, place, effect))
    if not isinstance(outcome, apply.Merged):
        return Result(effect, outcome)
    ref, old = f"{REFS}{effect.number}", sight.refs.get(effect.number)
    moved = old == outcome.sha or _move(kernel, place, ref, old, outcome.sha)
    return Result(effect, outcome) if moved else None


def _guilty(kernel: Kernel, place: Place, effect: nouns.MakeCandidate) -> int | None:
    """The first link of the chain that the head conflicts with; None is the tip itself."""
    for number, link in effect.ahead[:-1]:
        if isinstance(_merge(kernel, place, effect, link), apply.Conflicted):
            return number
    return effect.ahead[-1][0]


def _merge(kernel: Kernel, place: Place, effect: nouns.Merge, onto: Sha) -> apply.Outcome:
    message, at = "Only to see whether it merges", Micros(0)
    if isinstance(effect, nouns.MakeCandidate):
        message, at = effect.message, effect.at
    try:
        made = forge.merge(kernel, place.repository, onto, effect.head, message, at)
    except TowpathError as error:
        _require_health(kernel, place, onto, error)
        return apply.Troubled(why=printable(error.detail))
    if isinstance(made, forge.Merged):
        return apply.Merged(sha=made.sha)
    return apply.Conflicted(files=tuple(map(printable, made.files)))


def _require_health(kernel: Kernel, place: Place, onto: Sha, error: TowpathError) -> None:
    """Raise `error` unless git can merge something simple: then the request is not to blame."""
    try:
        forge.merge(kernel, place.repository, onto, onto, "Is git well?", kernel.clock.now())
    except TowpathError:
        raise error from None
