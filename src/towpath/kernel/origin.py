"""Who causes what happens now, and from where: set where a call comes in, read where it is kept.

A web request is taken apart in several threads, and on SQLite the transaction runs in yet another
one. So the layer around a request puts one holder into the context, which every thread that works
for it inherits; whoever recognises the caller writes into that holder; and a transaction is given
the origin when it is asked for, not when it runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The default is the system itself, which acts for nobody: a timer, a start, a migration.

    `proof` is what the caller showed: session, token, system, or none; `proof_id` names it without
    opening anything: a token's id, the begin of a session's hash, the kind of work.
    """

    id: str = ""
    login: str = "towpath"
    proof: str = "system"
    proof_id: str = ""
    address: str = ""
    agent: str = ""
    request: str = ""


class _Holder:
    def __init__(self, origin: Origin) -> None:
        self.origin = origin


_SYSTEM = Origin()
_holder: ContextVar[_Holder | None] = ContextVar("towpath_origin", default=None)


def current() -> Origin:
    held = _holder.get()
    return _SYSTEM if held is None else held.origin


@contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """Let everything inside, in this thread and those that inherit its context, be caused so."""
    before = _holder.set(_Holder(origin))
    try:
        yield
    finally:
        _holder.reset(before)


def stranger(address: str, agent: str, request: str) -> Origin:
    """Somebody on the network who has not shown who they are."""
    return Origin(login="", proof="none", address=address, agent=agent, request=request)


def system(kind: str) -> Origin:
    """A piece of work of ours."""
    return Origin(proof_id=kind)


def identify(id: str, login: str, proof: str, proof_id: str) -> None:
    """Note who the caller of this request turned out to be; outside of one it does nothing."""
    held = _holder.get()
    if held is not None:
        held.origin = replace(held.origin, id=id, login=login, proof=proof, proof_id=proof_id)
